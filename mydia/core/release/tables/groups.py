"""Release groups whose spelling breaks the rule "the last word, after a hyphen", and the endings that are no group."""

EXCEPTIONS: tuple[str, ...] = (
    # written with a hyphen, a dot or a blank in them
    "D-Z0N3", "E.N.D", "Fight-BB", "Koten_Gars", "BEN THE MEN", "Eml HDTeam", "Project Angel", "Mystic Z-Team",
    "YTS.LT", "YTS.MX", "YTS.AG", "YTS.AM", "YTS",
    # written without a hyphen before them, behind the last technical word or alone in a bracket
    "Tigole", "QxR", "Joy", "t3nzin", "Silence", "Garshasp", "Kappa", "Natty", "RCVR", "SAMPA", "YOGI", "r00t",
    "RZeroX", "DarQ", "KCRT", "TAoE", "KRaLiMaRKo", "Anna", "PSA", "HDO", "CtrlHD", "XZVN", "BluDragon", "HONE",
    "ZØNEHD", "HQMUX", "YIFY", "TMd", "LMain", "SEV", "Vyndros", "ImE", "UTR", "Ghost", "EDGE2020", "Bandi",
    "Langbard", "Ralphy", "FreetheFish", "afm72", "Panda", "Vialle", "jennaortega", "jennaortegaUHD", "MONOLITH",
    "GiLG", "theincognito", "DusIctv", "ADC", "RH", "Kametsu", "Qman", "VARYG", "HDOlimpo", "ZR",
    "DHD", "LION", "HxD", "Celdra", "ToNaTo", "Goki", "ArcX", "MarkyMark", "bccornfo", "DNU", "DUHiT", "Erie", "xtrem3x",
    "jb2049", "Nostradamus", "TheSickle", "JBENT", "Frys", "MZABI", "Weasley", "Cybotage",
)  # fmt: skip

NOISE: frozenset[str] = frozenset(
    "rp 1 obfuscated obfuscation scrambled pre postbot xpost whiterev buymore asrequested "
    "alternativetorequested gerov z0ids3n chamele0n 4p 4planet altezachen alteregos repackpost repost obf yify4all bc".split()
)
"""What reposting programs append after the group ("-NTb-BUYMORE")."""

REPOSTER = "rakuv"
"""The one that has many names ("-Rakuv02", "-RakuvUS")."""

POSTERS: frozenset[str] = frozenset("nzbgeek rarbg scene prodji".split())
"""Those that append their name too, but are a group themselves where no other stands before them."""

SITES: frozenset[str] = frozenset(
    "rartv rarbg eztv ettv ethd publichd nzbgeek tgx glodls rartv mkvonly vtv cttv cpg mrn usenet-turk".split()
)
"""Indexers that put their mark in brackets behind the group."""

TOP_LEVEL = frozenset(
    "com net org info to me tv co uk de fr it es pl ru nl nz au ca za in eu ws cc biz gov edu mx lt ag am xyz club io se "
    "no li ch br is pw site online one ink life top vip fun lol pro link cx bz nu mobi asia name zone la re st sc gd gs "
    "at be cz sk dk fi hu gr pt ro bg hr rs ua by kz lv ee us jp cn hk tw kr th vn ph sg my id ar cl pe ve yt cat mil int "
    "aero coop museum travel jobs post tel academy actor adult agency app art bar bet bid blog buzz cam cash center city "
    "click cloud cool day design dev digital email film fit games gratis green guru guide help house how icu "
    "law live love ltd media moe moi monster movie network news ninja party photo photography pics pictures pizza plus "
    "porn press pub red rest review reviews rip rocks run sale sbs school science sexy shop show social space store "
    "stream studio surf systems tech tips today tokyo tools town trade tube uno video vision watch webcam website "
    "wiki win work works world wtf zip".split()
)
"""The last label of an address, by which a site's mark is known."""

WORDS_TOO = frozenset(
    "to me co in it es is no am us at be my so la re st art bar bet blog cam cash center city click cool day design film "
    "fit games green guide help house how law live love movie news one party photo plus post press red "
    "rest run sale school science show social space studio surf today top town trade tube video vision "
    "watch win work works world zip fun life name pro zone cat int".split()
)
"""Of these, the words that end a title as well ("Dr.No - ..."): an address only in brackets or after "www"."""
