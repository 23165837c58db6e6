"""Small real videos, made with ffmpeg: the system's, else the one that imageio-ffmpeg brings.

Frames are few (one a second or less), so that a video of an hour's length costs a second and some hundred kilobytes;
what counts is true of it: container, codec, size of the picture, HDR10 metadata, audio tracks and their languages,
subtitles.
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mydia.errors import Unavailable

Codec = Literal["h264", "h265", "av1", "mpeg4", "mpeg2"]

_ENCODERS = {
    "h264": ["-c:v", "libx264", "-preset", "ultrafast"],
    "h265": ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"],
    "av1": ["-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime"],
    "mpeg4": ["-c:v", "mpeg4"],
    "mpeg2": ["-c:v", "mpeg2video"],
}
# BT.2020 with the PQ curve, a mastering display of 1000 nits, content light levels: what a HDR10 disc carries.
_HDR10 = (
    "log-level=error:hdr10=1:repeat-headers=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:"
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
)
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


@dataclass(frozen=True, slots=True)
class Audio:
    """`codec` is ffmpeg's name (aac, ac3, eac3, flac, libopus); `language` is ISO 639-2 (eng, fra), as containers keep it."""

    codec: str = "aac"
    channels: int = 2
    language: str = "eng"
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Video:
    width: int = 1280
    height: int = 720
    seconds: int = 60
    codec: Codec = "h264"
    hdr10: bool = False
    fps: float = 1.0
    audio: tuple[Audio, ...] = (Audio(),)
    subtitles: tuple[str, ...] = ()  # languages
    seed: int = 0  # makes two videos of the same kind different files
    grain: int = 0  # 0..100: noise in the picture, which makes the file large


def find_ffmpeg() -> str:
    """Raises Unavailable, saying what to install, when there is none."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise Unavailable(
            "There is no ffmpeg: install the package ffmpeg, or the Python package imageio-ffmpeg"
        ) from error


def make_video(video: Video, path: Path, *, ffmpeg: str | None = None) -> Path:
    """Make one; the container follows from the name's suffix. Written under another name and renamed when complete."""
    with tempfile.TemporaryDirectory(prefix=".making-", dir=path.parent) as folder:
        made = Path(folder, f"video{path.suffix}")
        command = _command(video, made, Path(folder), ffmpeg or find_ffmpeg())
        done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL)  # noqa: S603  # no shell
        if done.returncode != 0:
            raise Unavailable(f"ffmpeg could not make {path.name}: {done.stderr.decode('utf-8', 'replace')[-500:]}")
        made.rename(path)
    return path


def _command(video: Video, path: Path, folder: Path, ffmpeg: str) -> list[str]:
    fps = max(1.0, video.fps) if video.codec == "av1" else video.fps  # its encoder takes no fewer
    # The picture is a grey whose shade the seed decides and which slowly changes, so that no two frames are alike.
    picture = (
        f"color=c=gray:s={video.width}x{video.height}:r={fps}:d={video.seconds},"
        f"drawbox=x=mod(t*17+{video.seed * 31}\\,{video.width // 2}):y={video.height // 3}:w={video.width // 4}:"
        f"h={video.height // 4}:color=0x{(video.seed * 2654435761) & 0xFFFFFF:06x}:t=fill"
        + (f",noise=alls={video.grain}:allf=t" if video.grain else "")
    )
    command = [ffmpeg, "-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i", picture]
    for index, track in enumerate(video.audio):
        sound = f"sine=frequency={220 + 110 * index + video.seed % 100}:sample_rate=48000:duration={video.seconds}"
        command += ["-f", "lavfi", "-i", f"{sound},aformat=channel_layouts={_LAYOUTS[track.channels]}"]
    for index, language in enumerate(video.subtitles):
        text = folder / f"{index}.srt"
        text.write_text(f"1\n00:00:01,000 --> 00:00:02,000\n({language})\n", encoding="utf-8")
        command += ["-i", str(text)]
    inputs = 1 + len(video.audio) + len(video.subtitles)
    for number in range(inputs):
        command += ["-map", str(number)]
    command += _ENCODERS[video.codec] if not video.hdr10 else [*_ENCODERS["h265"][:-1], _HDR10]
    command += ["-pix_fmt", "yuv420p10le" if video.hdr10 else "yuv420p", "-g", "30"]
    for index, track in enumerate(video.audio):
        command += [
            f"-c:a:{index}",
            track.codec,
            f"-b:a:{index}",
            "64k",
            f"-metadata:s:a:{index}",
            f"language={track.language}",
        ]
        if track.title:
            command += [f"-metadata:s:a:{index}", f"title={track.title}"]
    for index, language in enumerate(video.subtitles):
        command += [f"-metadata:s:s:{index}", f"language={language}"]
    if video.subtitles:
        command += ["-c:s", "mov_text" if path.suffix in (".mp4", ".m4v", ".mov") else "srt"]
    return [*command, "-threads", "2", str(path)]
