"""A finished download as `core.importing` takes it: what its files are, what they are for, how they are to be called. No I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Final

from mydia.appraise import named_formats, release_named, worth
from mydia.core.decide import language_refusal
from mydia.core.decide.upgrade import Worth
from mydia.core.formats import CustomFormat, score
from mydia.core.identify import as_named, episodes_named, quality_name
from mydia.core.importing import FoundFile, HeldFile, ImportTarget, magic_of
from mydia.core.naming import MediaFacts, NamingFacts, render
from mydia.core.quality import DEFAULT_PROFILES, QualityProfile, Revision
from mydia.core.release import Candidate, Release, match, parse
from mydia.library.model import FileFacts, FileView, file_facts
from mydia.media.model import Episode, MediaItem, Slot
from mydia.ports import Probe
from mydia.settings.naming import Naming


@dataclass(frozen=True, slots=True)
class Wants:
    """What a download's files are measured by: its slot's profile, the custom formats, and the flags its indexer gave it.

    `suffix` ends the names of a slot's files, so that the versions of one title stand apart.
    """

    profile: QualityProfile
    formats: tuple[CustomFormat, ...] = ()
    flags: tuple[str, ...] = ()
    suffix: str = ""

    @classmethod
    def of_slot(
        cls, slot: Slot, profile: QualityProfile, formats: tuple[CustomFormat, ...], metadata: Mapping[str, Any]
    ) -> "Wants":
        """`metadata` is the download's."""
        return cls(profile, formats, tuple(metadata.get("flags") or ()), slot.ending)


UNMEASURED: Final = Wants(DEFAULT_PROFILES[0])


@dataclass(frozen=True, slots=True)
class Incoming:
    """One file of the download: relative path, bytes, first bytes, and for a video what probing gave (None: it could not be read)."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    head: bytes
    is_video: bool
    probe: Probe | None = None

    @property
    def release(self) -> Release:
        return parse(self.path, input="path")

    @property
    def as_seen(self) -> tuple[int, int]:
        """What tells whether it is still as it was looked at: bytes, and nanoseconds of its last change."""
        return self.size, self.mtime_ns


def found_file(
    file: Incoming,
    item: MediaItem,
    known: Candidate,
    episodes: Sequence[Episode],
    release_name: str,
    wants: Wants = UNMEASURED,
) -> FoundFile:
    """What the plan needs to know of one file. A name of no use ("abc.xyz.mkv") claims nothing: the release's own name speaks for it."""
    release = file.release
    claims: tuple[str, ...] | None = None
    problem = ""
    if file.is_video:
        claims, problem = claims_of(release, known, episodes)
    whole = best_release(release, release_name)
    quality = quality_name(whole, item.type, file.probe.resolution if file.probe else None)
    formats = _formats(file, item, release_name, quality, wants)
    # Asked again now that the file itself has spoken: a name can promise a language that the sound does not hold.
    spoken = _spoken(file.probe)
    no = language_refusal(spoken, wants.profile.languages, item.original_language) if spoken else None
    return FoundFile(
        path=file.path,
        size=file.size,
        claims=claims,
        claim_problem=problem,
        worth=Worth(quality, Revision(whole.version, whole.real), score(formats, wants.profile)),
        says_sample=release.extra == "sample",
        says_extra=release.extra in ("trailer", "extra"),
        part=release.parts[0] if release.parts else None,
        duration=file.probe.duration if file.probe else None,
        readable=file.probe is not None if file.is_video else None,
        magic=magic_of(file.head),
        refusals=(no.reason,) if no else (),
    )


def _formats(file: Incoming, item: MediaItem, release_name: str, quality: str, wants: Wants) -> tuple[str, ...]:
    """The custom formats of a file that comes in: of its release's name, with the languages it really speaks."""
    own = file.release
    release = release_named(release_name, item, group=own.release_group)
    spoken = _spoken(file.probe) or own.languages or release.languages
    return named_formats(
        release, item, wants.formats, quality_name=quality, size=file.size, languages=spoken, flags=wants.flags
    )


def _spoken(probe: Probe | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t.language for t in probe.audio if t.language)) if probe else ()


def claims_of(release: Release, known: Candidate, episodes: Sequence[Episode]) -> tuple[tuple[str, ...] | None, str]:
    """The targets a name means, for a title that is certain: episode ids, ("",) for the film; None when it means nothing."""
    if known.kind == "movie":
        return ("",), ""
    results = match(release, [known])
    if not results and not (release.episodes or release.absolute_episodes or release.air_date):
        return None, ""
    if results:
        found = episodes_named(results[0], [e.numbered for e in episodes])
        return (
            (None, "")
            if isinstance(found, str) and not release.episodes
            else ((), found)
            if isinstance(found, str)
            else (found, "")
        )
    return (), f"its name says {release.title or 'another title'}, not {known.title}"


def best_release(own: Release, release_name: str) -> Release:
    """A file's facts, filled up from the release's name: files in a pack are often named more tersely than the pack."""
    said, whole = as_named(own), parse(release_name)
    if said.source or said.resolution or whole.source or whole.resolution:
        own = replace(said, container=None)  # what its extension lets guess is no fact
    return replace(
        own,
        source=own.source or whole.source,
        resolution=own.resolution or whole.resolution,
        modifier=own.modifier or whole.modifier,
        version=max(own.version, whole.version),
        real=max(own.real, whole.real),
        release_group=own.release_group or whole.release_group,
        edition=own.edition or whole.edition,
        languages=own.languages or whole.languages,
    )


def facts_for(file: Incoming, item: MediaItem, release_name: str, wants: Wants = UNMEASURED) -> FileFacts:
    """The columns of the library file that an imported one becomes."""
    if file.probe is None:
        return FileFacts(scene_name=release_name)
    facts = file_facts(best_release(file.release, release_name), file.probe, item.type)
    metadata = {**facts.metadata, "flags": list(wants.flags)} if wants.flags else facts.metadata
    return replace(facts, scene_name=release_name, metadata=metadata)


def import_target(
    target: str,
    episode: Episode | None,
    item: MediaItem,
    held: FileView | None,
    wants: Wants = UNMEASURED,
    root_id: str | None = None,
) -> ImportTarget:
    """`target` is an episode's id, or '' for the film. `root_id`: the library folder it goes to; None: the one that `held` lies in."""
    # By its whole path, a file of another folder is never taken for what stands at a destination in this one.
    here = held is not None and root_id in (None, held.root_id)
    return ImportTarget(
        id=target,
        runtime=(episode.runtime if episode and episode.runtime else item.runtime),
        special=episode is not None and episode.season == 0,
        held=None
        if held is None
        else HeldFile(
            held.relative_path if here else held.path,
            worth(held, item, wants.formats, wants.profile),
            held.episode_ids or ("",),
        ),
    )


def destination(
    item: MediaItem,
    episodes: Mapping[str, Episode],
    naming: Naming,
    files: Mapping[str, Incoming],
    release_name: str,
    wants: Wants = UNMEASURED,
) -> Callable[[FoundFile, tuple[ImportTarget, ...]], str]:
    """The naming template as the plan asks for it: a video and its targets in, its place below the library folder out."""

    def name(file: FoundFile, targets: tuple[ImportTarget, ...]) -> str:
        chosen = [episodes[t.id] for t in targets if t.id in episodes]
        incoming, quality = files[file.path], file.worth.quality
        release = best_release(incoming.release, release_name)
        facts = naming_facts(
            item,
            chosen,
            release,
            quality,
            probe=incoming.probe,
            original_name=release_name,
            formats=in_names(wants.formats, _formats(incoming, item, release_name, quality, wants)),
        )
        extension = PurePath(file.path).suffix.lower()
        return path_for(naming, facts, extension, wants.suffix) + extension

    return name


def in_names(formats: Sequence[CustomFormat], matched: Sequence[str]) -> tuple[str, ...]:
    """Of the formats a file is of, those that may stand in its name."""
    return tuple(f.name for f in formats if f.in_names and f.name in matched)


def path_for(naming: Naming, facts: NamingFacts, extension: str, suffix: str = "") -> str:
    """Where a file of these facts goes below its library folder, without its extension (with its dot)."""
    template = naming.template(facts.kind, facts.series_type, facts.season)
    return render(template, facts, naming.options(extension, suffix))


def naming_facts(
    item: MediaItem,
    episodes: Sequence[Episode],
    release: Release,
    quality: str,
    *,
    probe: Probe | None,
    original_name: str,
    formats: tuple[str, ...] = (),
    current_name: str = "",
) -> NamingFacts:
    """What a name is made from. `current_name` is the present name, without extension, of a file that is in the library."""
    first = episodes[0] if episodes else None
    return NamingFacts(
        kind="movie" if item.type == "movie" else "episode",
        title=item.title,
        original_title=item.original_title or "",
        year=item.year,
        series_type=item.metadata.get("series_type", "standard"),
        season=first.season if first else None,
        episodes=tuple(e.number for e in episodes),
        absolute=tuple(e.absolute for e in episodes if e.absolute is not None),
        titles=tuple(e.title or f"Episode {e.number}" for e in episodes),
        air_date=(first.air_date if first else None) or "",
        quality=quality,
        version=release.version,
        real=release.real,
        repack=release.repack,
        release_group=release.release_group or "",
        edition=release.edition or "",
        collection=item.metadata.get("collection") or "",
        original_name=original_name,
        current_name=current_name,
        in_library=bool(current_name),
        ids=dict(item.ids),
        formats=formats,
        media=_media(probe) if probe else MediaFacts(),
    )


def _media(probe: Probe) -> MediaFacts:
    best = max(probe.audio, key=lambda t: t.channels or 0, default=None)
    return MediaFacts(
        video_codec=probe.video_codec or "",
        bit_depth=probe.bit_depth,
        dynamic_range="HDR" if probe.hdr else "",
        dynamic_range_type=" ".join(probe.hdr),
        audio_codec="" if best is None else f"{best.codec} Atmos" if best.atmos else best.codec,
        audio_channels=None if best is None else best.channels,
        audio_languages=tuple(t.language for t in probe.audio if t.language),
        subtitle_languages=probe.subtitles,
    )
