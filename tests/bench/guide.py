"""As many custom formats as people take over from a guide, in the shapes that guides write them: for measuring.

Tiers of release groups, low-quality groups, sounds that exclude each other, pictures, streaming services, languages and remarks:
some 200 formats of 1,500 conditions. The names are made up; every third release of the benchmark bears one of them.
"""

from __future__ import annotations

from typing import Any

SYLLABLES = "ba dor fin gal hex jun kor lim mos nax pel qui ras sol tav vex wil yor zed cru".split()
SOUNDS = {
    "TrueHD": r"True[ .-]?HD",
    "DTS-HD MA": r"\b(dts[-_. ]?(ma|hd([-_. ]?ma)?|xll))\b",
    "DTS:X": r"\b(dts[-_. ]?x)\b(?!\d)",
    "Atmos": r"\bATMOS(\b|\d)",
    "DTS": r"\bDTS(\b|\d)",
    "DD+": r"\bDD[P+](?!A)|\b(e[-_. ]?ac3)\b",
    "DD": r"\bDD[^a-z+]|(?<!e)ac3",
    "FLAC": r"\bFLAC(\b|\d)",
    "AAC": r"\bAAC(\b|\d)",
    "PCM": r"\b(l?)PCM(\b|\d)",
    "5.1": r"[^0-9]5[ .][0-1]\b",
    "7.1": r"[^0-9][7-8][ .][0-1]\b",
}
PICTURES = {
    "DV": r"\b(dv|dovi|dolby[ .]?v(ision)?)\b",
    "DV HDR10": r"^(?=.*\b(DV|DoVi|Dolby[ .]?Vision)\b)(?=.*\b(HDR(10)?(P(lus)?)?)\b)",
    "HDR10+": r"\bHDR10(\+|P(lus)?\b)",
    "HDR": r"\b(HDR)\b|\b(HDR(10)?(?!\+|Plus))\b",
    "HLG": r"\b(HLG)\b",
    "SDR": r"\bSDR\b",
    "10 bit": r"10[.-]?bit|hi10p",
    "x265": r"[xh][ ._-]?265|\bHEVC(\b|\d)",
    "AV1": r"\bAV1\b",
    "3D": r"^(?=.*\b(3D|H(alf)?[ ._-]?(SBS|OU))\b)(?!.*\bremux\b)",
}


def name(n: int) -> str:
    """A release group's."""
    return "".join(SYLLABLES[n // 20**i % 20] for i in range(3)).capitalize()


def groups(first: int, count: int) -> list[str]:
    return [name(n * 37 + 11) for n in range(first, first + count)]


def says(pattern: str, *, kind: str = "ReleaseTitle", negate: bool = False, required: bool = False) -> dict[str, Any]:
    implementation = f"{kind}Specification"
    return {
        "name": pattern,
        "implementation": implementation,
        "negate": negate,
        "required": required,
        "fields": {"value": pattern},
    }


def number(kind: str, value: int, *, negate: bool = False, required: bool = False) -> dict[str, Any]:
    return {**says("", kind=kind, negate=negate, required=required), "fields": {"value": value}}


def guide() -> list[dict[str, Any]]:
    """The formats, as Radarr's and the guides' JSON has them."""
    made: list[dict[str, Any]] = []

    def add(title: str, *conditions: dict[str, Any]) -> None:
        made.append({"name": title, "specifications": list(conditions)})

    for n in range(12):
        sources = [number("Source", value) for value in ((7, 8) if n % 2 else (9, 5))]
        add(f"Tier {n}", *sources, *(says(f"^({g})$", kind="ReleaseGroup") for g in groups(n * 40, 40)))
    for n in range(2):
        add(f"Low quality {n}", *(says(f"^({g})$", kind="ReleaseGroup") for g in groups(500 + n * 120, 120)))
    for n in range(12):
        shapes = (r"\[{0}\]|-{0}\b", r"\b({0})\b")
        add(f"Anime tier {n}", *(says(shapes[i % 2].format(g)) for i, g in enumerate(groups(n * 22, 22))))
    for sound, pattern in SOUNDS.items():
        others = [says(p, negate=True, required=True) for s, p in SOUNDS.items() if s != sound]
        add(sound, says(pattern, required=True), *others)
    for picture, pattern in PICTURES.items():
        add(picture, says(pattern, required=True), says(r"\b(DV[ .]SDR)\b", negate=True, required=True))
        add(f"{picture}, no WEB", says(pattern, required=True), number("Source", 7, negate=True, required=True))
    for service in groups(900, 70):
        add(service, says(rf"\b({service}|{service[:4]}[ ._-]?plus)\b[ ._-]web[ ._-]?(dl|rip)?\b", required=True))
    for n, language in enumerate(range(1, 30)):
        add(f"Language {n}", number("Language", language, negate=n % 3 == 0, required=True))
    for lines in (480, 576, 720, 1080, 2160):
        add(f"{lines}p x265", number("Resolution", lines, required=True), says("x265", required=True))
        add(f"{lines}p", number("Resolution", lines))
    for n, word in enumerate(
        "Hybrid Remaster IMAX Open.Matte Repack Proper Internal Upscaled Theatrical Criterion".split()
    ):
        add(word, says(rf"\b{word}\b", required=True), says(r"\bNot[ ._-]" + word, negate=True, required=True))
        add(
            f"{word} {n}", says(rf"(?<!no[ ._-]){word}", required=n % 2 == 0), number("QualityModifier", 5, negate=True)
        )
    return made
