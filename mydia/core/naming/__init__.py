"""Names of files and folders: a template and facts in, a relative path out.

facts     what a name is made from, and how a person wants names written
template  the template language, read into pieces
values    the vocabulary: what each token stands for
numbering numbers, and several episodes in one file
text      cleaning, shortening and casing of text that may come from anywhere
render    the one function that makes a name
checking  what is wrong with a template; what a change of template would rename
presets   templates as Plex, Jellyfin, Emby and Kodi like them
"""

from mydia.core.naming.checking import Problem, Renaming, differences, preview, validate
from mydia.core.naming.facts import MediaFacts, NamingFacts, NamingOptions
from mydia.core.naming.presets import PRESETS, NamingPreset
from mydia.core.naming.render import render

__all__ = [
    "PRESETS",
    "MediaFacts",
    "NamingFacts",
    "NamingOptions",
    "NamingPreset",
    "Problem",
    "Renaming",
    "differences",
    "preview",
    "render",
    "validate",
]
