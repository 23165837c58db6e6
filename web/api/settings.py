"""The configuration as it is in force, with where each value comes from; and quality profiles."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr
from quart import Blueprint

from mydia import logs
from mydia.choosing import changes as choosing
from mydia.choosing.queries import get_profile, list_profiles
from mydia.core.quality import QualityProfile
from mydia.settings.load import Loaded, dotted_values
from mydia.settings.model import restart_keys
from web.api.kit import Body, operation
from web.forms import loaded, set_now
from web.policy import Policy, Visit

api = Blueprint("settings_api", __name__)


# -- shapes


@dataclass(frozen=True, slots=True)
class Setting:
    """One value in force.

    `source` is env, runtime, file or default; `where` names the variable, or the file and its line. `restart`: a change counts from the
    next start on. A secret's value is stars.
    """

    key: str
    value: Any
    source: Literal["env", "runtime", "file", "default"]
    where: str
    restart: bool


@dataclass(frozen=True, slots=True)
class ConfigOut:
    settings: list[Setting]


class ConfigChange(Body):
    """Dotted keys and their new values; null goes back to what the file (or the default) says."""

    values: Annotated[dict[str, Any], Field(min_length=1, examples=[{"media.recycle_days": 14}])]


class GroupIn(Body):
    """Qualities of one rank."""

    group: Annotated[str, Field(min_length=1, max_length=100)]
    qualities: Annotated[list[str], Field(min_length=1)]


class SizeIn(Body):
    """Megabytes a minute of run time."""

    min: Annotated[float, Field(ge=0)] = 0.0
    preferred: Annotated[float | None, Field(ge=0)] = None
    max: Annotated[float | None, Field(ge=0)] = None


Score = Annotated[int, Field(ge=-(2**31), lt=2**31)]


class ProfileIn(Body):
    """A whole quality profile, qualities worst to best; only what is listed is allowed."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    qualities: Annotated[
        list[str | GroupIn],
        Field(min_length=1, examples=[["HDTV-720p", {"group": "WEB", "qualities": ["WEBDL-1080p", "WEBRip-1080p"]}]]),
    ]
    cutoff: Annotated[str | None, Field(description="From this quality (or group) on no upgrade is sought")] = None
    upgrades: bool = True
    sizes: Annotated[dict[str, SizeIn], Field(default_factory=dict)]
    scores: Annotated[dict[str, Score], Field(default_factory=dict, description="Custom format -> its worth")]
    min_score: Score = 0
    cutoff_score: Score = 10000
    min_gain: Annotated[int, Field(ge=1, lt=2**31)] = 1
    propers: Literal["prefer", "do_not_upgrade", "do_not_prefer"] = "prefer"
    languages: Annotated[list[str], Field(default_factory=list)]


@dataclass(frozen=True, slots=True)
class Group:
    group: str
    qualities: list[str]


@dataclass(frozen=True, slots=True)
class SizeOut:
    min: float
    preferred: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class ProfileOut:
    """A quality profile, qualities worst to best."""

    id: str
    name: str
    qualities: list[str | Group]
    cutoff: str
    upgrades: bool
    sizes: dict[str, SizeOut]
    scores: dict[str, int]
    min_score: int
    cutoff_score: int
    min_gain: int
    propers: str
    languages: list[str]


@dataclass(frozen=True, slots=True)
class ProfileList:
    items: list[ProfileOut]


# -- the configuration


@operation(api, "/config", Policy.ADMIN, answers=ConfigOut)
async def get_config(visit: Visit) -> ConfigOut:
    """Every setting in force. Secrets are stars."""
    return config_out(loaded(visit))


@operation(api, "/config", Policy.ADMIN, method="PUT", body=ConfigChange, answers=ConfigOut)
async def change_config(visit: Visit, body: ConfigChange) -> ConfigOut:
    """Change settings at run time: above config.yml, beneath the environment. Nothing is changed when one value is wrong."""
    return config_out(await set_now(visit, body.values))


def config_out(loaded: Loaded) -> ConfigOut:
    at_start = restart_keys()

    def setting(key: str, value: Any) -> Setting:
        source = loaded.sources[key]
        return Setting(
            key, _shown(value), source.kind, source.where, any(f"{key}.".startswith(f"{k}.") for k in at_start)
        )

    return ConfigOut([setting(key, value) for key, value in dotted_values(loaded.config)])


def _shown(value: Any) -> Any:
    """A value that JSON has. An address may hold a key or a password although it is no secret as a whole."""
    if isinstance(value, list):
        return [_shown(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _shown(v) for k, v in value.items()}
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value) if isinstance(value, SecretStr) else logs.mask(str(value))


# -- quality profiles


@operation(api, "/quality-profiles", Policy.READ, answers=ProfileList)
async def list_quality_profiles(visit: Visit) -> ProfileList:
    """The quality profiles, by name."""
    return ProfileList([profile_out(p) for p in await visit.read(list_profiles)])


@operation(api, "/quality-profiles", Policy.ADMIN, method="POST", body=ProfileIn, answers=ProfileOut, status=201)
async def add_quality_profile(visit: Visit, body: ProfileIn) -> ProfileOut:
    """Add a quality profile."""
    profile_id = await visit.write(choosing.put_profile, profile_of(body, ""), actor=visit.name)
    return profile_out(await visit.read(get_profile, profile_id))


@operation(api, "/quality-profiles/<profile_id>", Policy.READ, answers=ProfileOut)
async def get_quality_profile(visit: Visit, profile_id: str) -> ProfileOut:
    """One quality profile."""
    return profile_out(await visit.read(get_profile, profile_id))


@operation(api, "/quality-profiles/<profile_id>", Policy.ADMIN, method="PUT", body=ProfileIn, answers=ProfileOut)
async def change_quality_profile(visit: Visit, profile_id: str, body: ProfileIn) -> ProfileOut:
    """Put another in a quality profile's place; its titles keep it."""
    await visit.write(choosing.replace_profile, profile_of(body, profile_id), actor=visit.name)
    return profile_out(await visit.read(get_profile, profile_id))


@operation(api, "/quality-profiles/<profile_id>", Policy.ADMIN, method="DELETE")
async def delete_quality_profile(visit: Visit, profile_id: str) -> None:
    """Delete a quality profile that no title uses."""
    await visit.write(choosing.delete_profile, profile_id, actor=visit.name)


def profile_of(body: ProfileIn, profile_id: str) -> QualityProfile:
    try:
        return QualityProfile.from_json({**body.model_dump(), "id": profile_id})
    except ValueError as wrong:
        raise choosing.refusal(wrong) from None


def profile_out(profile: QualityProfile) -> ProfileOut:
    data = profile.to_json()
    qualities = [q if isinstance(q, str) else Group(q["group"], q["qualities"]) for q in data.pop("qualities")]
    sizes = {name: SizeOut(**size) for name, size in data.pop("sizes").items()}
    return ProfileOut(qualities=qualities, sizes=sizes, **data)
