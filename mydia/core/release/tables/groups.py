"""Release groups whose spelling breaks the rule "the last word, after a hyphen", and the endings that are no group."""

EXCEPTIONS: tuple[str, ...] = (
    # The whole name of the group, where it holds a hyphen, a dot or a blank, or follows no hyphen at all.
    "D-Z0N3", "E.N.D", "Fight-BB", "VARYG", "Tigole", "QxR", "Joy", "t3nzin", "Silence", "Garshasp", "Kappa", "Natty",
    "RCVR", "SAMPA", "YOGI", "r00t", "RZeroX", "DarQ", "KCRT", "TAoE", "KRaLiMaRKo", "Anna", "PSA", "HDO", "CtrlHD",
    "XZVN", "Koten_Gars", "BluDragon", "HONE", "ZØNEHD", "HQMUX", "YIFY", "YTS.LT", "YTS.MX", "YTS.AG", "YTS.AM",
    "YTS", "TMd", "Eml HDTeam", "HDTeam", "LMain", "SEV", "Vyndros", "ImE", "UTR", "Ghost", "EDGE2020", "Bandi",
    "Langbard", "Ralphy", "FreetheFish", "afm72", "Panda", "Vialle", "jennaortega", "jennaortegaUHD", "TheSickle",
    "Weasley[HONE]", "DUHiT", "Goki", "xtrem3x", "ArcX", "MeGusta", "Pahe", "ELiTE", "BEN THE MEN",
    "HDOlimpo", "BRiAN", "BTN", "ProRes", "-ZR-", "ZR", "Mystic Z-Team",
)  # fmt: skip

LISTED = frozenset(
    "tigole qxr joy t3nzin silence garshasp kappa natty rcvr sampa yogi r00t rzerox darq kcrt taoe kralimarko anna psa hdo "
    "ctrlhd xzvn bludragon hone zonehd zønehd hqmux yify tmd hdteam lmain sev vyndros ime utr edge2020 bandi langbard "
    "ralphy freethefish afm72 vialle fumi datass d-z0n3".split()
)

NOISE: frozenset[str] = frozenset(
    "rp 1 obfuscated obfuscation scrambled sample pre postbot xpost rakuv rakuv02 rakuvus rakuvfinhel whiterev "
    "buymore asrequested alternativetorequested gerov z0ids3n chamele0n 4p 4planet alteregos repackpost "
    "repost obf yify4all bc".split()
)
"""What reposting programs append after the group ("-NTb-Rakuv")."""

POSTERS: frozenset[str] = frozenset("nzbgeek rarbg scene prodji".split())
"""Those that append their name too, but are a group themselves where no other stands before them."""

SITES: frozenset[str] = frozenset(
    "rartv rarbg eztv ettv ethd publichd nzbgeek tgx glodls rartv mkvonly vtv cttv cpg mrn usenet-turk".split()
)
"""Indexers that put their mark in brackets behind the group."""

TOP_LEVEL = frozenset(
    "com net org info to me tv co uk de fr it es pl ru nl nz au ca za in eu ws cc biz gov edu mx lt ag am xyz club io "
    "se no li ch br is pw site online one ink life top vip fun lol pro link cx bz nu mobi asia name zone com.br".split()
)
"""The last label of an address, by which a site's mark is known."""
