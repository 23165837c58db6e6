"""What every release must meet, whatever its quality profile says; `decide_settings` hands it to `core.decide`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator

from mydia.core import decide
from mydia.core.decide.words import word_pattern
from mydia.core.patterns import Pattern, problem
from mydia.settings.section import Section, section, setting

Protocol = Literal["torrent", "usenet"]


def _word(term: str) -> str:
    if not term.strip():
        raise ValueError("a word must not be empty: it would be found in every name")
    found = word_pattern(term)
    wrong = problem(found.source) if isinstance(found, Pattern) else None
    if wrong is not None:
        raise ValueError(wrong)
    return term


Word = Annotated[str, AfterValidator(_word)]


class Delay(Section):
    torrent_minutes: int = setting(0, "Minutes a torrent must have been offered.", ge=0, le=525600)
    usenet_minutes: int = setting(0, "Minutes a usenet post must have been offered.", ge=0, le=525600)
    bypass_if_highest: bool = setting(False, "Do not wait with what is of the profile's best quality already.")
    bypass_above_score: int | None = setting(None, "Do not wait with what scores at least so much.")


class Rules(Section):
    required: list[Word] = setting([], "Words or /patterns/, of which a release's name must hold one.")
    ignored: list[Word] = setting([], "Words or /patterns/ that refuse a release.")
    max_size_gb: float = setting(0, "Releases larger than this are refused; 0 for no limit.", ge=0)
    protocols: list[Protocol] = setting(["torrent", "usenet"], "The kinds of releases that are taken.", min_length=1)
    preferred_protocol: Protocol = setting("torrent", "Of equal releases, this kind is taken.")
    min_seeders: int = setting(
        1, "Torrents known to have fewer seeders are refused; an unknown number is not zero.", ge=0
    )
    min_free_gb: float = setting(1, "Grab nothing when it would leave less than this free.", ge=0)
    min_age_minutes: int = setting(0, "Usenet posts younger than this wait: they spread slowly.", ge=0)
    retention_days: int = setting(0, "Usenet posts older than this are gone; 0 for no limit.", ge=0)
    delay: Delay = section(Delay, "How long to wait for something better.")
    pack_min_share: float = setting(
        0,
        "A season pack is taken when this share of its episodes (0 to 1) is missing or made better; 0: any.",
        ge=0,
        le=1,
    )
    pack_required_after_days: int = setting(
        0, "So many days after a season's end only whole packs of it are taken; 0 for never.", ge=0
    )
    min_availability: Literal["announced", "in_cinemas", "released"] = setting(
        "released", "From when on a film is searched: announced, in_cinemas or released."
    )
    availability_delay_days: int = setting(0, "Days added to that; may be negative.", ge=-365, le=365)
    air_date_grace_days: int | None = setting(
        None,
        "Days after an episode's air date (before, when negative) from which a release is believed; not set: always.",
        ge=-365,
        le=365,
    )
    allow_hardcoded_subs: bool = setting(False, "Take films with subtitles burnt into the picture.")
    hardcoded_subs_allowed: list[str] = setting([], "Such subtitles that are welcome, as names mark them: VOSTFR ...")
    required_flags: list[str] = setting([], "Flags of which a torrent must have one: freeleech, internal ...")
    prefer_flags: bool = setting(False, "Take free and internal torrents of films before others.")


def decide_settings(
    rules: Rules,
    *,
    clients: frozenset[Protocol] = frozenset(("torrent", "usenet")),
    free_space: int | None = None,
    resting: Mapping[str, datetime] | None = None,
) -> decide.Settings:
    """The rules as deciding takes them, with what is known of the moment: which kinds a client can take, free bytes, resting indexers."""
    return decide.Settings(
        required=tuple(rules.required),
        ignored=tuple(rules.ignored),
        min_seeders=rules.min_seeders,
        min_age=rules.min_age_minutes,
        retention=rules.retention_days,
        max_size=int(rules.max_size_gb * 1e9),
        protocols=frozenset(rules.protocols),
        preferred_protocol=rules.preferred_protocol,
        delay=decide.Delay(
            torrent=rules.delay.torrent_minutes,
            usenet=rules.delay.usenet_minutes,
            bypass_if_highest=rules.delay.bypass_if_highest,
            bypass_above_score=rules.delay.bypass_above_score,
        ),
        pack_min_share=rules.pack_min_share,
        pack_required_after=rules.pack_required_after_days,
        allow_hardcoded_subs=rules.allow_hardcoded_subs,
        hardcoded_subs_allowed=tuple(rules.hardcoded_subs_allowed),
        free_space=free_space,
        min_free_space=int(rules.min_free_gb * 1e9),
        air_date_grace=rules.air_date_grace_days,
        availability_delay=rules.availability_delay_days,
        required_flags=tuple(rules.required_flags),
        prefer_flags=rules.prefer_flags,
        resting_indexers=dict(resting or {}),
        clients=clients,
    )
