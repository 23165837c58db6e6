"""What each indexer may still be asked today: its tokens of a day (UTC), less what it was asked since midnight."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta

from mydia.core.wanted import Budget
from mydia.downloads.model import Spent
from mydia.settings.model import Config


def day_of(now: datetime) -> str:
    """The day by which tokens are counted."""
    return now.astimezone(UTC).date().isoformat()


def until_tomorrow(now: datetime) -> float:
    """Seconds until there are new ones."""
    tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    return (tomorrow - now).total_seconds()


def limits(config: Config, names: Iterable[str] | None = None) -> dict[str, int]:
    """Indexer -> questions of a day, 0 for any number; of these indexers, or of all that are in use."""
    told = {i.label: i.searches_per_day for i in config.downloads.indexers if i.enabled}
    return told if names is None else {name: told.get(name, 0) for name in names}


def budgets(limits: Mapping[str, int], spent: Mapping[str, Spent]) -> list[Budget]:
    """What each has left."""
    return [
        Budget(name, max(limit - spent.get(name, Spent()).total, 0) if limit else None)
        for name, limit in limits.items()
    ]


def used_up(limit: int) -> str:
    return f"its {limit} searches of today are used"
