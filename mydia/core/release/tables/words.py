"""Everything else a release says in words: revisions, editions, packs, specials, remarks, and the words of numbering."""

from typing import Literal

from mydia.core.release.terms import Rows
from mydia.core.release.tokens import fold

REVISIONS: Rows = (
    ("proper:2", "~PROPER | ~PROPER1"),
    ("proper:3", "PROPER2"),
    ("proper:4", "PROPER3"),
    ("repack:2", "REPACK | RE-PACK | REPACK1 | RERIP | RE-RIP | RERIP1 | ~RiFF-REPACK"),
    ("repack:3", "REPACK2 | RERIP2"),
    ("repack:4", "REPACK3 | RERIP3"),
    ("real:1", "~REAL"),
    ("real:2", "REAL-REAL"),
)

_CUTS = (
    "Directors | Director's | Director | Collectors | Collector's | Collector | Extended | Theatrical | "
    "Ultimate | Final | Special | Assembly | Rogue |  "
    "Rouge | Imperial | Diamond | Diamond Luxe | Signature | Hunter | Rekall | Ultimate Rekall | Ultimate "
    "Hunter | Ultimate Collectors | Producers |  "
    "International | Alternate | Alternative | Original | Festival | Snyder | Black and Chrome | Criterion | Anniversary | "
    "Limited | Deluxe | Definitive | Platinum | Gold |  "
    "Prestige | Bootleg | Noir | Fan | Roadshow | Long | Black and White | Sing-Along | Extended Directors | "
    "Extended Director's | Unrated Directors |  "
    "Special Extended | Alternative Extended | Superfan | European | Japanese | Korean | US | UK | TV | Vision | Super Duper | "
    "Workprint | Uncensored | Unrated | Uncut | IMAX |  "
    "Despecialized | Restored | Remastered | Hybrid"
).split(" | ")
_NOUNS = ("Cut", "Edition", "Version")

EDITIONS: Rows = (
    ("edition:Director's_Cut", "~DirCut | ~DC"),
    *(("edition:", " | ".join(f"~{cut} {noun} | ~The {cut} {noun}" for noun in _NOUNS)) for cut in _CUTS),
    ("edition:", "~Extended | ~Theatrical | ~Ultimate | ~Despecialized | ~Unrated | ~Uncut | ~Uncensored"),
    ("edition:", "~IMAX | ~IMAX Enhanced | ~Open Matte | ~2in1 | ~3in1 | ~4in1 | ~5in1 | ~6in1 | ~Fan Edit"),
    ("edition:", "~FanEdit | ~Fanres | ~Fan Restoration | ~OpenMatte"),
    ("edition:", "~Remastered | ~Remaster | ~Restored"),
    ("edition:Remastered", "~4K Remastered | ~4K Remaster | ~2K Remastered | ~2K Remaster | ~HD Remastered"),
    ("edition:Remastered", "~AI Remastered"),
    ("edition:Restored", "~4K Restored | ~4K Restoration | ~2K Restored | ~2K Restoration | ~Digitally Restored"),
    ("edition:Extended", "~Version Longue | ~Langfassung | ~Versione Estesa"),
    ("edition:Collector's_Edition", "~Edition Collector"),
    ("edition:Special_Edition", "~Edition Speciale"),
    ("edition:Alternative_Cut", "~Alternate Cut | ~Alternative Cut | ~Alternate Version"),
    ("edition:Criterion", "~Criterion Collection | ~The Criterion Collection"),
    ("edition:", "~Redux | ~Recut | ~Re-Cut"),
    ("edition:", "~Criterion | ~Alternate Ending | ~Black and Chrome | ~Colorized"),
    ("edition:", "~Roadshow | ~Superfan Episodes"),
    ("late_edition:", "~LIMITED | ~FESTIVAL"),
)

PACKS: Rows = (
    ("pack:batch", "~Batch | ~Complete Season | ~Season Pack | ~Complete Collection | ~Season Complete"),
    ("pack:batch", "~The Complete"),
    ("pack:series", "~Complete Series | ~The Complete Series | ~Integrale | ~L'Integrale"),
    ("pack:series", "~Complete Miniseries | ~Coffret Integrale"),
    ("season_extra:1", "EXTRAS | SUBPACK | ~Bonus Disc | ~Bonus Disk"),
    ("pack:series", "Miniserie | ~Mini Series | ~Mini-Series | ~Miniseries | ~Miniseries Complete"),
)

SPECIALS: Rows = (
    ("special:1", "~Special | ~Specials | OVA | OVD | OAV | OAD | ~ONA | NCOP | NCED | NCOP1 | NCOP2"),
    ("special:1", "NCED1 | NCED2 | ~SP | Creditless | Minisode | Minisodes | Webisode | Webisodes"),
)

REMARKS: Rows = (
    ("tech:remark", "~INTERNAL | ~iNT | ~READNFO | ~READ-NFO | ~NFO | ~DIRFIX | ~NFOFIX"),
    ("tech:remark", "~SAMPLEFIX | ~RATED | ~STV | ~WS | ~FS | ~DOC | ~DOCU | ~RETAIL"),
    ("tech:remark", "~WIDESCREEN"),
    ("tech:remark", "~ANiME | ~HYBRID | ~CONVERT | ~UPSCALE | ~UPSCALED | ~AI UPSCALE | ~ReEnc | ~Re-Enc"),
    ("tech:remark", "~DS4K | ~CRF | ~VBR | ~CBR | ~HFR"),
    ("tech:remark", "60fps | 50fps | 24fps | 25fps | 30fps | 23.976fps | 29.97fps | 120fps"),
    ("tech:remark", "~SubsPlus | ~XXX | ~Custom | ~STRiP | ~Proof | ~ReEncoded | ~Re-Encoded | ~FASTSUB"),
    ("tech:remark", "~Retail | ~Repost | ~Soundtrack | ~Rental"),
    ("tech:remark", "~iPod | ~PSP | ~PSN | ~1CD | ~2CD | ~3CD | ~Rip | ~Untouched | ~Line | ~HHWEBDL | ~nSD"),
    ("tech:remark", "23.976 fps | 29.97 fps | 24 fps | 25 fps | 30 fps | 50 fps | 60 fps | VR180 | VR 180"),
    ("tech:remark", "~Integral | ~Integral Version"),
    ("tech:remark", "~dxva | ~NoTag | ~WebDLMux | ~USA | ?UK | ~HSBS-3D"),
    ("extra:sample", "~Sample"),
    ("extra:trailer", "~Trailer | ~Teaser"),
    ("extra:extra", "~Featurette | ~Featurettes | ~Deleted Scenes | ~Behind the Scenes | ~Bonus"),
    ("extra:extra", "~Interview | ~Interviews | ~Making of"),
)


def _folded(words: str) -> frozenset[str]:
    """Words as names are compared: without case and accents."""
    return frozenset(fold(word) for word in words.split())


SEASON = _folded(
    "season seasons saison saisons temporada temporadas temp staffel stagione stagioni seizoen sezon sezonul "
    "sezona series serie se сезон сезоны kausi sasong sæson sesong  "
    "évad evad tem sez sn"
)
EPISODE = _folded(
    "episode episodes ep eps epi episodio episodios epizod cap capitulo capitulos afl aflevering folge folgen "
    "серия серии серіі серії серія odcinek avsnitt jakso  "
    "bolum blm часть выпуск эпизод ser seria serija odc ep episodul"
)
EPISODE_AFTER = _folded("bolum blm серия серии серія серії odcinek seria serija serii seriya serya ser сер resz")
"""Words that follow the episode's number."""
SO_FAR = _folded("серии серіі серії serii")
"""Plurals before "5 of 20": a season that has come as far as that."""
RUNNING = frozenset(["bolum", "blm"])
"""Of these, the Turkish ones: their number runs through all seasons."""
EXTRA_FOLDERS: dict[str, Literal["sample", "trailer", "extra"]] = {
    "sample": "sample", "samples": "sample", "trailer": "trailer", "trailers": "trailer", "extras": "extra", "extra": "extra",
    "featurettes": "extra", "behind the scenes": "extra", "deleted scenes": "extra", "interviews": "extra", "scenes": "extra",
    "shorts": "extra", "other": "extra", "bonus": "extra",
}  # fmt: skip
"""Folders (and bare file names) of what belongs to a film or show but is not it, and what that is."""
EXTRA_ENDINGS: dict[str, Literal["sample", "trailer", "extra"]] = {
    "sample": "sample", "trailer": "trailer", "featurette": "extra", "behindthescenes": "extra", "interview": "extra",
    "deleted": "extra",
}  # fmt: skip
"""What media servers have people write behind a file's name for the same ("Title-trailer")."""
DISK_FOLDERS = frozenset(["video_ts", "audio_ts", "bdmv", "stream", "playlist"])
"""Folders inside a copied disk: their files' names say nothing."""
NUMBERING_WORDS = _folded("season seasons saison staffel temporada episode episodes ep eps capitulo folge")
"""Words that say nothing but that numbering follows."""
SEASON_AFTER = _folded(
    "temporada temporadas сезон сезоны сезона sezon sezona sez staffel evad stagione saison seizoen sasong season"
)
"""Words of a season that may follow its number ("2. Staffel", "3 сезон")."""
OF = _folded("of de di din von van из з du iz")
PART = _folded("part pt parts teil")

NUMBERS: dict[str, int] = {
    word: number
    for number, words in enumerate(
        ("one first i uno eins", "two second ii deux dos due zwei", "three third iii trois tres tre drei",
         "four fourth iv quatre cuatro quattro vier", "five fifth v cinq cinco cinque funf", "six sixth vi seis sei sechs",
         "seven seventh vii sept siete sette sieben", "eight eighth viii huit ocho otto acht",
         "nine ninth ix neuf nueve nove neun", "ten tenth x dix diez dieci zehn"), start=1,
    )
    for word in words.split()
}  # fmt: skip
ROMANS: dict[str, int] = {
    roman: number
    for number, roman in enumerate(
        "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx".split(), start=1
    )
}
ORDINALS: dict[str, int] = {
    **{f"{n}{suffix}": n for n in range(1, 32) for suffix in ("st", "nd", "rd", "th")},
    **{word: n for n, word in enumerate("first second third fourth fifth sixth seventh eighth ninth tenth".split(), 1)},
}
MONTHS: dict[str, int] = {
    word: month
    for month, words in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), start=1,
    )
    for word in words.split()
}  # fmt: skip
