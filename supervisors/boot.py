"""From a configuration to a running house, and from a signal to an orderly end."""

import gc
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import trio
from loguru import logger

from mydia import logs
from mydia.choosing import changes as choosing
from mydia.databases import engine_of
from mydia.errors import Invalid
from mydia.house import House, Mail
from mydia.library import changes as library
from mydia.otp import Bus, GaveUp, StartFailed, Supervisor
from mydia.otp.policy import flatten
from mydia.settings.load import Loaded, load_config
from mydia.settings.model import Config, secrets
from mydia.settings.secret import secret_key
from mydia.store.place import make_folder
from mydia.store.transaction import Transaction
from supervisors import Seed, tree
from supervisors.lives import lives
from supervisors.parts import Parts
from web.server import listen_on

SWITCH_SECONDS = 0.0005
"""How long a thread that computes may keep the loop waiting. By Python's own 5 ms, a timer of the loop beside a thread that reads release
names comes 5.4 ms late (median), by this one 0.8 ms; the thread's own work takes as long as before."""
COLLECT = (1_000, 20, 100)
"""When the collector looks at young, older and all objects. It holds up the loop: 20,000 young objects take up to 18 ms, a thousand 0.6."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place where the clock is read


def serve(file: Path | None, env: Mapping[str, str]) -> int:
    """Run the daemon until SIGTERM or SIGINT: the exit code. Raises Invalid for a configuration that can't be used."""
    loaded = load_config(file, env)
    logs.configure(loaded.config.logging.level, loaded.config.logging.json_lines)
    logs.know_secrets(secrets(loaded.config))
    return trio.run(run, loaded)


async def run(
    loaded: Loaded,
    *,
    ready: trio.Event | None = None,
    hand_out: list[tuple[House, Supervisor]] | None = None,
    more_seeds: Sequence[Seed] = (),
    patience: int = 1,
) -> int:
    """The daemon's life. `ready` is set when everything has started; `hand_out` receives the house and its tree (for the demo)."""
    sys.setswitchinterval(SWITCH_SECONDS)
    house, root = await build(loaded, more_seeds, patience)
    # What was imported lives as long as the process: a search of all of it for garbage took the loop 80 ms, in the middle of a scan.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)
    if hand_out is not None:
        hand_out.append((house, root))
    try:
        # The receiver outlasts the nursery: whoever listens to it must have ended before it closes.
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async with trio.open_nursery() as nursery:

                async def live(*, task_status: trio.TaskStatus[None]) -> None:
                    await lives(house, root, task_status=task_status)
                    nursery.cancel_scope.cancel()

                nursery.start_soon(_stop_on_signal, signals, house, nursery.cancel_scope)
                await nursery.start(live)
                logger.info("Mydia is ready at http://localhost:{}", house.config.server.port)
                if ready is not None:
                    ready.set()
                await trio.sleep_forever()
    except* (StartFailed, GaveUp) as group:
        causes = [cause_of(error) for error in flatten(group)]
        logger.critical("Mydia stops: {}", "; ".join(causes))
    else:
        logger.info("Mydia has stopped")
        return 0
    return 1


async def build(loaded: Loaded, more_seeds: Sequence[Seed] = (), patience: int = 1) -> tuple[House, Supervisor]:
    """The house and its tree, not yet started. Folders that are missing are made here, so that a fresh clone runs."""
    config = loaded.config
    for probe in listen_on(config.server.host, config.server.port):
        probe.close()  # a port in use is found before anything is started that would have to be stopped again
    await trio.to_thread.run_sync(make_folders, config)
    secret = await trio.to_thread.run_sync(secret_key, config)
    house = House(engine_of(config), Mail(), Bus(), config, SystemClock(), secret, loaded)
    return house, tree(house, Parts(), (*more_seeds, *seeds(config)), patience=patience)


def make_folders(config: Config) -> None:
    """The data folder, for us alone, and the library folders. Refused (Invalid) when one can't be made."""
    for folder, mode in [(config.data_dir, 0o700), (config.download_dir, 0o755)] + [
        (p.path, 0o755) for p in config.media.library_paths
    ]:
        try:
            make_folder(folder, mode)
        except OSError as error:
            # A library folder may be a mount that is not there yet: the house starts, and shows it as unavailable.
            if folder in (config.data_dir, config.download_dir):
                raise Invalid(
                    f"The folder {folder} can't be made ({error.strerror}). Let Mydia's user write there, or choose another."
                ) from error
            logger.warning("library folder {} can't be made: {}", folder, error.strerror)


def seeds(config: Config) -> Sequence[Seed]:
    """What every start makes sure of, each a change that does nothing the second time."""

    def roots(tx: Transaction) -> None:
        library.ensure_roots(tx, [(str(p.path.absolute()), p.type) for p in config.media.library_paths])
        if config.library.scan_on_start:
            library.request_scan(tx)

    return (choosing.seed_defaults, roots)


async def _stop_on_signal(signals: object, house: House, scope: trio.CancelScope) -> None:
    """Cancelled, the tree stops in order, and has no further life."""
    async for number in signals:  # type: ignore[attr-defined]  # trio gives an async iterator without a public name
        logger.info("{}: stopping", signal.Signals(number).name)
        house.close()
        scope.cancel()


def cause_of(error: BaseException) -> str:
    """What lies at the bottom of a failed start, in one line for a person."""
    cause: BaseException | None = error
    while cause is not None:
        error = next(flatten(cause))
        cause = error.__cause__ if isinstance(error, StartFailed | GaveUp) else None
    return str(error) or type(error).__name__
