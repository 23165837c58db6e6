"""What a supervisor knows of a child: its spec, its present life, and what has become of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from .actors import Actor
from .life import Life
from .spec import ChildInfo, ChildSpec, State


@dataclass(eq=False)
class Child:
    """A listed child. Between two lives `life` is None, and `state` says why. `dynamic`: added by start_child()."""

    spec: ChildSpec
    dynamic: bool = False
    state: State = "stopped"
    life: Life | None = None
    restarts: int = 0
    last_error: str | None = None

    def inside(self) -> object:
        """The living actor or supervisor, if it is one and alive."""
        return self.spec.inside() if self.spec.inside and self.life else None

    def vacate(self) -> None:
        """Tell who asks it that nobody will answer."""
        if self.spec.mailbox is not None:
            self.spec.mailbox.vacate()

    def info(self, parent: str, children: Iterable[ChildInfo]) -> ChildInfo:
        """What children() shows of it, below the path `parent`."""
        spec, inside = self.spec, self.inside()
        return ChildInfo(
            path=f"{parent}/{spec.id}",
            id=spec.id,
            kind=inside.kind if isinstance(inside, Actor) else spec.kind,
            state=self.state,
            restart=spec.restart,
            restarts=self.restarts,
            started_at=self.life.since if self.life else None,
            last_error=self.last_error,
            depth=spec.mailbox.depth if spec.mailbox else None,
            capacity=spec.mailbox.capacity if spec.mailbox else None,
            os_pid=inside.os_pid if isinstance(inside, Actor) else None,
            children=tuple(children),
        )
