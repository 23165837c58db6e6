"""What is outside and configured, and asking one of them by hand, for the page and the API alike."""

from dataclasses import dataclass

from mydia.adapters.checking import FAMILIES, Service, check, services
from mydia.downloads.changes import provider_ok
from mydia.errors import Invalid, MydiaError, NotFound
from mydia.house import House
from mydia.otp import NoAnswer
from mydia.store.transaction import to_text
from web.policy import Visit


@dataclass(frozen=True, slots=True)
class Outcome:
    """`message` is what it said for itself, or why it said nothing and what to do."""

    ok: bool
    message: str


def configured(house: House) -> tuple[Service, ...]:
    return services(house.config, house.mail["torrent_engine"])


async def tried(visit: Visit, family: str, name: str) -> Outcome:
    """Ask it now. One that answers counts as working again at once; a test that fails holds nothing up. Raises NotFound, Invalid."""
    named = next((f for f in FAMILIES if f == family), None)
    if named is None:
        raise Invalid(f"There are services of the kinds {', '.join(FAMILIES)}, not {family!r}.", field="family")
    house = visit.house
    try:
        said = await check(house.config, house.mail["torrent_engine"], Service(named, name), to_text(house.clock.now()))
    except NotFound:
        raise
    except (MydiaError, NoAnswer) as no:
        why = str(no) or "it is being restarted; try again"
        return Outcome(False, why if why.startswith(name) else f"{name}: {why}")
    await visit.write(provider_ok, named, name)
    return Outcome(True, f"{name}: {said}.")
