"""What stays wrong until it is solved, and needs a person: kept as facts of the house, shown on every dashboard meanwhile."""

from dataclasses import dataclass

from mydia.events import HealthChanged
from mydia.settings.changes import put_setting
from mydia.settings.queries import get_setting
from mydia.store.engine import Connection, from_json, quick
from mydia.store.transaction import Transaction

_ALERT = "alert:"


@dataclass(frozen=True, slots=True)
class Alert:
    """`part` is what it is about, `since` when it was first seen so."""

    part: str
    message: str
    since: str


def set_alert(tx: Transaction, part: str, message: str) -> None:
    """Something is wrong with this part; said out loud when that is news."""
    known = get_setting(tx, _ALERT + part)
    if known is None or known["message"] != message:
        since = tx.now if known is None else known["since"]
        put_setting(tx, _ALERT + part, {"message": message, "since": since})
        tx.emit(HealthChanged(part=part, ok=False, message=message))


def clear_alert(tx: Transaction, part: str, message: str) -> None:
    """The part is well; said out loud when it was not."""
    if get_setting(tx, _ALERT + part) is not None:
        put_setting(tx, _ALERT + part, None)
        tx.emit(HealthChanged(part=part, ok=True, message=message))


@quick
def alerts(conn: Connection) -> tuple[Alert, ...]:
    """What is wrong now, by part."""
    sql = "select key, value from settings where key >= :low and key < :high order by key"
    rows = conn.all(sql, low=_ALERT, high=_ALERT[:-1] + ";")  # ';' follows ':'
    return tuple(Alert(part=row["key"].removeprefix(_ALERT), **from_json(row["value"])) for row in rows)
