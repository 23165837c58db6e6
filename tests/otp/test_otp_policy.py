"""The supervisor's decisions, and the whole supervisor against them as a model."""

from collections.abc import Sequence

import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from mydia.otp import AutoShutdown, GaveUp, Restart, Strategy, Supervisor
from mydia.otp.policy import Exit, RestartWindow, brought_back, classify, flatten, share_fate, shuts_down
from tests.otp.otp_stage import Player, running


@given(
    gaps=st.lists(st.floats(0, 10, allow_nan=False), max_size=60),
    max_restarts=st.integers(0, 6),
    max_seconds=st.floats(0.1, 20),
)
def test_the_window_bears_as_many_restarts_as_fit_it_however_they_are_spaced(
    gaps: list[float], max_restarts: int, max_seconds: float
) -> None:
    """OTP row 29, as a law: allowed is what counts at most max_restarts in the window that ends now."""
    window, stamps, now = RestartWindow(), list[float](), 0.0
    for gap in gaps:
        now += gap
        stamps.append(now)
        within = sum(stamp >= now - max_seconds for stamp in stamps)
        assert window.allows(now, max_restarts, max_seconds) == (within <= max_restarts)


def test_a_group_counts_by_what_is_in_it() -> None:
    crash, gave_up = ValueError("a"), GaveUp("b")
    assert classify(None) is Exit.NORMAL
    assert classify(gave_up) is Exit.SHUTDOWN
    assert classify(ExceptionGroup("", [ExceptionGroup("", [gave_up])])) is Exit.SHUTDOWN
    assert classify(ExceptionGroup("", [gave_up, crash])) is Exit.CRASH
    assert list(flatten(ExceptionGroup("", [crash, ExceptionGroup("", [gave_up])]))) == [crash, gave_up]


def test_who_shares_the_fate_of_whom() -> None:
    assert share_fate(Strategy.ONE_FOR_ONE, "abc", "b") == ["b"]
    assert share_fate(Strategy.ONE_FOR_ALL, "abc", "b") == "abc"
    assert share_fate(Strategy.REST_FOR_ONE, "abc", "b") == "bc"


def test_when_a_supervisor_shuts_itself_down() -> None:
    """OTP rows 37 and 38."""
    assert not shuts_down(AutoShutdown.NEVER, significant=True, significant_left=0)
    assert shuts_down(AutoShutdown.ANY_SIGNIFICANT, significant=True, significant_left=3)
    assert not shuts_down(AutoShutdown.ANY_SIGNIFICANT, significant=False, significant_left=0)
    assert not shuts_down(AutoShutdown.ALL_SIGNIFICANT, significant=True, significant_left=1)
    assert shuts_down(AutoShutdown.ALL_SIGNIFICANT, significant=True, significant_left=0)


HAPPENINGS = st.tuples(st.sampled_from(["crash", "finish", "stop", "restart"]), st.integers(0, 4))


class Model:
    """What should be alive, by the rules alone: generation by child, None where it is not listed any more."""

    def __init__(self, strategy: Strategy, restarts: Sequence[Restart]) -> None:
        self.strategy = strategy
        self.restarts = restarts
        self.alive = dict.fromkeys(range(len(restarts)), True)
        self.generation = [1] * len(restarts)

    def ended(self, n: int, how: Exit) -> None:
        self.alive[n] = False
        if brought_back(self.restarts[n], how):
            fellows = share_fate(self.strategy, list(self.alive), n)
            for fellow in fellows:
                if self.alive[fellow] and self.restarts[fellow] is Restart.TEMPORARY:
                    del self.alive[fellow]
            for fellow in fellows:
                if fellow in self.alive:
                    self.started(fellow)
        elif self.restarts[n] is Restart.TEMPORARY:
            del self.alive[n]

    def started(self, n: int) -> None:
        self.alive[n] = True
        self.generation[n] += 1


@settings(max_examples=150, deadline=None)
@given(
    strategy=st.sampled_from(Strategy),
    restarts=st.lists(st.sampled_from(Restart), min_size=1, max_size=5),
    story=st.lists(HAPPENINGS, max_size=12),
)
def test_whatever_happens_each_child_lives_once_or_not_at_all_as_the_rules_say(
    strategy: Strategy, restarts: list[Restart], story: list[tuple[str, int]]
) -> None:
    """OTP rows 19 to 26 in random combination."""

    async def main() -> None:
        cast = [Player(str(n), restart=restart) for n, restart in enumerate(restarts)]
        model = Model(strategy, restarts)
        supervisor = Supervisor("root", strategy=strategy, max_restarts=10**6, children=[p.spec for p in cast])
        async with running(supervisor) as run:
            for happening, which in story:
                n = which % len(cast)
                if n not in model.alive:
                    continue
                if happening in ("crash", "finish") and model.alive[n]:
                    await (cast[n].crash() if happening == "crash" else cast[n].finish())
                    model.ended(n, Exit.CRASH if happening == "crash" else Exit.NORMAL)
                elif happening == "stop":
                    await supervisor.stop_child(str(n))
                    model.alive[n] = False
                    if restarts[n] is Restart.TEMPORARY:
                        del model.alive[n]
                elif happening == "restart" and not model.alive[n]:
                    await supervisor.restart_child(str(n))
                    model.started(n)
                states = {child: state == "running" for child, state in run.states().items()}
                assert states == {str(n): alive for n, alive in model.alive.items()}
                assert [p.alive for p in cast] == [int(model.alive.get(n, False)) for n in range(len(cast))]
                assert [p.generation for p in cast] == model.generation
        assert run.error is None
        assert [p.alive for p in cast] == [0] * len(cast)

    trio.run(main, clock=MockClock(autojump_threshold=0))


@settings(max_examples=80, deadline=None)
@given(
    strategy=st.sampled_from(Strategy),
    fails=st.lists(st.integers(0, 3), min_size=2, max_size=5),
    dead=st.integers(0, 4),
)
def test_however_often_starts_fail_in_a_restart_all_live_once_in_the_end(
    strategy: Strategy, fails: list[int], dead: int
) -> None:
    """OTP rows 28 and 30."""

    async def main() -> None:
        cast = [Player(str(n)) for n in range(len(fails))]
        supervisor = Supervisor("root", strategy=strategy, max_restarts=10**6, children=[p.spec for p in cast])
        async with running(supervisor) as run:
            dies = cast[dead % len(cast)]
            fellows = share_fate(strategy, cast, dies)
            for player, times in zip(cast, fails, strict=True):
                player.fails = times if player in fellows else 0
            await dies.crash()
            assert [p.alive for p in cast] == [1] * len(cast)
            assert set(run.states().values()) == {"running"}
            assert all(p.generation == 1 for p in cast if p not in fellows)

    trio.run(main, clock=MockClock(autojump_threshold=0))
