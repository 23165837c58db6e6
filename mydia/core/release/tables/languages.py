"""Languages as releases name them: ISO 639-1 codes (with a region where it is another audience's dub) and spellings.

Names ("German") are weak, since titles hold them too ("The Good German"). Three-letter codes that are no English
words may stand alone before technical words; two-letter ones, and those that are words, need a neighbour.
"""

from mydia.core.release.lexicon import Rows

AUDIO: Rows = (
    (
        "languages:en",
        "~English | ~Ingles | ~Inglese | ~Anglais | ~Englisch | ~Angielski | ?ENG | ?EN | ?ING | EngDub | EngDubbed | English Dub | English Dubbed",
    ),
    (
        "languages:fr",
        "~French | ~Francais | ~Français | ~Frances | ?FRE | ?FRA | ?FR | TRUEFRENCH | ~True French | VFF | VFI | VFQ | VF2 | ~VF | VOF | SUBFRENCH | VOSTFR | VOST FR | ~VOST | FRENCHDUB | FrDub | ~VO",
    ),
    (
        "languages:es",
        "~Spanish | ~Español | ~Espanol | ~Castellano | ?ESP | ?SPA | ?SP | ?ES | ~Spanisch | ~Spagnolo | SpaDub",
    ),
    ("languages:es-419", "Latino | ~Latin | ~Lat | Español Latino | ~Latin American Spanish | LatAm | es-419 | es-MX"),
    (
        "languages:de",
        "~German | ~Deutsch | ~Aleman | ~Tedesco | ?GER | ?DEU | ?DE | GermanDub | German Dubbed | German Dub | SwissGerman | Swiss German | GerDub | VideoMann",
    ),
    ("languages:it", "~Italian | ~Italiano | ~Italien | ?ITA | ?IT | ItaDub"),
    ("languages:da", "~Danish | ~Dansk | ~Danska | ?DAN | ?DK | ?DA"),
    ("languages:nl", "~Dutch | ~Nederlands | ?NL | ?NLD | ?DUT | NLDub | NL Audio | ~Nederlandse"),
    ("languages:nl-BE", "~Flemish | ~Vlaams"),
    ("languages:ja", "~Japanese | ~Japones | ~Giapponese | ?JPN | ?JAP | ?JA | ?JP | ?JPSC | ?JPTC"),
    ("languages:is", "~Icelandic | ?ICE | ?ISL"),
    (
        "languages:zh",
        "~Chinese | ~Mandarin | ~Cantonese | ~Chino | ~CHS | ~CHT | BIG5 | ?CHI | ?ZH | ?CN | ?ZHO | ?MAN | ?GB | ?TC",
    ),
    ("languages:ko", "~Korean | ~Coreano | ?KOR | ?KO | ?KR"),
    ("languages:ru", "~Russian | ~Ruso | ?RUS | ?RU | RusDub | RUDUB | ~Dub RUS"),
    (
        "languages:pl",
        "~Polish | ~Polski | ~Lektor | ~Lektor PL | ?PL | ?POL | PLDUB | PL-DUB | DUBPL | DUB-PL | LekPL | PL-LEK | LEK-PL | PSub",
    ),
    ("languages:vi", "~Vietnamese | ?VIE | ?VI"),
    ("languages:sv", "~Swedish | ~Svensk | ~Svenska | ?SWE | ?SV | ?SE | SweDub | SweDubbed"),
    ("languages:no", "~Norwegian | ~Norsk | ~Bokmal | ?NOB | ?NOR | ?NO | NorDub"),
    ("languages:fi", "~Finnish | ~Finsk | ?FIN | ?FI | ~Suomi | FiDub | FinDub"),
    ("languages:tr", "~Turkish | ~Turkce | ~Türkçe | ?TUR | ?TR | TrDub | TurkDub"),
    ("languages:pt", "~Portuguese | ~Portugues | ~Português | ?POR | ?PT | ~Portuguesa | PtDub"),
    ("languages:pt-BR", "~Brazilian | Dublado | ~Legendado | pt-BR | ?BR | PT-BR Dub | ~Brasil"),
    ("languages:el", "~Greek | ?GRE | ?GR | ?ELL | ?EL"),
    ("languages:hu", "~Hungarian | ~Magyar | HUNDUB | HUN-DUB | ?HUN | ?HU"),
    ("languages:he", "~Hebrew | HebDub | HebDubbed | Heb-Dub | Heb-Dubbed | ?HEB | ?HE"),
    ("languages:lt", "~Lithuanian | ?LT | ?LIT"),
    ("languages:lv", "~Latvian | ?LV | ?LAV"),
    ("languages:et", "~Estonian | ?EST | ?EE | ?ET"),
    ("languages:cs", "~Czech | ?CZE | ?CES | ?CZ | ?CS | CzDub | CZ-Dabing"),
    ("languages:ar", "~Arabic | ~Arab | ~Arabe | ?ARA | ?AR | Arabic Dubbed"),
    ("languages:hi", "~Hindi | ?HIN | ?HI | Hindi Dub | Hindi Dubbed"),
    ("languages:bg", "~Bulgarian | BGAUDIO | BG-AUDIO | ?BUL | ?BG | BGDub"),
    ("languages:ml", "~Malayalam | ?MAL"),
    ("languages:uk", "~Ukrainian | ?UKR | ?UA | ?UK | 2xUkr | 3xUkr | 4xUkr | UkrDub | Ukrainian Dub"),
    ("languages:sk", "~Slovak | ?SK | ?SLK | ?SLO | SkDub"),
    ("languages:th", "~Thai | ?THA | ?TH"),
    ("languages:ro", "~Romanian | ~Romana | ?RUM | ?RON | ?ROM | ?RO | RoDubbed | RoDub | RO-Dubbed"),
    ("languages:fa", "~Persian | ~Farsi | ?PER | ?FAS"),
    ("languages:bn", "~Bengali | ~Bangla | ?BEN"),
    ("languages:ta", "~Tamil | ?TAM | ?TA"),
    ("languages:te", "~Telugu | ?TEL | ?TE"),
    ("languages:kn", "~Kannada | ?KAN"),
    ("languages:mr", "~Marathi | ?MAR"),
    ("languages:gu", "~Gujarati | ?GUJ"),
    ("languages:pa", "~Punjabi | ~Panjabi | ?PAN | ?PUN"),
    ("languages:ur", "~Urdu | ?URD"),
    ("languages:si", "~Sinhala | ~Sinhalese"),
    ("languages:ne", "~Nepali"),
    ("languages:id", "~Indonesian | ?IND"),
    ("languages:ms", "~Malay | ?MSA | ?MAY"),
    ("languages:tl", "~Tagalog | ~Filipino | ?FIL | ?TGL"),
    ("languages:km", "~Khmer"),
    ("languages:mn", "~Mongolian | ?MON"),
    ("languages:ca", "~Catalan | ~Catala | ~Català | ~Catalán | ?CAT"),
    ("languages:eu", "~Basque | ~Euskera | ?EUS | ?BAQ"),
    ("languages:gl", "~Galician | ~Gallego | ?GLG"),
    ("languages:sq", "~Albanian | ?ALB | ?SQI"),
    ("languages:af", "~Afrikaans | ?AFR"),
    ("languages:ka", "~Georgian | ?GEO | ?KA | ?KAT"),
    ("languages:hy", "~Armenian | ?ARM | ?HYE"),
    ("languages:az", "~Azerbaijani | ?AZE | Azerbaijani Dubbed"),
    ("languages:uz", "~Uzbek | ?UZB"),
    ("languages:kk", "~Kazakh | ?KAZ"),
    ("languages:rm", "~Romansh | ~Rumantsch | ~Romansch | ?ROH"),
    ("languages:hr", "~Croatian | ?HRV | ?CRO | ?HR"),
    ("languages:sr", "~Serbian | ?SRP | ?SRB"),
    ("languages:sl", "~Slovenian | ~Slovene | ?SLV | ?SI"),
    ("languages:bs", "~Bosnian | ?BOS"),
    ("languages:mk", "~Macedonian | ?MKD"),
    ("languages:ga", "~Irish | ?GLE"),
    ("languages:cy", "~Welsh | ?CYM"),
    ("languages:lb", "~Luxembourgish"),
    ("languages:ur", "?URD"),
    ("languages:original", "~Original | ~Orig | Original Audio"),
    ("nordic:1", "~Nordic | NORDiC"),
)

TRACKS: Rows = (
    (
        "multi:1",
        "~MULTi | Multi-Lang | MultiLang | Multi-Language | MULTi-Audio | Multi Audios | ~PAL-MULTi | MULTI5 | MULTI4 | MULTI3 | MULTI6",
    ),
    ("multi:1 languages:fr", "MULTi-VFF | MULTi-VF2 | MULTi-VFI | MULTi-VFQ"),
    ("dual:1", "~DUAL | Dual-Audio | DualAudio | 2xAudio | Dual Áudio | Audio Dual | Dual-Lang | Dual-Language"),
    ("tracks:DL", "~DL"),
    ("tracks:ML", "?ML"),
    ("dubbed:1", "~Dubbed | ~Dub | ~Synced | ~Dubs | ~Doblado | ~Dabing"),
)

SUBTITLES: Rows = (
    ("subs:", "Subs | ~Sub | ~Subtitles | ~Subtitle | ~Subbed | ~Subtitulado | ~Napisy"),
    (
        "tech:subs",
        "MultiSub | MultiSubs | Multi-Sub | Multi-Subs | Multiple Subtitle | Multiple Subtitles | MSubs | MSub | Multi Subtitle | Softsubs | Softsub",
    ),
    (
        "subs:en",
        "ESub | ESubs | E-Sub | E-Subs | EngSub | EngSubs | Eng-Sub | Eng-Subs | English Sub | English Subs | English Subbed | ENSub | EN-SUB",
    ),
    ("subs:pl", "PLSUB | PL-SUB | SUBPL | NapisyPL | Napisy-PL | SUB-PL | PLSubbed"),
    ("subs:nl", "NLSub | NLSubs | NL-Subs | NL-Sub | NLSubbed | NL-Subbed"),
    ("subs:ru", "RUSub | RUSubs | RusSub | RusSubs"),
    ("subs:de", "GerSub | GerSubs | German Subbed | German Sub | German Subs"),
    ("subs:it", "SubITA | SUB-ITA | ItaSub | ItaSubs"),
    ("subs:es", "SubESP | SpaSub | SpaSubs | Sub-Esp | VOSE"),
    ("subs:fr", "FRSub | FRSubs | FreSub | STFR"),
    ("subs:sv", "SWESUB | SweSubs | SWE-SUB | SWESUBBED"),
    ("subs:no", "NORSUB | NorSubs"),
    ("subs:da", "DKSUBS | DANSUB | DKSub"),
    ("subs:he", "HebSub | HebSubs | Heb-Sub | Heb-Subs"),
    ("subs:sk", "SKSUB | SLOSUBS"),
    ("subs:cs", "CZSUB | CZ-TIT | CZTIT"),
    ("subs:pt", "LegendaPT | PTSub | PT-BR-Sub"),
    ("subs:pt-BR", "PTBRSub | Legendas"),
    ("subs:zh", "CHSub | ChiSub"),
    ("subs:vi", "Vietsub"),
    ("subs:ro", "ROSub | ROSubs | RoSubbed"),
    ("subs:fi", "FiNSUB | FinSubs"),
    ("subs:ar", "ArSub | ArSubs | Arabic Subs"),
    ("subs:el", "GRSubs | GreekSubs | Greek Subs"),
    ("subs:bg", "BGSub | BGSubs"),
    ("subs:", "Line Subs"),
    ("hardcoded:KORSUB", "KORSUB"),
    ("hardcoded:KORSUBS", "KORSUBS"),
    (
        "hardcoded:",
        "~HC | HCSub | HCSubs | HC-Subs | HardSub | HardSubs | HardSubbed | Hard-Sub | HardCoded Subs | SUBBED",
    ),
)

ENGLISH_WORDS = frozenset(
    "per fin may tam tel can cat man ben kan pan ice mar mal geo ind arm est pun nor dan heb lit lat rum mon fil bos rom gre ger por "
    "ing esp tur hin kat fas hye bel sin".split()
)
"""Codes of three letters that are words, names or parts of names as well: a single one proves nothing."""

CJK: tuple[tuple[str, str], ...] = (
    (
        "zh",
        "繁體 | 繁体 | 繁中 | 简体 | 簡體 | 简中 | 简繁 | 簡繁 | 繁简 | 双语 | 雙語 | 国语 | 國語 | 普通话 | 粤语 | 粵語 | 中字 | 中文 | 字幕 | 简日 | 繁日 | 中日 | 國粵 | 国粤",
    ),
    ("ja", "日语 | 日語 | 日配 | 日本語"),
)
"""Pieces that name a language inside a longer run of characters without blanks."""
