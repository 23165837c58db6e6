"""Source, resolution and modifier, as the quality ladder counts them.

What a name leaves out is filled in as the field does ("HDTV" alone is 480 lines, a Blu-ray 720, a remux 1080). A
fact filled in so has no span: that is how to tell it from one that was read.
"""

from __future__ import annotations

from mydia.core.release.facts import Span
from mydia.core.release.reading import Reading
from mydia.core.release.tables.video import DEFAULTS

_TV = frozenset(["hdtv", "pdtv", "sdtv"])
_ENCODERS = frozenset(["h264", "h265", "h266", "av1", "xvid", "vp9"])
_WEIGHT = ("cam", "telesync", "telecine", "workprint", "dvdscr", "regional")


def read_quality(reading: Reading) -> None:
    """Decide source, resolution and modifier from all that the technical part says of them."""
    source, source_span = _source(reading)
    resolution, resolution_span = _resolution(reading)
    source, resolution, modifier = _refine(reading, source, resolution)
    if source is None:
        source, resolution = _guess(reading, resolution)
    if modifier is not None:
        reading.set("modifier", modifier, *(span for _, span in reading.found.get("modifier", ())[:1]))
    if source is not None:
        reading.set("source", source, *source_span)
    if resolution is not None:
        reading.set("resolution", resolution, *resolution_span)


def _source(reading: Reading) -> tuple[str | None, list[Span]]:
    """The last source named; a recording from a cinema or a screener outweighs what it was encoded from."""
    found = reading.found.get("source", [])
    strong = [fact for fact in found if fact[0] in _WEIGHT] or found
    if not strong:
        standard = reading.found.get("standard", [])
        return ("dvd", [standard[0][1]]) if standard else (None, [])
    source, span = strong[-1]
    if source == "dvd" and any(s in ("dvd-r",) for s, _ in found):
        source = "dvd-r"
    if source == "bluray" and any(s in ("bdrip", "brdisk") for s, _ in found):
        source = next(s for s, _ in found if s in ("bdrip", "brdisk"))
    return source, [span]


def _resolution(reading: Reading) -> tuple[int | None, list[Span]]:
    """The resolution named; of two the lower digits win over a nickname ("4K to 1080p", "UHD 1080p")."""
    found = reading.found.get("resolution", [])
    if not found:
        return None, []
    if len(found) == 1:
        return int(found[0][0]), [found[0][1]]
    text = reading.name
    exact = [
        fact for fact in found if text[fact[1].start].isdigit() and text[fact[1].start : fact[1].end].lower() != "4k"
    ]
    value, span = exact[-1] if exact else found[0]
    return int(value), [span]


def _refine(reading: Reading, source: str | None, resolution: int | None) -> tuple[str | None, int | None, str | None]:
    modifiers = [value for value, _ in reading.found.get("modifier", ())]
    remux = "remux" in modifiers
    if source in ("bluray", "bdrip", "brdisk") or (
        remux and source in (None, "dvd") and not (source == "dvd" and resolution is None)
    ):
        return _disk(reading, source, resolution, remux)
    if source in ("web-dl", "webrip"):
        return source, resolution or (720 if _boxed_source(reading) else 480), None
    if source in _TV:
        return _broadcast(reading, source, resolution, "hr" in modifiers)
    if source == "raw-hd":
        return "raw-hd", resolution or 1080, "raw"
    if source == "dvd" and remux:
        return "dvd", resolution, None
    if source == "dvd-r" and reading.marks:
        return "dvd", resolution, None  # a show's disks are not told apart
    if source == "dvdscr":
        return source, resolution, "screener"
    if source == "regional":
        return source, resolution, "regional"
    if source == "vhs":
        return "sdtv", resolution or 480, None
    return source, resolution, None


def _disk(
    reading: Reading, source: str | None, resolution: int | None, remux: bool
) -> tuple[str, int | None, str | None]:
    uhd = "uhd" in reading.found or any(v == "2160" for v, _ in reading.found.get("resolution", ()))
    if not remux and _is_disk(reading, source, resolution):
        return "brdisk", resolution or (2160 if uhd else 1080), "brdisk"
    if not remux and _is_untouched(reading, source, resolution):
        remux = True
    if remux:
        resolution = resolution or (2160 if uhd else 1080)
        return ("remux", resolution, "remux") if resolution in (1080, 2160) else ("bluray", resolution, None)
    if resolution is None:
        codecs = [value for value, _ in reading.found.get("video_codec", ())]
        resolution = 2160 if uhd and source != "bdrip" else 480 if source == "bdrip" or "xvid" in codecs else 720
    return "bluray", resolution, None


def _is_encoded(reading: Reading) -> bool:
    """Whether an encoder's name stands in the name: "x264", "H.265", but not the bare "AVC" of a disk."""
    codecs, raw = reading.found.get("video_codec", ()), {span for _, span in reading.found.get("raw", ())}
    return any(span not in raw for _, span in codecs)


def _is_disk(reading: Reading, source: str | None, resolution: int | None) -> bool:
    """An unencoded copy of the whole disk: called so, or the disk's codec and a disk's sound, never an encoder."""
    if source == "brdisk":
        return not _is_encoded(reading) or "disk" in reading.found
    if source != "bluray" or "mux" in reading.found or _is_encoded(reading) or resolution in (720, 576, 480):
        return False
    if reading.facts.get("container") == "iso" or any(
        reading.name[s.start : s.end].lower() in ("iso", "bdmv") for _, s in reading.found.get("disk", ())
    ):
        return True
    if (
        reading.facts.get("episodes")
        or reading.facts.get("absolute_episodes")
        or reading.facts.get("container") == "mkv"
    ):
        return False
    codecs = [value for value, _ in reading.found.get("raw", ())]
    hevc = any(value == "h265" for value, _ in reading.found.get("video_codec", ()))
    return (
        bool(codecs)
        and not (hevc and resolution != 2160)
        and not _german(reading)
        and "leading_group" not in reading.found
        and "release_group_boxed" not in reading.found
    )


def _is_untouched(reading: Reading, source: str | None, resolution: int | None) -> bool:
    """German groups name a remux by the disk's codec alone: "German.DL.1080p.BluRay.AVC-GROUP"."""
    hevc = any(value == "h265" for value, _ in reading.found.get("video_codec", ()))
    return (
        source == "bluray"
        and "raw" in reading.found
        and not _is_encoded(reading)
        and _german(reading)
        and resolution in (None, 1080, 2160)
        and not (hevc and (resolution != 2160 or not _spelled_out(reading)))
    )


def _german(reading: Reading) -> bool:
    return any(value == "de" for value, _ in reading.found.get("languages", ()))


def _spelled_out(reading: Reading) -> bool:
    """Whether the source is written "BluRay", not "UHDBD" as encoders do."""
    return any(reading.name[s.start : s.end].lower().endswith("ray") for _, s in reading.found.get("source", ()))


def _boxed_source(reading: Reading) -> bool:
    """Whether the source fills a bracket, as in "[WEBDL]" and "[HDTV]"."""
    for _, span in reading.found.get("source", ()):
        for box in reading.boxes:
            if box.open + 1 == span.start and box.close == span.end:
                return True
    return False


def _broadcast(reading: Reading, source: str, resolution: int | None, high: bool) -> tuple[str, int | None, str | None]:
    codecs = [value for value, _ in reading.found.get("video_codec", ())]
    if "mpeg2" in codecs and source == "hdtv":
        return "raw-hd", resolution or 1080, "raw"
    if resolution is None:
        spelled = any(
            reading.name[s.start : s.end].lower() not in ("hdtv", "hdtvrip")
            for v, s in reading.found.get("source", ())
            if v == "hdtv"
        )
        high = high or (source == "hdtv" and (_boxed_source(reading) or spelled))
        return ("hdtv", 720, None) if high else ("sdtv", 480, None)
    return ("hdtv" if resolution >= 720 else "sdtv"), resolution, None


def _guess(reading: Reading, resolution: int | None) -> tuple[str | None, int | None]:
    """The source and resolution that a name suggests which states none."""
    if resolution is not None:
        return ("hdtv" if resolution >= 720 else "sdtv"), resolution
    if reading.found.get("modifier", ()) and any(v == "remux" for v, _ in reading.found["modifier"]):
        return "remux", 1080
    if any(value in _ENCODERS for value, _ in reading.found.get("video_codec", ())):
        return "sdtv", 480
    return DEFAULTS.get(str(reading.facts.get("container")), (None, None))
