"""How the sound is stored. A digit or two after a codec ("DD5.1", "AAC 2.0") are its channels, read by `passes/wording.py`."""

from mydia.core.release.terms import Rows

CODECS: Rows = (
    ("audio:AC3", "AC3 | AC-3 | DD | Dolby Digital | DolbyD | AC3D | AC3MD | AC3LD | DD5.1EX | DDEX | ~Dolby"),
    ("audio:EAC3", "EAC3 | E-AC-3 | E-AC3 | EAC-3 | DDP | DD+ | DDPlus | Dolby Digital Plus | EAC3D | DDPA"),
    ("audio:EAC3 atmos:1", "DDPA | DDP-Atmos"),
    ("audio:TrueHD", "TrueHD | True-HD | Dolby TrueHD | DTrueHD | THD"),
    ("atmos:1", "Atmos | Dolby Atmos"),
    ("audio:TrueHD atmos:1", "TrueHD Atmos"),
    ("audio:DTS", "DTS | DTSD | DTS-ES | DTSMD"),
    ("audio:DTS-HD_MA", "DTS-HD MA | DTS-HDMA | DTSHD-MA | DTSHDMA | DTS-MA | DTS-HD Master Audio"),
    ("audio:DTS-HD_MA", "DTS-ES MA"),
    ("audio:DTS-HD", "DTS-HD | DTSHD"),
    ("audio:DTS-HD_HRA", "DTS-HD HRA | DTS-HD HR | DTS-HR | DTS-HRA | DTS-HR MA"),
    ("audio:DTS-HD_MA dtsx:1", "DTS-X | DTS:X | DTSX | DTS-X MA | DTS-HD MA X | DTS-X-MA"),
    ("audio:AAC", "AAC | HE-AAC | AAC-LC | HEAAC | QAAC | LC-AAC"),
    ("audio:FLAC", "FLAC"),
    ("audio:Opus", "~Opus"),
    ("audio:Vorbis", "~Vorbis | ~OGG"),
    ("audio:MP3", "MP3"),
    ("audio:MP2", "MP2"),
    ("audio:PCM", "LPCM | ~PCM"),
    ("tech:audio", "~Line | ~Auds | Line Audio | HQ Line Auds | MIC | ~MD | ~LD | ~2Audio | 2Audios"),
    ("tech:audio", "24-bit Audio | Audio | ~Aud"),
)

CHANNELS: Rows = (
    ("channels:1", "~1ch"),
    ("channels:2", "2ch | ~Stereo"),
    ("channels:5.1", "6ch | 5.1ch | 6 channel"),
    ("channels:7.1", "8ch | 7.1ch"),
)
