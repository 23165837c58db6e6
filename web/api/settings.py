"""The configuration as it is in force, with where each value comes from; and quality profiles."""

from typing import Any

from pydantic import SecretStr
from quart import Blueprint

from mydia.choosing.queries import list_profiles
from mydia.core.quality import QualityProfile
from mydia.errors import Unavailable
from mydia.settings import changes
from mydia.settings.load import Loaded, dotted_values
from web.api.kit import operation
from web.api.models import ConfigChange, ConfigOut, ProfileList, ProfileOut, Setting
from web.policy import Policy, Visit

api = Blueprint("settings_api", __name__)


@operation(api, "/config", Policy.ADMIN, answers=ConfigOut)
async def get_config(visit: Visit) -> ConfigOut:
    """Every setting in force. Secrets are stars."""
    return config_out(_loaded(visit))


@operation(api, "/config", Policy.ADMIN, method="PUT", body=ConfigChange, answers=ConfigOut)
async def change_config(visit: Visit, body: ConfigChange) -> ConfigOut:
    """Change settings at run time: above config.yml, beneath the environment. Nothing is changed when one value is wrong."""
    loaded = await visit.write(changes.set_settings, _loaded(visit), body.values, actor=visit.name)
    visit.house.adopt(loaded)
    return config_out(loaded)


@operation(api, "/quality-profiles", Policy.READ, answers=ProfileList)
async def quality_profiles(visit: Visit) -> ProfileList:
    """The quality profiles, by name."""
    return ProfileList([_profile(p) for p in await visit.read(list_profiles)])


def config_out(loaded: Loaded) -> ConfigOut:
    return ConfigOut(
        [
            Setting(key, _shown(value), loaded.sources[key].kind, loaded.sources[key].where)
            for key, value in dotted_values(loaded.config)
        ]
    )


def _loaded(visit: Visit) -> Loaded:
    if visit.house.loaded is None:
        raise Unavailable("The configuration's sources are not known here")
    return visit.house.loaded


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return str(value)
    if isinstance(value, list):
        return [_shown(v) for v in value]
    return value if value is None or isinstance(value, str | int | float | bool | dict) else str(value)


def _profile(profile: QualityProfile) -> ProfileOut:
    data = profile.to_json()
    return ProfileOut(data["id"], data["name"], data["qualities"], data["cutoff"], data["upgrades"])
