"""What MediaInfo says of a file, in the words of `ports.Probe` and of release names (`core.release`)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mydia.ports import AudioTrack, Probe

Track = Mapping[str, Any]

_CONTAINERS = {
    "Matroska": "mkv", "WebM": "webm", "MPEG-4": "mp4", "QuickTime": "mov", "AVI": "avi", "MPEG-TS": "ts", "BDAV": "m2ts",
    "MPEG-PS": "mpg", "Windows Media": "wmv", "Flash Video": "flv", "Ogg": "ogg", "RealMedia": "rm", "MXF": "mxf",
}  # fmt: skip
_VIDEO = {
    "AVC": "h264", "HEVC": "h265", "VVC": "h266", "AV1": "av1", "VP9": "vp9", "VP8": "vp8", "MPEG-4 Visual": "mpeg4",
    "VC-1": "vc1", "WMV3": "wmv", "WMV2": "wmv", "H.263": "h263", "Theora": "theora", "ProRes": "prores",
}  # fmt: skip
_AUDIO = {
    "AAC": "AAC", "AC-3": "AC3", "E-AC-3": "EAC3", "MLP FBA": "TrueHD", "MLP": "TrueHD", "FLAC": "FLAC", "Opus": "Opus",
    "Vorbis": "Vorbis", "PCM": "PCM", "ALAC": "ALAC", "WMA": "WMA",
}  # fmt: skip
_UNKNOWN_LANGUAGES = frozenset({"und", "mis", "mul", "zxx"})
_REGIONAL = frozenset({"pt-BR", "es-419", "nl-BE"})


def probe(tracks: Sequence[Track], size: int) -> dict[str, Any] | None:
    """The fields of a `ports.Probe`; None when there is no video track."""
    general = next((t for t in tracks if t.get("track_type") == "General"), {})
    video = next((t for t in tracks if t.get("track_type") == "Video"), None)
    if video is None:
        return None
    width, height = _int(video.get("width")), _int(video.get("height"))
    bitrate = _float(general.get("overall_bit_rate"))
    duration = _float(general.get("duration")) or _float(video.get("duration"))
    container = str(general.get("format", ""))
    subtitles = (language(t.get("language")) for t in tracks if t.get("track_type") == "Text")
    return asdict(
        Probe(
            container=_CONTAINERS.get(container, container.lower() or "unknown"),
            size=size,
            duration=duration / 1000 if duration else None,
            width=width,
            height=height,
            resolution=resolution(width, height),
            video_codec=video_codec(video),
            bit_depth=_int(video.get("bit_depth")),
            hdr=hdr(video),
            bitrate=round(bitrate / 1000) if bitrate else None,
            audio=tuple(audio_track(t) for t in tracks if t.get("track_type") == "Audio"),
            subtitles=tuple(dict.fromkeys(code for code in subtitles if code)),
        )
    )


def resolution(width: int | None, height: int | None) -> str | None:
    """By width first, since films are cropped in height: 1920x800 is 1080p."""
    if not width or not height:
        return None
    for least_width, least_height, name in ((3200, 2100, "2160p"), (1800, 1000, "1080p"), (1200, 700, "720p")):
        if width >= least_width or height >= least_height:
            return name
    return "576p" if height > 500 else "480p"


def video_codec(track: Track) -> str | None:
    format_ = track.get("format")
    if format_ == "MPEG Video":
        return "mpeg1" if "Version 1" in str(track.get("format_version", "")) else "mpeg2"
    if format_ == "MPEG-4 Visual" and str(track.get("codec_id", "")).upper() in ("XVID", "DIVX", "DX50"):
        return "xvid"
    return _VIDEO.get(str(format_), str(format_).lower()) if format_ else None


def hdr(track: Track) -> tuple[str, ...]:
    """As release names spell it, the most demanding first."""
    said = " / ".join(
        str(track.get(key) or "") for key in ("hdr_format", "hdr_format_compatibility", "hdr_format_commercial")
    )
    transfer = str(track.get("transfer_characteristics") or "")
    found = []
    if "Dolby Vision" in said:
        found.append("DV")
    if "HDR10+" in said or "2094 App 4" in said:
        found.append("HDR10+")
    if "2086" in said or "HDR10" in said.replace("HDR10+", ""):
        found.append("HDR10")
    if "HLG" in transfer or "HLG" in said:
        found.append("HLG")
    return tuple(found) or (("PQ",) if transfer.startswith("PQ") else ())


def audio_track(track: Track) -> AudioTrack:
    commercial = f"{track.get('commercial_name') or ''} {track.get('format_commercial_ifany') or ''}"
    extra = str(track.get("format_additionalfeatures") or "")
    return AudioTrack(
        codec=_audio_codec(track, commercial, extra),
        channels=_channels(track),
        language=language(track.get("language")),
        title=track.get("title"),
        atmos="Atmos" in commercial or "JOC" in extra,
    )


def _audio_codec(track: Track, commercial: str, extra: str) -> str:
    format_ = str(track.get("format") or "")
    if format_.startswith("DTS"):
        if "XLL" in extra or "Master Audio" in commercial:
            return "DTS-HD_MA"
        return "DTS-HD_HRA" if "XBR" in extra or "High Resolution" in commercial else "DTS"
    if format_ == "MPEG Audio":
        return "MP3" if "3" in str(track.get("format_profile") or "") else "MP2"
    return _AUDIO.get(format_.partition(" ")[0] if format_.startswith("AAC") else format_, format_ or "unknown")


def _channels(track: Track) -> float | None:
    count = _int(track.get("channel_s__original")) or _int(track.get("channel_s"))
    if not count:
        return None
    layout = str(track.get("channellayout_original") or track.get("channel_layout") or "")
    return count - 1 + 0.1 if "LFE" in layout else float(count)


def language(code: object) -> str | None:
    """ "eng", "en-US" or "English" -> "en"; the few regions release names tell apart are kept; unknown is None."""
    import langcodes  # its tables are read on first use, and half of all files need none

    text = str(code or "").strip()
    if not text or text.lower() in _UNKNOWN_LANGUAGES:
        return None
    try:
        spelt_out = text.isalpha() and len(text) > 3
        known = langcodes.find(text) if spelt_out else langcodes.Language.get(langcodes.standardize_tag(text))
    except (ValueError, LookupError):
        return None
    tag = known.to_tag()
    if tag in _REGIONAL:
        return tag
    return known.language if known.language not in _UNKNOWN_LANGUAGES else None


def _float(value: object) -> float | None:
    try:
        return float(str(value)) if value is not None else None
    except ValueError:
        return None


def _int(value: object) -> int | None:
    number = _float(value)
    return None if number is None else int(number)
