"""How imported files are named: whole paths below the library folder, as templates in the words of `core.naming`."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, model_validator

from mydia.core.naming import PRESETS, NamingOptions, NamingPreset, validate
from mydia.core.naming.facts import MultiEpisode
from mydia.core.naming.text import ColonStyle
from mydia.core.quality import Kind
from mydia.settings.section import Section, setting

_ILLEGAL: Final = frozenset('/\\:*?"<>|')


def _checked(template: str, kind: Kind) -> str:
    problems = validate(template, kind)
    if problems:
        raise ValueError("; ".join(p.message for p in problems))
    return template


def _movie(template: str) -> str:
    return _checked(template, "movie")


def _episode(template: str) -> str:
    return _checked(template, "episode")


MovieTemplate = Annotated[str, AfterValidator(_movie)]
EpisodeTemplate = Annotated[str, AfterValidator(_episode)]


class Naming(Section):
    movie: MovieTemplate = setting(
        "{title} ({year})/{title} ({year}) - {quality}", "Where a film goes, below its library folder."
    )
    episode: EpisodeTemplate = setting(
        "{show}/Season {season}/{show} - S{season:2}E{episode:2} - {title}",
        "Where an episode goes, below its library folder.",
    )
    daily: EpisodeTemplate | None = setting(None, "Where an episode of a daily show goes; as any episode when not set.")
    anime: EpisodeTemplate | None = setting(None, "Where an episode of an anime goes; as any episode when not set.")
    special: EpisodeTemplate | None = setting(None, "Where a special (season 0) goes; as any episode when not set.")
    rename: bool = setting(
        True, "Name files by these templates; otherwise each keeps its release's name, in their folders."
    )
    colon: ColonStyle = setting("smart", "What becomes of a colon, which file systems refuse.")
    custom_colon: str = setting("", "What stands for a colon where colon is 'custom'.", max_length=10)
    multi_episode: MultiEpisode = setting("prefixed_range", "How several episodes in one file are written.")
    replace_illegal: bool = setting(True, "Replace characters that file systems refuse; otherwise they are left out.")

    @model_validator(mode="after")
    def _legal(self) -> "Naming":
        if wrong := sorted(_ILLEGAL & set(self.custom_colon)):
            raise ValueError(f"custom_colon: {wrong[0]!r} cannot be part of a file name")
        return self

    def template(self, kind: Kind, series_type: Literal["standard", "daily", "anime"], season: int | None) -> str:
        """The template for one film or episode."""
        if kind == "movie":
            return self.movie
        own = {"daily": self.daily, "anime": self.anime}.get(series_type)
        return (self.special if season == 0 else own) or self.episode

    def options(self, extension: str = "", suffix: str = "") -> NamingOptions:
        return NamingOptions(
            colon=self.colon,
            custom_colon=self.custom_colon,
            multi_episode=self.multi_episode,
            replace_illegal=self.replace_illegal,
            rename=self.rename,
            extension=extension,
            standard_template=self.episode,
            suffix=suffix,
        )


def preset(name: str) -> dict[str, str]:
    """The templates of a preset (one of core.naming.PRESETS), by their keys here. KeyError for another name."""
    p: NamingPreset = PRESETS[name]
    shows = f"{p.series_folder}/{p.season_folder}"
    return {
        "movie": f"{p.movie_folder}/{p.movie_file}",
        "episode": f"{shows}/{p.episode_file}",
        "daily": f"{shows}/{p.daily_file}",
        "anime": f"{shows}/{p.anime_file}",
        "special": f"{p.series_folder}/{p.specials_folder}/{p.episode_file}",
    }
