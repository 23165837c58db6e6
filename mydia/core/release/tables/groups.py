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
)  # fmt: skip

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
    "com net org info to me tv co uk de fr it es pl ru nl nz au ca za in eu ws cc biz gov edu mx lt ag am xyz "
    "club io  "
    "se no li ch br is pw site online one ink life top vip fun lol pro link cx bz nu mobi asia name zone "
    "com.br".split()
)
"""The last label of an address, by which a site's mark is known."""
