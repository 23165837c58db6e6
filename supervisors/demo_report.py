"""What the demo's check saw: facts with the second at which each was seen, and what of the main job did not happen."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio

from mydia.demo import world
from mydia.demo.fakes import Catcher
from mydia.downloads import queries as downloads
from mydia.events import (
    DownloadCompleted,
    DownloadFailed,
    DownloadProgressed,
    Event,
    FileLinked,
    Grabbed,
    Imported,
    SearchFinished,
)
from mydia.house import House
from mydia.library import queries as library
from mydia.media import queries as media
from mydia.otp import ChildInfo, Supervisor

SETTLING = 5.0
SOON = 1.0
"""Seconds within which a file must appear after it is complete, where nobody asks for more patience."""
WISHED = {title.title for title in (world.METROPOLIS, world.BUNNY, world.FRIDAY, world.STEP)}
DECOYS = {listing.name: listing.refused_for for listing in world.LISTINGS if listing.refused_for}
TAKEN = [listing.name for listing in world.LISTINGS if not listing.refused_for]


@dataclass(slots=True)
class Report:
    """Filled while the demo runs. Times are seconds since the daemon was ready."""

    soon: float = SOON
    began: float = field(default_factory=lambda: 0.0)
    linked: dict[str, float] = field(default_factory=dict)  # file name -> when it was identified
    copied: dict[str, float] = field(default_factory=dict)  # file name -> when its copy was complete
    grabbed: dict[str, float] = field(default_factory=dict)  # release -> when
    progressed: dict[str, set[float]] = field(default_factory=dict)  # download id -> steps between 0 and 100
    downloaded: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    imported: dict[str, dict[str, Any]] = field(default_factory=dict)  # path -> facts
    releases: dict[str, str] = field(default_factory=dict)  # download id -> release
    refused: dict[str, list[str]] = field(default_factory=dict)  # decoy -> reasons
    notified: set[str] = field(default_factory=set)
    hardlinked: list[str] = field(default_factory=list)
    probed: list[str] = field(default_factory=list)
    seeding: list[str] = field(default_factory=list)
    restarts: dict[str, int] = field(default_factory=dict)
    exit_code: int | None = None
    complete: trio.Event = field(default_factory=trio.Event)

    async def known(self, house: House, title: str) -> str:
        """The id of a title, once the library knows it."""
        while True:
            for card in await house.read(media.search_titles, title):
                if card.title == title:
                    return card.id
            await trio.sleep(0.1)

    def missing(self) -> list[str]:
        """What did not happen, each in a line."""
        at_home = [Path(name).name for name, _ in world.AT_HOME]
        arrivals = [Path(name).name for name, _ in world.ARRIVALS]
        lines = [f"{name} was not identified" for name in (*at_home, *arrivals) if name not in self.linked]
        for name in arrivals:
            if name in self.linked and name in self.copied and self.linked[name] - self.copied[name] > self.soon:
                lines.append(
                    f"{name} appeared only {self.linked[name] - self.copied[name]:.1f} s after it was complete"
                )
        imported = {facts["release"] for facts in self.imported.values()}
        lines += [f"{name} was not imported" for name in TAKEN if name not in imported]
        lines += [f"{name} was not notified" for name in TAKEN if name in imported and name not in self.notified]
        lines += [f"{path} is no hard link" for path in self.imported if path not in self.hardlinked]
        lines += [f"{path} was not probed" for path in self.imported if path not in self.probed]
        lines += [f"{name} is not seeded on" for name in TAKEN if name in imported and name not in self.seeding]
        lines += [
            f"the decoy {name} was not refused for {rule}"
            for name, rule in DECOYS.items()
            if not self._refused(name, rule or "")
        ]
        lines += [f"the decoy {name} was imported" for name in DECOYS if name in imported]
        moved = {self.releases[d] for d, steps in self.progressed.items() if len(steps) >= 2 and d in self.releases}
        if not moved:
            lines.append("no download was seen moving")
        if self.exit_code not in (None, 0):
            lines.append(f"the daemon ended with exit code {self.exit_code}")
        return lines

    def _refused(self, name: str, rule: str) -> bool:
        return any(reason.startswith(rule) for reason in self.refused.get(name, []))

    def is_complete(self) -> bool:
        imported = {facts["release"] for facts in self.imported.values()}
        files = {Path(name).name for name, _ in (*world.AT_HOME, *world.ARRIVALS)}
        # Three files come in the season pack.
        return (
            files <= self.linked.keys()
            and set(TAKEN) <= imported
            and set(TAKEN) <= self.notified
            and len(self.imported) >= len(TAKEN) + 2
        )

    async def look(self, house: House, tree: Supervisor) -> None:
        """What can only be seen at the end: on the disk, in the client, in the tree."""
        with trio.move_on_after(SETTLING):  # a download ends just after its last file's import was told
            while (await house.read(downloads.list_downloads, status="active")).items:  # noqa: ASYNC110 - nothing is told of it
                await trio.sleep(0.1)
        roots = {r.id: r.path for r in await house.read(library.roots)}
        for facts in self.imported.values():
            file = await house.read(library.get_file, facts["file_id"])
            if os.stat(Path(roots[file.root_id], file.relative_path)).st_nlink > 1:  # noqa: PTH116 - one look at the end
                self.hardlinked.append(facts["path"])
            if file.resolution and file.codec and file.audio_codec and file.languages:
                self.probed.append(facts["path"])
        with trio.move_on_after(5):  # a pack's last file was told of a moment before the pack is done
            while await house.read(downloads.with_status, ["importing"]):  # noqa: ASYNC110 - a status gives no event
                await trio.sleep(0.05)
        for view in (await house.read(downloads.list_downloads, status="imported", limit=200)).items:
            full = await house.read(downloads.get_download, view.id)
            if full.removed_at is None and full.download_client_id is not None:
                self.seeding.append(view.title)
        await self._refusals(house)
        self.restarts = {c.path: c.restarts for c in flat(tree.children()) if c.restarts}

    async def _refusals(self, house: House) -> None:
        for title in WISHED:
            item_id = await self.known(house, title)
            for search in await house.read(downloads.searches_of, item_id):
                for candidate in search.candidates:
                    reasons = [f"{r['rule']}: {r['reason']}" for r in candidate.rejections]
                    if candidate.title in DECOYS and reasons:
                        self.refused.setdefault(candidate.title, [])
                        self.refused[candidate.title] += [r for r in reasons if r not in self.refused[candidate.title]]
        for release, reason in self.failed.items():
            # The torrent itself was looked into before anything of it was downloaded.
            self.refused.setdefault(release, []).insert(0, f"dangerous_file: {reason}")

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": not self.missing(),
            "missing": self.missing(),
            "titles_imported": sorted({facts["title"] for facts in self.imported.values()}),
            "files_imported": {
                path: {k: v for k, v in facts.items() if k != "file_id"}
                for path, facts in sorted(self.imported.items())
            },
            "decoys_refused": {name: self.refused.get(name, []) for name in DECOYS},
            "seconds": {
                "identified": rounded({name: at - self.began for name, at in self.linked.items()}),
                "appeared_after_copy": {
                    n: round(self.linked[n] - t, 3) for n, t in self.copied.items() if n in self.linked
                },
                "grabbed": rounded(self.grabbed),
                "downloaded": rounded(self.downloaded),
                "imported": {path: facts["at"] for path, facts in sorted(self.imported.items())},
            },
            "progress_steps": {self.releases.get(d, d): len(steps) for d, steps in self.progressed.items()},
            "notified": sorted(self.notified),
            "seeding": sorted(self.seeding),
            "restarts": self.restarts,
        }


async def watch(house: House, webhook: Catcher, report: Report) -> None:
    """Listen to the bus and to the webhook until the demo is over."""
    report.began = trio.current_time()
    titles: dict[str, str] = {}
    with house.bus.subscribe(capacity=4096) as events:
        # What was identified before anybody listened.
        for file in (await house.read(library.list_files, state="linked", limit=200)).items:
            report.linked.setdefault(Path(file.relative_path).name, report.began)
        async for event in events:
            if isinstance(event, Event):
                await _note(house, event, report, titles)
            report.notified |= {m["data"]["release"] for m in webhook.messages() if m.get("event") == "imported"}
            if report.is_complete():
                report.complete.set()


async def _note(house: House, event: Event, report: Report, titles: dict[str, str]) -> None:
    now = round(trio.current_time() - report.began, 3)
    match event:
        case FileLinked(path=path):
            report.linked.setdefault(Path(path).name, trio.current_time())
        case Grabbed(download_id=download_id, release=release):
            report.grabbed[release] = now
            report.releases[download_id] = release
        case DownloadProgressed(download_id=download_id, progress=progress) if 0 < progress < 100:
            report.progressed.setdefault(download_id, set()).add(progress)
        case DownloadCompleted(release=release):
            report.downloaded[release] = now
        case DownloadFailed(release=release, reason=reason):
            report.failed[release] = reason
        case Imported():
            if event.media_item_id and event.media_item_id not in titles:
                name: str | None = await house.read(media.title_of, event.media_item_id)
                titles[event.media_item_id] = name or "?"
            report.imported[event.path] = {
                "title": titles.get(event.media_item_id or "", "?"),
                "release": event.release,
                "quality": event.quality,
                "method": event.method,
                "path": event.path,
                "file_id": event.file_id,
                "at": now,
            }
        case SearchFinished():
            pass


def rounded(times: dict[str, float]) -> dict[str, float]:
    return {name: round(at, 3) for name, at in times.items()}


def flat(children: Sequence[ChildInfo]) -> list[ChildInfo]:
    return [each for child in children for each in (child, *flat(child.children))]
