"""Is it what it says it is?"""

from __future__ import annotations

import re
from typing import Final

from mydia.core.decide.facts import Facts
from mydia.core.decide.model import Context, Rejection, Target, refuse
from mydia.core.decide.words import size_words


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SAMPLE_SIZE: Final = 70 * 1024 * 1024
_PROGRAMS: Final = _set("arj bat cmd com exe jar js lnk lzh msi pif ps1 scr sh vbs wsf zipx")
_ARCHIVES: Final = _set("7z ace bz2 gz rar tar tb2 tbz2 tgz xz zip zst")
_VIDEOS: Final = _set(
    "3g2 3gp amv asf avi divx dvr-ms evo flv iso img m1v m2ts m2v m4v mk3d mkv mov mp4 mpe mpeg mpg mts mxf nsv ogm ogv"
    " qt rm rmvb strm tp ts vob webm wmv wtv xvid"
)
_RAR_VOLUME: Final = re.compile(r"r\d{2,3}|\d{3}")
_RAW_CONTAINERS: Final = {"vob": "DVD", "iso": "disk", "m2ts": "Blu-ray"}
_RAW_NAMES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # "DISC.3.BluRay", "Disk 2 1080p Blu-ray", "S01D02.NTSC.DVD": one disk of a set
        r"\b(?:dis[ck][-_. ]?\d+|s\d+[-_. ]?d\d+)\b.*?(?:\bblu-?ray\b(?!-?rip)|\b\d*x?m?dvd(?!-?(?:rip|remux|scr)))",
        r"\bfull[-_. ]blu-?ray\b",
        r"\bblu-?ray[-_. ]dis[ck]\b|\bbdmv\b",
        # "NTSC.DVD5", "3xDVD9", "PAL DVD-R", "MDVDR"; never "DVDRip" or "DVDRemux"
        r"(?<![a-z])(?:\d+x)?m?dvd-?(?:r|5|9)(?![a-z0-9])",
    )
)


def sample(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """A short taste of a film, which its name admits; a title that holds the word is not one."""
    candidate = facts.candidate
    if candidate.size is None or candidate.size >= _SAMPLE_SIZE:
        return None
    if candidate.title.lower().count("sample") <= target.title.lower().count("sample"):
        return None
    return refuse("sample", f"the name says sample, and it is only {size_words(candidate.size)}")


def dangerous_file(facts: Facts, target: Target, context: Context) -> Rejection | None:
    for file in facts.candidate.files:
        if _extension(file.path) in _PROGRAMS:
            return refuse("dangerous_file", f"it contains the program {file.path}")
    return None


def archive_only(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """A torrent of archives would have to be unpacked beside its seed; a usenet client unpacks what it fetched."""
    if facts.candidate.protocol != "torrent" or not facts.candidate.files:
        return None
    extensions = [_extension(f.path) for f in facts.candidate.files]
    archives = sum(e in _ARCHIVES or _RAR_VOLUME.fullmatch(e) is not None for e in extensions)
    if not archives or not _VIDEOS.isdisjoint(extensions):
        return None
    return refuse("archive_only", f"it contains {archives} archives and no video")


def raw_disk(facts: Facts, target: Target, context: Context) -> Rejection | None:
    """A copy of a disk with its menus: no single file that could be imported."""
    container = (facts.candidate.container or "").lower()
    if container in _RAW_CONTAINERS:
        return refuse("raw_disk", f"the indexer says {container.upper()}: a raw {_RAW_CONTAINERS[container]}")
    name = facts.candidate.title.lower()
    for pattern in _RAW_NAMES if "dvd" in name or "blu" in name or "bdmv" in name else ():
        if found := pattern.search(facts.candidate.title):
            return refuse("raw_disk", f"“{found[0]}” names a raw disk")
    # Shows have no such quality; of films a profile may ask for it.
    asked = target.kind == "movie" and facts.grade.allowed
    if facts.quality.name == "BR-DISK" and not asked:
        return refuse("raw_disk", "the name says that it is a raw Blu-ray disk")
    return None


def _extension(path: str) -> str:
    name = path.replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""
