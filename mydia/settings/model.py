"""Every setting: its type, its default, what it is for. config.yml and its documentation are made from here.

A field marked `restart` is read once, at start; the others take effect at once. Secrets are SecretStr: shown as stars, in dumps too.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import unquote, urlsplit
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    IPvAnyNetwork,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo

from mydia import events
from mydia.core.cron import check_schedule
from mydia.settings.naming import Naming
from mydia.settings.rules import Rules
from mydia.settings.section import Section, section, setting


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address starts with http:// or https:// and names a host")
    return value.rstrip("/")


def _event_name(value: str) -> str:
    known = {snake(name): name for name, event in events.EVENTS.items() if getattr(event, "stored", True)}
    name = known.get(value, value)
    if name != "*" and name not in known.values():
        raise ValueError(f"there is no event {value!r}; known are {', '.join(sorted(known))}, and '*' for all")
    return name


def snake(name: str) -> str:
    """DownloadCompleted -> download_completed, as config.yml writes events."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _cron(value: str) -> str:
    if value != "off":
        check_schedule(value, "UTC")
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]
EventName = Annotated[str, AfterValidator(_event_name)]
Schedule = Annotated[str, AfterValidator(_cron)]
Level = Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR"]


class Server(Section):
    host: str = setting("0.0.0.0", "The address to listen on; 127.0.0.1 for this machine only.", restart=True)  # noqa: S104
    port: int = setting(4000, "The port to listen on.", restart=True, ge=0, le=65535)
    secret_key_base: SecretStr | None = setting(
        None,
        "The key that signs cookies, 32 characters or more; another one logs everybody out. Made and kept in data_dir when not set.",
        restart=True,
    )
    url_scheme: Literal["http", "https"] = setting(
        "http", "How browsers reach this server. https: cookies travel by HTTPS only, and links say so."
    )
    url_host: str | None = setting(
        None, "The host name browsers use (nas.example.org, or nas.lan:4000), for links in notifications."
    )
    trusted_proxies: list[IPvAnyNetwork] = setting(
        [], "Reverse proxies whose X-Forwarded-* headers are believed: addresses or networks. None by default."
    )
    allowed_hosts: list[str] = setting(
        [],
        "Names answered to, beside addresses, local names and url_host; *.example.org for all below one. Guards against DNS rebinding.",
        restart=True,
    )

    @property
    def address(self) -> str | None:
        """What browsers open ("https://nas.example.org"); None where nobody has said it."""
        return f"{self.url_scheme}://{self.url_host}" if self.url_host else None

    @field_validator("secret_key_base")
    @classmethod
    def _long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("it must have 32 characters or more")
        return value


class Database(Section):
    path: Path | None = setting(None, "The SQLite file; <data_dir>/mydia.db when not set.", restart=True)
    key: SecretStr | None = setting(
        None,
        "Encrypts the SQLite file (SQLCipher): a passphrase, or 64 hexadecimal digits. Best given as DATABASE_KEY; lost, so is all.",
        restart=True,
    )
    wal_mode: bool = setting(True, "Write-ahead log: readers never wait for the writer.", restart=True)
    synchronous: Literal["FULL", "NORMAL"] = setting(
        "FULL",
        "FULL keeps every acknowledged change through a power cut; NORMAL may lose the last seconds, and never corrupts.",
        restart=True,
    )
    url: SecretStr | None = setting(
        None, "PostgreSQL 13 or newer, instead of path: postgresql://user:password@host:5432/name.", restart=True
    )
    pool_size: int = setting(
        4,
        "How many reads run at once beside the loop, each on a connection of its own; one more writes.",
        restart=True,
        ge=1,
        le=64,
    )
    write_timeout: float = setting(30.0, "Seconds a change may wait for the writer.", gt=0)
    log_limit_mb: int = setting(
        64, "The write-ahead log is folded into the file when it has grown beyond so many MiB.", ge=1, le=100_000
    )
    backups: int = setting(7, "How many daily backups are kept.", ge=1)
    backup_dir: Path | None = setting(None, "Where backups go; <data_dir>/backups when not set.", restart=True)
    allow_network_filesystem: bool = setting(
        False, "Open a SQLite file on a network file system, at the risk of losing data.", restart=True
    )

    @field_validator("url")
    @classmethod
    def _somewhere(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value():
            raise ValueError("it is empty; leave it out for SQLite")
        return value

    @field_validator("key")
    @classmethod
    def _something(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value():
            raise ValueError("it is empty; leave it out for a database that is not encrypted")
        return value


class Oidc(Section):
    enabled: bool | None = setting(
        None, "Log in by OpenID Connect; when not set, yes where issuer and client_id are.", restart=True
    )
    issuer: WebAddress | None = setting(
        None, "The provider's address, as its /.well-known/openid-configuration names it.", restart=True
    )
    client_id: str | None = setting(None, "This client's id at the provider.", restart=True)
    client_secret: SecretStr | None = setting(None, "This client's secret at the provider.", restart=True)
    scopes: list[str] = setting(["openid", "profile", "email"], "What is asked for.", restart=True)
    name: str | None = setting(None, "What the log-in button calls the provider; its host when not set.", restart=True)
    default_role: Literal["user", "readonly"] = setting("user", "The role of who comes in for the first time.")
    admin_groups: list[str] = setting(
        [],
        "Who is in one of these groups is an administrator, decided at every log-in; when empty, roles are set on the account page.",
        restart=True,
    )
    groups_claim: str = setting("groups", "The claim in which the provider names groups.", restart=True)

    @property
    def on(self) -> bool:
        return self.issuer is not None and self.enabled is not False

    @property
    def label(self) -> str:
        return self.name or urlsplit(self.issuer or "").hostname or "OpenID Connect"

    @model_validator(mode="after")
    def _complete(self) -> "Oidc":
        missing = [name for name in ("issuer", "client_id") if getattr(self, name) is None]
        begun = self.enabled or (self.enabled is None and (self.client_secret is not None or len(missing) == 1))
        if begun and missing:
            raise ValueError(f"log-in by OpenID Connect needs {' and '.join(missing)} too")
        if "openid" not in self.scopes:
            raise ValueError("scopes must hold openid; without it the provider says nothing of who is there")
        return self


class Auth(Section):
    oidc: Oidc = section(Oidc, "OpenID Connect.")
    local_auth_enabled: bool = setting(True, "Log in by user name and password.")
    session_days: int = setting(30, "Days until a login that is not used ends.", ge=1, le=3650)

    @model_validator(mode="after")
    def _somebody_can_log_in(self) -> "Auth":
        if not self.local_auth_enabled and not self.oidc.on:
            raise ValueError("local_auth_enabled is false and auth.oidc is not set up, so nobody could log in")
        return self


class LibraryPath(Section):
    path: Path = Field(description="The folder.")
    type: Literal["movie", "tv_show"] = Field(description="movie or tv_show.")


class Media(Section):
    library_paths: list[LibraryPath] = setting([], "The library folders; created when missing.", restart=True)
    naming: Naming = section(Naming, "How imported files are named.")
    recycle_days: int = setting(30, "Days a replaced or deleted file stays in the trash.", ge=0)
    recycle_max_gb: float | None = setting(
        None, "The trash is emptied, oldest first, when it holds more than this; no limit when not set.", ge=0
    )
    quality_profile: str = setting("HD-1080p", "The quality profile of new titles, by name.")

    @field_validator("library_paths")
    @classmethod
    def _apart(cls, value: list[LibraryPath]) -> list[LibraryPath]:
        paths = [Path(entry.path).absolute() for entry in value]
        for i, one in enumerate(paths):
            for other in paths[i + 1 :]:
                if one == other or one in other.parents or other in one.parents:
                    raise ValueError(f"{one} and {other} overlap; each file may lie in one library folder only")
        return value


class Library(Section):
    settle_seconds: float = setting(
        0.3, "A new file is taken when it has not changed for so long, and nobody writes it.", ge=0.05, le=600
    )
    scan_on_start: bool = setting(True, "Compare the library folders with what is known at every start.", restart=True)
    gone_at_least: int = setting(20, "So many files may vanish at once without a question ...", ge=0)
    gone_share: float = setting(
        0.2,
        "... and this share of a library folder. More is taken for a missing disk until somebody confirms it.",
        ge=0,
        le=1,
    )


class Embedded(Section):
    """The torrent engine that Mydia brings."""

    enabled: bool = setting(True, "Run the embedded torrent engine.", restart=True)
    listen_port: int = setting(6881, "The port peers connect to; 0 for any free one.", restart=True, ge=0, le=65535)
    listen_host: str = setting("0.0.0.0", "The address peers connect to.", restart=True)  # noqa: S104
    download_dir: Path | None = setting(
        None,
        "Where downloads go; <data_dir>/downloads when not set. On the library's file system, imports are hard links.",
        restart=True,
    )
    dht: bool = setting(True, "Find peers without a tracker (DHT, local discovery, port mapping).", restart=True)
    utp: bool = setting(True, "Speak uTP (over UDP, gives way to other traffic) beside TCP.", restart=True)
    max_download_kbps: int = setting(0, "Kilobytes a second to take at most; 0 for no limit.", restart=True, ge=0)
    max_upload_kbps: int = setting(0, "Kilobytes a second to give at most; 0 for no limit.", restart=True, ge=0)
    seed_ratio: float = setting(1.0, "Seed until so many times the size was given back ...", ge=0)
    seed_minutes: int = setting(1440, "... or for so long.", ge=0)


class Client(Section):
    name: str = Field(description="What it is called here; unique.", min_length=1)
    enabled: bool = setting(True, "Use it.", restart=True)
    priority: int = setting(1, "Of several, the lowest is used first.", restart=True)


class EmbeddedClient(Client):
    type: Literal["embedded"] = Field(description="The engine of downloads.embedded.")
    name: str = setting("embedded", "What it is called here; unique.", min_length=1)


class QbittorrentClient(Client):
    type: Literal["qbittorrent"] = Field(description="qBittorrent, by its Web API.")
    url: WebAddress = Field(description="Its Web UI's address.")
    username: str | None = setting(None, "Its Web UI's user.", restart=True)
    password: SecretStr | None = setting(None, "Its Web UI's password.", restart=True)
    category: str = setting("mydia", "The label of what Mydia adds; nothing else is ever touched.", restart=True)
    path_map: dict[str, str] = setting(
        {}, "Paths as the client sees them -> as Mydia does, where the two differ (containers).", restart=True
    )


AnyClient = Annotated[EmbeddedClient | QbittorrentClient, Discriminator("type")]


class Indexer(Section):
    name: str | None = setting(None, "What it is called here; its host when not set.", restart=True)
    url: WebAddress = Field(description="Its address.")
    api_key: SecretStr | None = setting(None, "Its key.", restart=True)
    enabled: bool = setting(True, "Use it.", restart=True)
    priority: int = setting(25, "Of equal releases, the lowest indexer's is taken.", restart=True, ge=0, le=100)
    categories: list[int] = setting([], "Categories to ask for; its films and shows when empty.", restart=True)
    timeout: float = setting(30.0, "Seconds to wait for an answer.", restart=True, gt=0, le=300)
    searches_per_day: int = setting(
        500,
        "Questions it is asked in a day (UTC) of the house's own accord; 0 for no limit. What people ask for counts, and is never refused.",
        restart=True,
        ge=0,
    )

    @property
    def label(self) -> str:
        return self.name or urlsplit(self.url).hostname or self.url


class TorznabIndexer(Indexer):
    type: Literal["torznab"] = Field(description="Torrents, by Torznab.")


class NewznabIndexer(Indexer):
    type: Literal["newznab"] = Field(description="Usenet, by Newznab.")


class ProwlarrIndexer(Indexer):
    type: Literal["prowlarr"] = Field(description="All indexers of a Prowlarr.")


AnyIndexer = Annotated[TorznabIndexer | NewznabIndexer | ProwlarrIndexer, Discriminator("type")]


class Downloads(Section):
    clients: list[AnyClient] = setting([], "Download clients; the embedded engine when there is none.", restart=True)
    indexers: list[AnyIndexer] = setting([], "Where releases are searched.", restart=True)
    embedded: Embedded = section(Embedded, "The embedded torrent engine.")
    rules: Rules = section(Rules, "What releases must meet, whatever their quality profile says.")

    @model_validator(mode="after")
    def _named_apart(self) -> "Downloads":
        for what, names in (
            ("client", [c.name for c in self.clients]),
            ("indexer", [i.label for i in self.indexers]),
        ):
            twice = sorted({n for n in names if names.count(n) > 1})
            if twice:
                raise ValueError(f"two {what}s are called {twice[0]!r}; give each a name of its own")
        return self

    @property
    def uses_embedded(self) -> bool:
        """Whether the embedded engine is a download client: one that is named, or, where none is, the only one."""
        return self.embedded.enabled and (not self.clients or any(c.type == "embedded" for c in self.clients))


class Tmdb(Section):
    api_key: SecretStr | None = setting(None, "Your key for themoviedb.org; without one, titles are not looked up.")
    base_url: WebAddress = setting("https://api.themoviedb.org/3", "The address of its API.")
    image_url: WebAddress = setting("https://image.tmdb.org/t/p", "The address of its pictures.")
    language: str = setting("en-US", "The language of titles and texts.", pattern=r"^[a-z]{2}(-[A-Z]{2})?$")


class Metadata(Section):
    tmdb: Tmdb = section(Tmdb, "The Movie Database.")


class Webhook(Section):
    name: str | None = setting(None, "What it is called here; its host when not set.")
    url: SecretStr = Field(description="Where the event is posted, as JSON.")
    events: list[EventName] = setting(["*"], "Which events; '*' for all.")
    secret: SecretStr | None = setting(None, "Signs each delivery (HMAC-SHA256 in X-Mydia-Signature).")

    @field_validator("url")
    @classmethod
    def _address(cls, value: SecretStr) -> SecretStr:
        _web_address(value.get_secret_value())
        return value

    @property
    def label(self) -> str:
        return self.name or urlsplit(self.url.get_secret_value()).hostname or "webhook"


class DiscordWebhook(Webhook):
    url: SecretStr = Field(description="The channel's webhook address.")


class Notifications(Section):
    webhooks: list[Webhook] = setting([], "Addresses that are told of events.")
    discord: list[DiscordWebhook] = setting([], "Discord channels that are told of events.")


class Queues(Section):
    """How many jobs of each queue run at once. (One at a time: some trades, importing for one, whatever room their queue has.)"""

    critical: int = setting(10, "What the house's health hangs on.", ge=1, le=100)
    default: int = setting(5, "Upkeep, and what is known of titles.", ge=1, le=100)
    media: int = setting(3, "Walking folders, looking at files, importing.", ge=1, le=100)
    search: int = setting(2, "Searching indexers.", ge=1, le=100)
    notifications: int = setting(1, "Telling people.", ge=1, le=100)


LONGEST_DRAIN = 10.0
"""Seconds. With what the rest of the house takes to stop, a whole stop stays below the 15 s that container runtimes should give it."""


class Jobs(Section):
    queues: Queues = section(Queues, "How many jobs of each queue run at once.")
    keep_days: int = setting(7, "Days a finished job is kept.", ge=1)
    keep_events_days: int = setting(365, "Days an event is kept in a title's history.", ge=1)
    shutdown_seconds: float = setting(
        10.0,
        "Seconds that running jobs get, all together, to finish when Mydia stops; then they are put back and run again. 10 at most: the "
        "whole stop stays below 15.",
        ge=0,
        le=LONGEST_DRAIN,
    )


class Schedules(Section):
    timezone: str = setting("UTC", "The time zone of the times below, such as Europe/Berlin.")
    library_scan: Schedule = setting("0 2 * * *", "Walk the library folders.")
    automated_search: Schedule = setting("0 */6 * * *", "Search what is missing.")
    quality_upgrade: Schedule = setting(
        "30 */6 * * *", "Search something better than what is held, where its profile wants it."
    )
    metadata_refresh: Schedule = setting("30 4 * * *", "Refresh what is known of titles.")
    prune: Schedule = setting("0 3 * * *", "Remove old jobs and events, empty the trash of what is old.")
    optimize_store: Schedule = setting("30 3 * * *", "Refresh the database's statistics, fold its log, note its size.")
    vacuum_store: Schedule = setting(
        "30 4 * * 0", "Write the database anew without what was deleted; others wait meanwhile."
    )
    check_store: Schedule = setting("45 3 * * 0", "Check the database's integrity.")
    backup_store: Schedule = setting("15 3 * * *", "Write a verified backup of the database.")

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"there is no time zone {value!r}; they are named like Europe/Berlin")
        return value


class Logging(Section):
    level: Level = setting("INFO", f"The least that is logged: {', '.join(get_args(Level))}.")
    json_lines: bool | None = setting(
        None, "JSON lines; when not set, coloured text on a terminal and JSON elsewhere.", alias="json"
    )
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Config(Section):
    data_dir: Path = setting(Path("./data"), "Where Mydia keeps what it writes.", restart=True)
    server: Server = section(Server, "The web server.")
    database: Database = section(Database, "The database.")
    auth: Auth = section(Auth, "Who may enter, and how.")
    media: Media = section(Media, "The library.")
    library: Library = section(Library, "How library folders are watched.")
    downloads: Downloads = section(Downloads, "Where releases are found, and who downloads them.")
    metadata: Metadata = section(Metadata, "Where titles are looked up.")
    notifications: Notifications = section(Notifications, "Who is told of what happens.")
    jobs: Jobs = section(Jobs, "Background jobs.")
    schedules: Schedules = section(
        Schedules, "What time asks for: cron schedules (minute hour day month weekday), or 'off' for never."
    )
    logging: Logging = section(Logging, "The log.")

    @model_validator(mode="after")
    def _downloads_lie_beside(self) -> "Config":
        downloads = self.download_dir.absolute()
        for folder in (Path(entry.path).absolute() for entry in self.media.library_paths):
            if self.downloads.embedded.enabled and (downloads == folder or folder in downloads.parents):
                raise ValueError(
                    f"downloads go to {downloads}, inside the library folder {folder}: what is being downloaded would be taken for the "
                    "library's own; set downloads.embedded.download_dir to a folder beside it"
                )
        return self

    @property
    def database_file(self) -> Path:
        return self.database.path or self.data_dir / "mydia.db"

    @property
    def database_key(self) -> str | None:
        return None if self.database.key is None else self.database.key.get_secret_value()

    @property
    def backup_dir(self) -> Path:
        return self.database.backup_dir or self.data_dir / "backups"

    @property
    def download_dir(self) -> Path:
        return self.downloads.embedded.download_dir or self.data_dir / "downloads"

    @property
    def poster_dir(self) -> Path:
        return self.data_dir / "posters"


_ADDRESS = re.compile(r"[a-z]+://[^/@]*:([^/@]+)@")
"""An address with a password, which is a secret by itself."""


def secrets(model: BaseModel) -> Iterator[str]:
    """The plain text of every secret in a configuration, for the log's mask."""
    for value in model.__dict__.values():
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
            if word := _ADDRESS.match(value.get_secret_value()):
                yield unquote(word[1])
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, BaseModel):
                yield from secrets(inner)


def needs_restart(info: FieldInfo) -> bool:
    """Whether a field is read once, at start."""
    extra = info.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("restart"))


def restart_keys(model: type[BaseModel] = Config, prefix: str = "") -> frozenset[str]:
    """The dotted keys that are read once, at start; what stands inside a list counts under the list's key."""
    found: set[str] = set()
    for name, info in model.model_fields.items():
        key = f"{prefix}{info.alias or name}"
        if isinstance(info.annotation, type) and issubclass(info.annotation, Section):
            found |= restart_keys(info.annotation, f"{key}.")
        elif needs_restart(info):
            found.add(key)
    return frozenset(found)
