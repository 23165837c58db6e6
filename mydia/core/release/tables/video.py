"""Where the picture comes from and how it is stored: sources, resolutions, codecs, dynamic range, services, containers."""

from mydia.core.release.terms import Rows

SOURCES: Rows = (
    ("source:web-dl", "HDRip | HD-Rip"),
    ("source:webrip", "WEBCap | WEB-Cap | DMRip"),
    ("source:web-dl", "WEB-DL | WEB-DLMux | WEBDL | WEBHD | WEB-HD | ~WEB | WebRelease"),
    ("source:web-dl resolution:2160", "WEB-UHD | UHD-WEB | UHD-WEB-DL"),
    ("source:webrip resolution:2160", "UHD-WEBRip | WEBRip-UHD"),
    ("source:web-dl service:AMZN", "AmazonHD | AmazonSD | AmazonUHD"),
    ("source:web-dl service:NF", "NetflixHD | NetflixUHD"),
    ("source:web-dl service:iT", "iTunesHD | iTunesSD | iTunesUHD"),
    ("source:web-dl service:iT", "iT WEB-DL | iT WEB"),
    ("source:webrip service:iT", "iT WEBRip | iT WEB-Rip"),
    ("source:web-dl service:HMAX", "HBOMaxHD"),
    ("source:web-dl service:DSNP", "DisneyHD"),
    ("source:web-dl service:MAXD", "MaxdomeHD"),
    ("source:webrip", "WEBRip | WEB-Rip | WEBMux | WEB-DLRip | WEB-DL-Rip | WEB-HDRip | DLMux"),
    ("source:webrip", "HD-Rip | WEBDL Rip"),
    ("source:hdtv", "HDTV | HD-TV | HDTVRip | HDTV-Rip | TVHD | UHDTV | UHDTVRip | HDTVMux | AHDTV"),
    ("source:pdtv", "PDTV | SDTV | SD-TV | TVRip | TV-Rip | SATRip | SAT-Rip | DTHRip | DTH-Rip | DTVRip"),
    ("source:pdtv", "DVBRip | DVB-Rip | DVB | ~DTH"),
    ("source:pdtv", "DSR | DSRip | DS-Rip | WS-DSR | PPV-Rip | PPVRip | ~PPV | CATVRip | ~SAT | ~VODRip"),
    ("source:pdtv", "~VOD | DSTV | SDTVRip"),
    ("source:raw-hd", "RawHD | Raw-HD"),
    ("source:bluray", "Blu-ray | BluRay | MBluRay | M-BluRay | Blu-rayRip | BluRayRip"),
    ("source:bluray mux:1", "BDMux | BRMux | BlurayMux | Blu-ray Mux"),
    ("source:bluray", "BDRM | BD-RM | UHDRip | UHD-Rip | BDLight | BD-Light | ~BD | ~Blu"),
    ("source:bluray", "UHD2BD | UHDBD | UHD-BD | 4KLight | HDLight | HD-DVD | HDDVD | HD-DVDRip | HDDVDRip"),
    ("source:bluray", "mHD | microHD | mUHD"),
    ("source:bluray uhd:1", "UHD-BluRay | UHD-Blu-ray | Ultra HD Blu-ray | UltraHD-BluRay"),
    ("source:bdrip", "BDRip | BD-Rip | BRRip | BR-Rip | BDRipMux | BRRipMux | UHDBDRip | UHD-BDRip"),
    ("source:bdrip", "Blu-ray-Rip"),
    ("source:brdisk", "BDISO | BD-ISO | BD25 | BD-25 | BD50 | BD-50 | BD66 | BD-66 | BD100 | BD-100"),
    ("source:brdisk", "BR-Disk | BR-Disc | BRDisk | BDFull"),
    ("source:brdisk", "Complete Blu-ray | Full BluRay | Full Blu-ray | Full-BD | BluRay Disc | Blu-ray Disk"),
    ("source:brdisk", "3D-BD"),
    ("source:brdisk uhd:1", "Complete UHD BluRay | Complete UHD Blu-ray | Complete UHD-BD | Full UHD BluRay"),
    ("source:dvd", "DVD | DVDRip | DVD-Rip | SD-DVD | DVDMux | DVD-Mux | XviDVD | ~DVDR-Rip | DVDRip-DVDR"),
    ("source:dvd", "DVDBD"),
    ("source:dvd video_codec:xvid", "DVDivX | DVDXviD"),
    ("source:dvd-r", "DVD-R | DVDR | DVD5 | DVD-5 | DVD9 | DVD-9 | 2DVD5 | 2DVD9 | MDVDR | MDVD-R | 2xDVD9"),
    ("source:dvd-r", "2xDVD5 | DVD-Full | Full-DVD"),
    ("source:dvdscr", "DVDSCR | DVD-SCR | DVDScreener | DVD-Screener | SCREENER | ~SCR | BDSCR | WEBSCR"),
    ("source:dvdscr", "PRE-HDRip | PRE-HD"),
    ("source:dvdscr", "WEB-SCR | VHSScreener | HDSCR | BRScreener | BR-Screener"),
    ("source:regional", "R5 | ~Regional | ~R1 | ~R2 | ~R3 | ~R4 | ~R6 | ~R7 | ~R8 | ~R9 | R5-Line"),
    ("source:cam", "HDCAM | HD-CAM | CAMRip | CAM-Rip | HDCAMRip | CAMHD | HD-CAMRip | HQCAM | HQ-CAM"),
    ("source:cam", "~CAM | NewCAM | ~New-CAM | PreDVDRip | S-Print"),
    ("source:telesync", "HDTS | HD-TS | HQTS | TSRip | TS-Rip | HDTSRip | TELESYNC | PDVD | PDVDRip"),
    ("source:telesync", "TS-Screener | PreDVD | ~TS | HD-TSRip | PTVD | DVDTS"),
    ("source:telecine", "HDTC | HD-TC | TELECINE | TCRip | HDTCRip | ~TC | HQTC"),
    ("source:workprint", "WORKPRINT | ~WP"),
    ("source:vhs", "VHSRip | VHS-Rip | ~VHS"),
    ("standard:dvd", "NTSC | PAL | ~SECAM | DVD-PAL"),
)

MODIFIERS: Rows = (
    ("modifier:remux", "REMUX | Hybrid-REMUX"),
    ("modifier:remux source:bluray", "BDREMUX | BD-REMUX | UHDREMUX | UHD-REMUX | BluRayRemux"),
    ("modifier:remux source:bluray", "BluRay Remux | 4KUHDRemux | UHD-BDRemux | UHDBDRemux"),
    ("modifier:hr", "HR-WS | HR-PDTV"),
    ("disk:1", "~ISO | ~COMPLETE"),
    ("source:bluray disk:1", "BDMV"),
)

RESOLUTIONS: Rows = (
    ("resolution:480", "480p | 480i | 360p | 360i | 240p | 288p | 368p | 384p | 404p | 432p | 450p | 460p"),
    ("resolution:480", "540p | 540i | 544p | 528p | 520p | ~SD | 400p"),
    ("resolution:576", "576p | 576i"),
    ("resolution:720", "720p | 720i | 960p | 900p | 720hd | 800p | hd720p | 7200p | ?720"),
    ("resolution:1080", "1080p | 1080i | FHD | FullHD | Full-HD | 1080hd | 1440p | QHD | hd1080p | 816p | 10800p"),
    ("resolution:1080", "?1080"),
    ("resolution:2160", "2160p | 2160i | 4K | UltraHD | ~UHD | 4Kto1080p | 4KUHD | UHD4K | ?2160"),
    ("resolution:1080", "4K to 1080p | 4K-1080p"),
    ("size_hint:HD", "~HD | ~HQ"),
)

VIDEO_CODECS: Rows = (
    ("video_codec:h264", "x264 | x.264 | H264 | H.264 | H-264 | h264-AVC"),
    ("video_codec:h264 raw:1", "AVC"),
    ("video_codec:h265", "x265 | x.265 | H265 | H.265 | x256"),
    ("video_codec:h265 raw:1", "HEVC"),
    ("video_codec:h266", "x266 | x.266 | H266 | H.266"),
    ("video_codec:h266 raw:1", "VVC"),
    ("video_codec:h264 raw:1", "MVC"),
    ("video_codec:av1", "AV1"),
    ("video_codec:vp9", "VP9"),
    ("video_codec:vp8", "VP8"),
    ("video_codec:xvid", "XviD | DivX | DivX5 | DivX6 | Xvid-HD | DivX-HD"),
    ("video_codec:mpeg2 raw:1", "MPEG2 | MPEG-2 | ~M2V | H.262"),
    ("video_codec:mpeg4", "MPEG4 | MPEG-4"),
    ("video_codec:vc1 raw:1", "VC1 | VC-1"),
    ("video_codec:wmv", "WMV | WMV9 | WMV-HD"),
    ("video_codec:h263", "H.263 | h263"),
)

DEPTHS: Rows = (
    ("bit_depth:10", "10bit | 10-bit | 10bits | 10-bits | Hi10 | Hi10P | 10b | Hi444PP"),
    ("bit_depth:8", "8bit | 8-bit | 8bits | 8-bits | Hi8"),
    ("bit_depth:12", "12bit | 12-bit | 12bits | Hi12"),
)

HDR: Rows = (
    ("hdr:DV", "DoVi | Dolby Vision | ~DV | DoVi-P8 | DoVi-P5 | DolbyVision"),
    ("hdr:HDR10+", "HDR10+ | HDR10P | HDR10Plus | HDR10-Plus"),
    ("hdr:HDR10", "HDR10"),
    ("hdr:HDR", "HDR"),
    ("hdr:DV hdr:HDR", "DV-HDR | DVHDR"),
    ("hdr:HLG", "HLG"),
    ("hdr:PQ", "~PQ | PQ10"),
    ("tech:sdr", "SDR"),
)

SERVICES: Rows = (
    ("service:NF", "~NF | ~Netflix"),
    ("service:AMZN", "AMZN | ~Amazon"),
    ("service:DSNP", "DSNP | ~DSNY | ~Disney+ | ~DP"),
    ("service:HMAX", "HMAX | ~MAX | ~HBO | ~HBOMax"),
    ("service:HULU", "~HULU"),
    ("service:ATVP", "ATVP | ~ATV | ~ATV+ | ~APTV"),
    ("service:PCOK", "PCOK | ~Peacock"),
    ("service:PMTP", "PMTP | ~PMNP | ~Paramount+"),
    ("service:iT", "~iTunes"),
    ("service:CR", "~CR | ~Crunchyroll"),
    ("service:iP", "~iP | ~iPlayer"),
    ("service:STAN", "~STAN"),
    ("service:CRAV", "~CRAV | ~Crave"),
    ("service:NOW", "~NOW"),
    ("service:SKST", "SKST | SkySHO | SkyShowtime"),
    ("service:SHO", "ShoHD | ~SHO"),
    ("service:STARZ", "~STARZ | ~STZ"),
    ("service:MA", "~MoviesAnywhere"),
    ("service:VUDU", "~VUDU"),
    ("service:RED", "~RED"),
    ("service:BCORE", "BCORE"),
    ("service:HIDI", "HIDIVE | HIDI"),
    ("service:FUNI", "~FUNI"),
    ("service:ADN", "~ADN"),
    ("service:B-Global", "B-Global | BGlobal"),
    ("service:Baha", "Baha"),
    ("service:ViuTV", "ViuTV | ~VIU"),
    ("service:ABEMA", "~ABEMA"),
    ("service:UNXT", "UNXT"),
    ("service:iQIY", "iQIYI | iQIY"),
    ("service:WTCH", "WTCH | ~Watcha"),
    ("service:TVING", "TVING"),
    ("service:MVSTP", "MVSTP | MVSTAR"),
    ("service:FLMN", "~FILMIN | ~FLMN"),
    ("service:ALL4", "~ALL4"),
    ("service:ITVX", "~ITVX | ~ITV"),
    ("service:MY5", "~MY5"),
    ("service:AE", "~AE | ~A&E"),
    ("service:CC", "~CC"),
    ("service:CBS", "~CBS"),
    ("service:NBC", "~NBC"),
    ("service:AMC", "~AMC"),
    ("service:FOX", "~FOX"),
    ("service:CW", "~CW | ~CWTV"),
    ("service:DSCP", "~DSCP"),
    ("service:SYFY", "~SYFY"),
    ("service:PBS", "~PBS"),
    ("service:NICK", "~NICK"),
    ("service:ROKU", "~ROKU"),
    ("service:TUBI", "~TUBI"),
    ("service:CRIT", "~CRiT | ~CRKL | ~CRiTERiON"),
    ("service:MUBI", "~MUBI"),
    ("service:CINET", "CINET"),
    ("service:SALTO", "~SALTO"),
    ("service:VRV", "~VRV"),
    ("service:PLAY", "~PLAY"),
    ("service:HS", "~HS | ~HTSR | ~JHS"),
    ("service:ZEE5", "ZEE5"),
    ("service:SONYLIV", "SonyLIV | SONYLV"),
)

CONTAINERS: Rows = (
    ("container:mkv", "~MKV | mkvonly"),
    ("container:mp4", "~MP4 | ~M4V"),
    ("container:avi", "~AVI"),
    ("container:ts", "~M2TS"),
)

THREE_D: Rows = (
    ("three_d:SBS", "3D-SBS | 3D-HSBS | 3D-H-SBS | HSBS | H-SBS | Half-SBS | 3D-Half-SBS | SBS-3D | ~SBS"),
    ("three_d:SBS", "Full-SBS | FSBS"),
    ("three_d:OU", "3D-HOU | 3D-OU | HOU-3D | ~HOU | H-OU | Half-OU | 3D-Half-OU | 3D-H-OU | HTAB | 3D-TAB"),
    ("three_d:OU", "3D-HTAB | Half-TAB"),
    ("three_d:3D", "~3D | BluRay3D | BD3D"),
)

EXTENSIONS: dict[str, str] = {
    ext: ext
    for ext in (
        "3gp 3g2 asf asx avi bin dat dvr dvr-ms evo f4v flv img iso m1v m2t m2ts m2v m4v mk3d mkv mov "
        "mp4 mp4v mpe  "
        "mpeg mpg mts mxf nrg nsv nuv ogm ogv ps qt rec rm rmvb strm svq3 tp trp ts vob vp6 vro webm wm wmv wtv "
        "nzb torrent nfo srt ass ssa sub idx sup vtt rar zip 7z tar gz tgz bz2 tb2 tbz2 ace arj cbr cbz cb7 "
        "r00 txt jpg jpeg png gif bmp webp tbn"
    ).split()
}
"""File name endings that are taken off. Those of videos are the container."""

SUBTITLES = frozenset("srt ass ssa sub idx sup vtt".split())

NO_CONTAINER = frozenset(
    "nzb torrent nfo srt ass ssa sub idx sup vtt rar zip 7z tar gz tgz bz2 tb2 tbz2 ace arj cbr cbz cb7 r00 "
    "txt jpg jpeg png gif bmp webp tbn bin dat".split()
)

_SMALL = (
    "m4v 3gp 3g2 nsv strm rm rmvb mov qt nrg wmv asf asx ogm ogv m2v avi bin dat dvr-ms mpg mpeg mpe m1v mp4 "
    "mp4v evo f4v flv svq3 nuv vp6"
)

DEFAULTS: dict[str, tuple[str, int | None]] = {
    **dict.fromkeys(_SMALL.split(), ("sdtv", 480)),
    **dict.fromkeys(("ts", "mkv", "mk3d", "wtv"), ("hdtv", 720)),
    **dict.fromkeys(("m2ts", "mts"), ("bluray", 720)),
    **dict.fromkeys(("vob", "iso", "img"), ("dvd", 480)),
    "webm": ("web-dl", 480),
}
"""The quality that a container suggests where the name says nothing of it."""
