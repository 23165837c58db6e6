"""Where a setting comes from, and how a mistake is told: by file and line, all of them at once."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from mydia.errors import Invalid
from mydia.settings.document import document
from mydia.settings.load import PREFIX, VARIABLES, Loaded, dotted_values, load_config, with_overrides
from mydia.settings.model import Config, restart_keys, secrets

MISSION = """\
server:
  host: "0.0.0.0"
  port: 4000
  secret_key_base: "${SECRET_KEY_BASE}"
  url_scheme: "https"
  url_host: "mydia.example.com"

database:
  path: "${DATABASE_PATH:-/config/mydia.db}"
  wal_mode: true
  # url: "${DATABASE_URL}"
  # pool_size: 10

auth:
  oidc:
    enabled: true
    issuer: "https://auth.example.com/realms/myrealm"
    client_id: "${OIDC_CLIENT_ID}"
    client_secret: "${OIDC_CLIENT_SECRET}"
    scopes: ["openid", "profile", "email"]
  local_auth_enabled: false

media:
  library_paths:
    - path: "/data/movies"
      type: "movie"
    - path: "/data/tv"
      type: "tv_show"
  naming:
    movie: "{title} ({year})/{title} ({year}) - {quality}"
    episode: "{show}/Season {season}/{show} - S{season:2}E{episode:2} - {title}"

downloads:
  clients:
    - type: "qbittorrent"
      name: "primary"
      url: "http://qbittorrent:8080"
      username: "${QB_USER}"
      password: "${QB_PASS}"
  indexers:
    - type: "prowlarr"
      url: "http://prowlarr:9696"
      api_key: "${PROWLARR_API_KEY}"

notifications:
  webhooks:
    - url: "https://example.com/webhook"
      events: ["download_completed", "media_added"]
"""
SECRETS = {
    "SECRET_KEY_BASE": "canary-secret-key-base-of-some-length",
    "OIDC_CLIENT_ID": "mydia",
    "OIDC_CLIENT_SECRET": "canary-oidc",
    "QB_USER": "admin",
    "QB_PASS": "canary-qb",
    "PROWLARR_API_KEY": "canary-prowlarr",
}


def load(tmp_path: Path, text: str, env: Mapping[str, str] | None = None) -> Loaded:
    file = tmp_path / "config.yml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, env or {})


def problems(tmp_path: Path, text: str, env: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(Invalid) as refused:
        load(tmp_path, text, env)
    # One problem stands behind the headline, several below it.
    headline, *below = str(refused.value).splitlines()
    return [line.strip() for line in below] or [headline.partition(": ")[2].removeprefix(" ")]


def test_the_missions_example_loads_and_every_key_of_it_counts(tmp_path: Path) -> None:
    loaded = load(tmp_path, MISSION, SECRETS)
    config = loaded.config
    assert (config.server.port, config.server.url_scheme, config.server.url_host) == (
        4000,
        "https",
        "mydia.example.com",
    )
    assert str(config.database_file) == "/config/mydia.db"
    assert (config.auth.oidc.client_id, config.auth.local_auth_enabled) == ("mydia", False)
    assert [(str(p.path), p.type) for p in config.media.library_paths] == [
        ("/data/movies", "movie"),
        ("/data/tv", "tv_show"),
    ]
    client = config.downloads.clients[0]
    assert client.type == "qbittorrent"
    assert client.password == SecretStr("canary-qb")
    assert config.downloads.indexers[0].label == "prowlarr"
    assert config.notifications.webhooks[0].events == ["DownloadCompleted", "MediaAdded"]


def test_no_file_and_no_environment_is_a_house_that_runs(tmp_path: Path) -> None:
    loaded = load_config(None, {})
    assert loaded.config == Config()
    assert {source.kind for source in loaded.sources.values()} == {"default"}


def test_the_environment_stands_above_run_time_above_the_file_above_the_default(tmp_path: Path) -> None:
    file = "server:\n  port: 1\n  url_host: file.example\n  host: 127.0.0.1\n"
    base = load(tmp_path, file, {"PORT": "2"})
    loaded = with_overrides(base, {"server.url_host": "run.example", "server.url_scheme": "https"})
    server = loaded.config.server
    assert (server.port, server.url_host, server.host, server.url_scheme) == (2, "run.example", "127.0.0.1", "https")
    assert {
        key: loaded.sources[f"server.{key}"].where
        for key in ("port", "url_host", "host", "url_scheme", "allowed_hosts")
    } == {
        "port": "PORT",
        "url_host": "run time",
        "host": "config.yml:4",
        "url_scheme": "run time",
        "allowed_hosts": "default",
    }
    assert base.fixed("server.port")
    assert not base.fixed("server.host")
    assert with_overrides(base, {"server.port": 3}).config.server.port == 2


def test_every_value_has_a_source(tmp_path: Path) -> None:
    loaded = load(tmp_path, MISSION, SECRETS)
    assert set(loaded.sources) == {key for key, _ in dotted_values(loaded.config)}
    line = MISSION.splitlines().index('      password: "${QB_PASS}"') + 1
    assert loaded.sources["downloads.clients.0.password"].where == f"config.yml:{line}"
    assert loaded.sources["downloads.clients.0.category"].kind == "default"


@pytest.mark.parametrize("name", VARIABLES)
def test_each_of_the_missions_variables_sets_its_key(tmp_path: Path, name: str) -> None:
    values = {
        "DATABASE_URL": "postgresql://h/db",
        "POOL_SIZE": "7",
        "PORT": "4321",
        "SECRET_KEY_BASE": "x" * 40,
        "OIDC_ISSUER": "https://idp.example",
        "TZ": "Europe/Berlin",
    }
    needed = {"OIDC_ISSUER": "https://other.example", "OIDC_CLIENT_ID": "other"} if name.startswith("OIDC_") else {}
    loaded = load_config(None, {**needed, name: values.get(name, "/somewhere")})
    key = ".".join(map(str, VARIABLES[name]))
    assert loaded.sources[key].where == name
    assert dict(dotted_values(loaded.config))[key] != dict(dotted_values(Config()))[key]


def test_every_key_can_be_set_by_the_environment_lists_and_items_too(tmp_path: Path) -> None:
    env = {
        "MYDIA__MEDIA__LIBRARY_PATHS": "[{path: /a, type: movie}]",
        "MYDIA__LOGGING__JSON": "true",
        "MYDIA__DOWNLOADS__CLIENTS__0__PASSWORD": "from the environment",
        "MYDIA__SERVER__URL_HOST": "",
    }
    loaded = load(tmp_path, MISSION, {**SECRETS, **env})
    assert [str(p.path) for p in loaded.config.media.library_paths] == ["/a"]
    assert loaded.config.logging.json_lines is True
    assert loaded.sources["downloads.clients.0.password"].where == "MYDIA__DOWNLOADS__CLIENTS__0__PASSWORD"
    assert loaded.config.server.url_host == "mydia.example.com"  # empty is not set


def test_a_variable_that_names_nothing_is_told_by_its_name(tmp_path: Path) -> None:
    found = problems(tmp_path, "", {"MYDIA__SERVER__PROT": "1", "MYDIA__DOWNLOADS__CLIENTS__3__NAME": "x"})
    assert found == [
        "MYDIA__DOWNLOADS__CLIENTS__3__NAME: there is no downloads.clients.3.name to set",
        "MYDIA__SERVER__PROT: server.prot: there is no such key; did you mean 'port'?",
    ] or found == [
        "MYDIA__SERVER__PROT: server.prot: there is no such key; did you mean 'port'?",
        "MYDIA__DOWNLOADS__CLIENTS__3__NAME: downloads.clients: this must be a list",
    ]


def test_all_mistakes_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = """\
server:
  prot: 4000
  port: abc
  url_host: 12
medai: {}
downloads:
  clients:
    - type: rtorrent
      name: x
    - type: qbittorrent
      name: y
      pasword: z
auth:
  oidc:
    scopes: openid
database:
  synchronous: MAYBE
schedules:
  prune: "61 * * * *"
  timezone: Mars/Olympus
notifications:
  webhooks:
    - url: example.com
      events: [download_complete]
"""
    told = problems(tmp_path, text)
    for line in (
        "config.yml:2: server.prot: there is no such key; did you mean 'port'?",
        "config.yml:3: server.port: this must be a valid integer, unable to parse string as an integer",
        "config.yml:4: server.url_host: this must be text; put it in quotes",
        "config.yml:5: medai: there is no such key; did you mean 'media'?",
        "config.yml:8: downloads.clients.0: there is no type 'rtorrent'; known are embedded, qbittorrent",
        "config.yml:10: downloads.clients.1.url: this key is needed",
        "config.yml:12: downloads.clients.1.pasword: there is no such key; did you mean 'password'?",
        "config.yml:15: auth.oidc.scopes: this must be a list",
        "config.yml:17: database.synchronous: this must be one of FULL or NORMAL",
        "config.yml:20: schedules.timezone: there is no time zone 'Mars/Olympus'; they are named like Europe/Berlin",
        "config.yml:23: notifications.webhooks.0.url: an address starts with http:// or https:// and names a host",
    ):
        assert line in told
    assert any(line.startswith("config.yml:19: schedules.prune: '61 * * * *' is no schedule") for line in told)
    assert any(
        line.startswith("config.yml:24: notifications.webhooks.0.events.0: there is no event 'download_complete'")
        for line in told
    )
    assert len(told) == 13


def test_a_variable_that_is_not_set_is_told_and_never_taken_for_empty(tmp_path: Path) -> None:
    assert problems(tmp_path, 'server:\n  url_host: "${NOWHERE}"\n') == [
        "config.yml:2: the environment variable NOWHERE is not set; set it, or write ${NOWHERE:-a default}"
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("${HERE}", "here"),
        ("${HERE:-x}", "here"),
        ("${NOWHERE:-x}", "x"),
        ("${EMPTY:-x}", "x"),
        ("a${HERE}b", "ahereb"),
        ("$${HERE}", "${HERE}"),
        ("${NOWHERE:-}", ""),
        ("5$", "5$"),
    ],
)
def test_variables_are_filled_in(tmp_path: Path, written: str, meant: str) -> None:
    loaded = load(tmp_path, f'server:\n  url_host: "{written}"\n', {"HERE": "here", "EMPTY": ""})
    assert loaded.config.server.url_host == meant


@pytest.mark.parametrize("written", ["${A:-${B}}", "${A-b}", "${A:?b}", "${A", "${}"])
def test_what_looks_like_a_variable_and_is_none_is_told(tmp_path: Path, written: str) -> None:
    told = problems(tmp_path, f'server:\n  port: 1\n  url_host: "{written}"\n', {"A": "", "B": "b"})
    assert "config.yml:3: only ${NAME} and ${NAME:-a default} are filled in; write $${ for these two characters" in told


def test_variables_that_come_to_nothing_are_as_if_their_key_were_not_written(tmp_path: Path) -> None:
    text = "database:\n  url: ${DB:-}\nauth:\n  oidc:\n    issuer: ${ISSUER:-}\nserver:\n  port: ${PORT_:-}\n"
    assert load(tmp_path, text).config == Config()
    assert problems(tmp_path, 'database:\n  url: "${DB:-}"\n') == [
        "config.yml:2: database.url: it is empty; leave it out for SQLite"
    ]


def test_a_key_that_stands_twice_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path, "server:\n  port: 1\nserver:\n  port: 2\n")[0] == (
        "config.yml:3: server stands here a second time (first in line 1)"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("server:\n  port: [1\n", r"config\.yml:\d: this is no YAML"),
        ("- a\n- b\n", r"config\.yml:1: the configuration must be keys and values"),
        ("a: &a [*a]\n", "nested too deeply"),
        ("server: 5\n", "server: this must be a section with keys of its own"),
        ("server:\n\tport: 1\n", r"config\.yml:2: this is no YAML"),
    ],
)
def test_what_is_no_configuration_at_all_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        load(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"nowhere\.yml cannot be read"):
        load_config(tmp_path / "nowhere.yml", {})
    (tmp_path / "binary.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Invalid, match=r"binary\.yml cannot be read"):
        load_config(tmp_path / "binary.yml", {})


def test_an_empty_file_and_empty_sections_are_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "").config == Config()
    assert load(tmp_path, "server:\n  # port: 1\nauth:\n  oidc:\n").config == Config()


def test_numbers_are_read_as_people_write_them(tmp_path: Path) -> None:
    assert load(tmp_path, 'server:\n  port: "04000"\n').config.server.port == 4000
    assert load(tmp_path, "server:\n  port: 04000\n").config.server.port == 4000  # not octal


@pytest.mark.parametrize(
    "folders",
    [("/films", "/films"), ("/media", "/media/films"), ("/media/films/old", "/media/films")],
)
def test_library_folders_may_not_overlap(tmp_path: Path, folders: tuple[str, str]) -> None:
    text = "media:\n  library_paths:\n" + "".join(f"    - {{path: {f}, type: movie}}\n" for f in folders)
    assert "overlap" in problems(tmp_path, text)[0]


@pytest.mark.parametrize(
    "text",
    ["downloads:\n  embedded:\n    download_dir: /films/new\n", "data_dir: /films\n", "data_dir: /films/.mydia\n"],
)
def test_downloads_may_not_lie_inside_a_library_folder(tmp_path: Path, text: str) -> None:
    library = "media:\n  library_paths:\n    - {path: /films, type: movie}\n"
    (told,) = problems(tmp_path, library + text)
    assert "inside the library folder /films" in told


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    text = "downloads:\n  indexers:\n" + "    - {type: torznab, url: 'http://a:1'}\n" * 2
    assert "two indexers are called 'a'" in problems(tmp_path, text)[0]


# -- secrets


def test_no_dump_of_a_configuration_shows_a_secret(tmp_path: Path) -> None:
    loaded = load(tmp_path, MISSION, SECRETS)
    shown = "\n".join(
        [
            repr(loaded),
            str(loaded.config),
            loaded.config.model_dump_json(),
            str(loaded.config.model_dump()),
            str(list(dotted_values(loaded.config))),
        ]
    )
    assert "canary" not in shown
    known = set(secrets(loaded.config))
    assert {value for value in SECRETS.values() if "canary" in value} <= known


def test_a_mistake_beside_a_secret_does_not_tell_it(tmp_path: Path) -> None:
    text = "server:\n  secret_key_base: canary-short\ndownloads:\n  indexers:\n    - {type: torznab, url: 'http://x', api_key: 12345678}\n"
    told = "\n".join(problems(tmp_path, text))
    assert "server.secret_key_base: it must have 32 characters or more" in told
    assert "canary" not in told
    assert "12345678" not in told


# -- config.yml


def test_config_yml_is_up_to_date() -> None:
    """`python -m mydia.settings.document > config.yml` writes it."""
    assert (Path(__file__).parents[2] / "config.yml").read_text(encoding="utf-8") == document()


def test_every_key_in_config_yml_is_documented_and_its_default_is_the_real_one(tmp_path: Path) -> None:
    written = load(tmp_path, re.sub(r"^(\s*)#(?=\S)", r"\1", document(), flags=re.MULTILINE))
    documented = {key for key, source in written.sources.items() if source.kind == "file"}
    unset = {key for key, value in dotted_values(Config()) if value is None}
    lists = {"downloads.clients", "downloads.indexers", "notifications.webhooks", "notifications.discord"}
    every = {key for key, _ in dotted_values(written.config)}
    assert every - documented <= unset | lists
    for key in unset | lists - {"media.library_paths"}:
        assert re.search(rf"^\s*#{key.rpartition('.')[2]}:", document(), re.MULTILINE), key
    assert written.config.model_copy(update={"media": Config().media}) == Config()


def test_a_fresh_clones_config_yml_loads_with_its_library_folders(tmp_path: Path) -> None:
    loaded = load(tmp_path, document())
    assert [p.type for p in loaded.config.media.library_paths] == ["movie", "tv_show"]
    assert loaded.config.model_copy(update={"media": Config().media}) == Config()


def test_the_examples_in_config_yml_load(tmp_path: Path) -> None:
    text = re.sub(r"^(\s*)#(?=\S|  )", r"\1", document(), flags=re.MULTILINE)
    numbers = iter(range(100))
    downloads = load(tmp_path, re.sub(r"(?<=name:)  #", lambda _: f" example{next(numbers)}  #", text)).config.downloads
    assert [client.type for client in downloads.clients] == ["embedded", "qbittorrent"]
    assert [indexer.type for indexer in downloads.indexers] == ["torznab", "newznab", "prowlarr"]


def test_which_keys_need_a_restart_is_data() -> None:
    keys = restart_keys()
    assert {"server.port", "database.path", "downloads.clients", "media.library_paths"} <= keys
    assert not {"schedules.prune", "media.recycle_days", "auth.session_days"} & keys


def test_the_prefix_is_the_programs_own() -> None:
    assert PREFIX == "MYDIA__"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("oidc: {enabled: true, client_id: x}", "oidc: log-in by OpenID Connect needs issuer too"),
        ("oidc: {client_secret: x}", "oidc: log-in by OpenID Connect needs issuer and client_id too"),
        (
            "local_auth_enabled: false",
            "local_auth_enabled is false and auth.oidc is not set up, so nobody could log in",
        ),
        (
            "{local_auth_enabled: false, oidc: {enabled: false, issuer: https://idp.example, client_id: x}}",
            "local_auth_enabled is false and auth.oidc is not set up, so nobody could log in",
        ),
        ("oidc: {scopes: [profile]}", "scopes must hold openid; without it the provider says nothing of who is there"),
    ],
)
def test_a_house_that_nobody_could_enter_is_refused_in_one_line(tmp_path: Path, written: str, told: str) -> None:
    (line,) = problems(tmp_path, f"auth:\n  {written}\n")
    assert line.startswith("config.yml:")
    assert line.endswith(told)


def test_openid_connect_is_on_where_the_environment_names_the_provider_and_the_client(tmp_path: Path) -> None:
    env = {"OIDC_ISSUER": "https://idp.example/realms/home/", "OIDC_CLIENT_ID": "mydia"}
    oidc = load_config(None, env).config.auth.oidc
    assert (oidc.on, oidc.label) == (True, "idp.example")
    assert not load(tmp_path, "auth:\n  oidc:\n    enabled: false\n", env).config.auth.oidc.on
