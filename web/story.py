"""Events as sentences: what a history shows, and which happenings are worth a notice while somebody looks. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mydia.store.names import from_text, readable
from web.views import ROOT, Tone, plural, size


class Story(NamedTuple):
    """`what` in a few words, `detail` the name or path it is about, `why` the reason where there is one."""

    what: str
    detail: str
    why: str
    tone: Tone
    icon: str


def tell(type_: str, data: Mapping[str, Any]) -> Story:
    """The story of one event, by its type and its own fields. A type that this version does not know is told by its name."""
    teller = _TELLERS.get(type_)
    return teller(data) if teller else Story(type_, "", "", "quiet", "dot")


def by(actor: str) -> str:
    """Who did it, where it was a person; what the house does by itself is nobody's."""
    return "" if actor in _HOUSE else f"by {actor}"


def notice(type_: str, data: Mapping[str, Any]) -> str | None:
    """One line to show to whoever has a page open, or None: most happenings only move what is on the page."""
    if type_ not in _WORTH_A_NOTICE or (type_ == "HealthChanged" and data.get("ok")):
        return None
    story = tell(type_, data)
    return f"{story.what}: {story.why or story.detail}" if type_ in _WHY_FIRST else f"{story.what}: {story.detail}"


_WORTH_A_NOTICE = {"MediaAdded", "Grabbed", "Imported", "ImportHeld", "DownloadFailed", "HealthChanged", "RootChanged"}
_WHY_FIRST = {"HealthChanged", "RootChanged"}
_HOUSE = {"system", "importer", "searcher"}
_CHOSEN = {"quality_profiles": "Quality profile", "custom_formats": "Custom format"}


def _name(path: object) -> str:
    return from_text(str(path or "")).rsplit("/", 1)[-1]


def _folder(data: Mapping[str, Any]) -> str:
    return readable(str(data.get("path") or ""))


def _episodes(data: Mapping[str, Any]) -> str:
    return " ".join(data.get("episodes") or ())


def _joined(*parts: object) -> str:
    return " · ".join(str(p) for p in parts if p)


def _imported(d: Mapping[str, Any]) -> Story:
    how = {"hardlink": "by hardlink", "reflink": "by reflink", "copy": "by copy"}.get(d.get("method", ""), "")
    why = _joined(d.get("quality"), _episodes(d), how, d.get("reason"))
    return Story("Upgraded" if d.get("is_upgrade") else "Imported", _name(d.get("path")), why, "good", "check")


def _grabbed(d: Mapping[str, Any]) -> Story:
    why = _joined(d.get("indexer"), d.get("quality"), d.get("size") and size(d["size"]))
    return Story("Grabbed", d.get("release", ""), why, "moving", "download")


def _search(d: Mapping[str, Any]) -> Story:
    return Story("Searched", "", d.get("summary") or d.get("chosen") or "nothing chosen", "quiet", "search")


def _health(d: Mapping[str, Any]) -> Story:
    family, _, name = str(d.get("part", "A part")).partition(":")
    what = f"{f'{name} ({family})' if name else family} {'works again' if d.get('ok') else 'has a problem'}"
    return Story(
        what, "", d.get("message", ""), "good" if d.get("ok") else "bad", "check" if d.get("ok") else "warning"
    )


def _root(d: Mapping[str, Any]) -> Story:
    ok = d.get("state") == "ok"
    badge = ROOT.get(str(d.get("state")), ROOT["unavailable"])
    what = f"Library folder {'available again' if ok else badge.words.lower()}"
    return Story(what, _folder(d), d.get("reason") or "", "good" if ok else "bad", "check" if ok else "warning")


def _changed(d: Mapping[str, Any]) -> Story:
    changed = list(d.get("changed") or ())
    if changed == ["poster"]:
        return Story("Found a poster", "", "", "quiet", "film")
    return Story("Changed", ", ".join(changed).replace("_", " "), "", "quiet", "pencil")


def _scan(d: Mapping[str, Any]) -> Story:
    added, gone = d.get("added", 0), d.get("gone", 0)
    moved = _joined(added and f"{added} new", gone and f"{gone} gone") or "nothing new"
    found = f"{plural(d.get('seen', 0), 'file')}, {moved}"
    path = _folder(d)
    return Story("Scanned" if path else "Scanned a library folder", path, found, "quiet", "folder")


def _settings(d: Mapping[str, Any]) -> Story:
    keys = list(d.get("keys") or ())
    family, _, name = keys[0].partition(".") if len(keys) == 1 else ("", "", "")
    if family in _CHOSEN:
        return Story(f"{_CHOSEN[family]} changed", name, "", "quiet", "gear")
    return Story("Settings changed", ", ".join(keys), "", "quiet", "gear")


_TELLERS: Mapping[str, Callable[[Mapping[str, Any]], Story]] = {
    "MediaAdded": lambda d: Story("Added", _joined(d.get("title"), d.get("year")), "", "good", "plus"),
    "MediaUpdated": _changed,
    "MediaDeleted": lambda d: Story("Deleted", d.get("title", ""), "", "quiet", "trash"),
    "FileFound": lambda d: Story("Found a file", _name(d.get("path")), "", "quiet", "file"),
    "FileLinked": lambda d: Story(
        "Recognised", _name(d.get("path")), _joined(d.get("quality"), _episodes(d)), "good", "check"
    ),
    "FileUnmatched": lambda d: Story(
        "Not recognised", _name(d.get("path")), d.get("reason", ""), "warning", "question"
    ),
    "FileGone": lambda d: Story("A file is gone", _name(d.get("path")), "", "warning", "warning"),
    "FileTrashed": lambda d: Story("Moved to the trash", _name(d.get("path")), d.get("reason", ""), "quiet", "trash"),
    "FileRenamed": lambda d: Story(
        "Renamed", _name(d.get("path")), f"from {_name(d.get('before'))}", "quiet", "pencil"
    ),
    "FileRestored": lambda d: Story("Restored from the trash", _name(d.get("path")), "", "good", "retry"),
    "RootChanged": _root,
    "ScanFinished": _scan,
    "SearchFinished": _search,
    "Grabbed": _grabbed,
    "DownloadCompleted": lambda d: Story("Downloaded", d.get("release", ""), "", "good", "inbox"),
    "DownloadFailed": lambda d: Story("Download failed", d.get("release", ""), d.get("reason", ""), "bad", "x"),
    "DownloadCancelled": lambda d: Story("Download cancelled", d.get("release", ""), "", "quiet", "x"),
    "Imported": _imported,
    "ImportHeld": lambda d: Story("Import needs you", d.get("release", ""), d.get("reason", ""), "warning", "warning"),
    "HealthChanged": _health,
    "QueueChanged": lambda d: Story(
        "Queue paused" if d.get("paused") else "Queue resumed", str(d.get("queue", "")), "", "quiet", "pause"
    ),
    "SettingsChanged": _settings,
    "UserChanged": lambda d: Story("Account changed", d.get("name", ""), d.get("what", ""), "quiet", "user"),
}
