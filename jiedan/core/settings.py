"""The settings of an installation: each declared once, with type, default, range and sentence.

A value comes from the environment (`JIEDAN_…`), else from `settings.toml`, else from the
default. A name nobody declared is an error, so that a misspelt setting never goes unnoticed.
"""

from __future__ import annotations

import dataclasses
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from jiedan.core.errors import Invalid
from jiedan.core.i18n import LazyText, lazy

SOURCE_ROOT = Path(__file__).resolve().parent.parent.parent
_NAMED = re.compile(r'_env\s*=\s*"(JIEDAN_\w+)"')
_OF_COMMANDS = frozenset({"JIEDAN_TOKEN"})
"""Variables that single commands read by themselves."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SettingsInvalid(Invalid):
    """The settings are wrong: %(complaints)s"""


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """A line of the manual's list of settings."""

    name: str
    variable: str
    type: str
    default: str
    range: str
    sentence: str


def _setting(
    default: Any,
    sentence: LazyText,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    variable: str | None = None,
    secret: bool = False,
) -> Any:
    return dataclasses.field(
        default=default,
        repr=not secret,
        metadata={
            "sentence": sentence,
            "low": low,
            "high": high,
            "choices": choices,
            "variable": variable,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of this installation, checked."""

    root: Path = _setting(  # noqa: RUF009 - a field declaration, as dataclasses.field is
        SOURCE_ROOT,
        lazy("The folder that holds processes, forms, handlers and config."),
    )
    data_dir: Path = _setting(  # noqa: RUF009 - a field declaration, as dataclasses.field is
        Path("var"),
        lazy("Where the database, the attachments and the secret key live; relative to the root."),
        variable="JIEDAN_DATA",
    )
    database_url: str = _setting(
        "",
        lazy(
            "The database as a URL; empty means a SQLite file in the data folder, "
            "PostgreSQL is postgresql://user:password@host/name."
        ),
        variable="JIEDAN_DATABASE",
        secret=True,
    )
    database_pool: int = _setting(
        20, lazy("How many database connections a process keeps open."), low=2, high=200
    )
    database_busy_seconds: float = _setting(
        30.0, lazy("How long a step waits for its turn to write, in seconds."), low=0.1, high=300
    )
    dispatch: str = _setting(
        "apscheduler",
        lazy(
            "Who hands out jobs: apscheduler for one machine, procrastinate for many; "
            "procrastinate needs PostgreSQL."
        ),
        choices=("apscheduler", "procrastinate"),
    )
    workers: int = _setting(
        4, lazy("How many jobs a process works on at the same time."), low=1, high=64
    )
    host: str = _setting(
        "127.0.0.1", lazy("The address to listen on; the demo insists on this machine only.")
    )
    port: int = _setting(8000, lazy("The port to listen on."), low=1, high=65535)
    threads: int = _setting(
        8, lazy("How many requests are answered at the same time."), low=1, high=256
    )
    public_url: str = _setting(
        "", lazy("The address people use, for links in mails; empty means host and port.")
    )
    mail_url: str = _setting(
        "",
        lazy(
            "The mail server, as smtp://user:password@host:587?tls=starttls or smtps://…; "
            "empty means that no mail is sent."
        ),
        secret=True,
    )
    mail_from: str = _setting(
        "", lazy("The address that mails come from; empty means jiedan@ the mail server.")
    )
    secret_key: str = _setting(
        "",
        lazy("Signs cookies and links; empty means one is made and kept in the data folder."),
        secret=True,
    )
    demo: bool = _setting(
        False, lazy("Demo mode: sample company, sign-in with one click, a clock that can be moved.")
    )
    demo_orders: int = _setting(
        60,
        lazy("How many orders the demo works through before it opens for the first time."),
        low=0,
        high=1000,
    )
    company: str = _setting("", lazy("The name of your company, at the head of printed papers."))
    company_en: str = _setting(
        "", lazy("The company's English name; empty means the same name in both languages.")
    )
    company_contact: str = _setting(
        "", lazy("Address and service hotline of the company, under its name on printed papers.")
    )
    locale: str = _setting(
        "zh", lazy("The language for people who have not chosen one."), choices=("zh", "en")
    )
    request_max_kb: int = _setting(
        1024,
        lazy("The largest request without attachments that is read, in kilobytes."),
        low=64,
        high=65536,
    )
    session_idle_minutes: int = _setting(
        120, lazy("A sign-in ends after this many minutes without a click."), low=5, high=10080
    )
    session_hours: int = _setting(
        12, lazy("A sign-in ends after this many hours in any case."), low=1, high=720
    )
    sign_in_failures: int = _setting(
        5, lazy("How many wrong passwords in a row lock a login for a while."), low=3, high=50
    )
    sign_in_failures_per_ip: int = _setting(
        50, lazy("How many wrong passwords from one address lock that address."), low=5, high=10000
    )
    sign_in_lock_minutes: int = _setting(
        15, lazy("How long a lock lasts, in minutes."), low=1, high=1440
    )
    password_min_length: int = _setting(
        10, lazy("The fewest characters of a password."), low=8, high=128
    )
    password_hash_kib: int = _setting(
        65536,
        lazy("Memory that hashing a password takes, in KiB; less is weaker."),
        low=8,
        high=1048576,
    )
    password_hash_rounds: int = _setting(
        3, lazy("How many passes hashing a password takes; fewer are weaker."), low=1, high=20
    )
    log_format: str = _setting(
        "text",
        lazy("How log lines look: text for people, json for machines."),
        choices=("text", "json"),
    )
    log_level: str = _setting(
        "info",
        lazy("The least important log line that is written."),
        choices=("debug", "info", "warning", "error"),
    )

    @property
    def config_dir(self) -> Path:
        """The folder of the .toml files."""
        return self.root / "config"

    def database(self) -> str:
        """The database URL with its default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'jiedan.db'}"

    def address(self) -> str:
        """The URL under which people reach the product, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def load_settings(
    *, root: Path | None = None, environment: Mapping[str, str] | None = None, **given: Any
) -> Settings:
    """Settings from `given`, the environment, `config/settings.toml` and the defaults.

    Raises SettingsInvalid that names every complaint.
    """
    environment = os.environ if environment is None else environment
    root = Path(root or environment.get("JIEDAN_ROOT") or SOURCE_ROOT).resolve()
    complaints: list[str] = []
    raw: dict[str, Any] = _from_file(root, complaints)
    raw |= _from_environment(environment, _named_in_config(root))
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    for name in sorted(raw.keys() - fields.keys()):
        complaints.append(f"{name}: unknown")
    types = get_type_hints(Settings)
    values: dict[str, Any] = {}
    for name, value in {**raw, **given, "root": root}.items():
        if name in fields:
            try:
                values[name] = _checked(fields[name], types[name], value)
            except ValueError as error:
                complaints.append(f"{name}: {error}")
    settings = Settings(**values) if not complaints else Settings()
    if settings.demo and settings.host not in LOOPBACK:
        complaints.append("host: the demo listens on this machine only")
    if complaints:
        raise SettingsInvalid(complaints="; ".join(complaints))
    data_dir = settings.data_dir
    if not data_dir.is_absolute():
        settings = dataclasses.replace(settings, data_dir=root / data_dir)
    if not settings.secret_key:
        settings = dataclasses.replace(settings, secret_key=_kept_secret(settings.data_dir))
    return settings


def describe() -> list[SettingDescription]:
    """Every setting, for the manual, in the language in force."""
    types = get_type_hints(Settings)
    return [
        SettingDescription(
            name=field.name,
            variable=_variable(field),
            type=types[field.name].__name__,
            default=_shown_default(field),
            range=_shown_range(field),
            sentence=str(field.metadata["sentence"]),
        )
        for field in dataclasses.fields(Settings)
    ]


def _from_file(root: Path, complaints: list[str]) -> dict[str, Any]:
    path = root / "config" / "settings.toml"
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        complaints.append(f"settings.toml: {error}")
        return {}


def _named_in_config(root: Path) -> set[str]:
    """Variables that other files of the folder name by a key ending in `_env`, for secrets."""
    return {
        variable
        for path in (root / "config").glob("*.toml")
        for variable in _NAMED.findall(path.read_text("utf-8"))
    }


def _from_environment(environment: Mapping[str, str], named: set[str]) -> dict[str, Any]:
    names = {_variable(field): field.name for field in dataclasses.fields(Settings)}
    found: dict[str, Any] = {}
    if environment.get("PORT"):
        found["port"] = environment["PORT"]
    for variable, value in environment.items():
        if variable.startswith("JIEDAN_") and variable not in named | _OF_COMMANDS:
            found[names.get(variable, variable)] = value
    return found


def _variable(field: dataclasses.Field[Any]) -> str:
    return field.metadata["variable"] or f"JIEDAN_{field.name.upper()}"


def _checked(field: dataclasses.Field[Any], kind: type, value: Any) -> Any:
    """`value` as the declared type and within its range; raises ValueError."""
    if kind is bool:
        value = _as_bool(value)
    elif kind is Path:
        value = Path(value).expanduser()
    elif kind is str:
        value = str(value)
    else:
        value = kind(value)
    low, high = field.metadata["low"], field.metadata["high"]
    choices = field.metadata["choices"]
    if (low is not None and value < low) or (high is not None and value > high):
        raise ValueError(f"{value} is outside {low}–{high}")
    if choices and value not in choices:
        raise ValueError(f"{value!r} is none of {', '.join(choices)}")
    return value


def _as_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    spoken = {"1": True, "true": True, "yes": True, "on": True}
    spoken |= {"0": False, "false": False, "no": False, "off": False, "": False}
    if str(value).lower() not in spoken:
        raise ValueError(f"{value!r} is neither true nor false")
    return spoken[str(value).lower()]


def _shown_default(field: dataclasses.Field[Any]) -> str:
    if field.name == "root":
        return "."
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return str(field.default)


def _shown_range(field: dataclasses.Field[Any]) -> str:
    if field.metadata["choices"]:
        return ", ".join(field.metadata["choices"])
    low, high = field.metadata["low"], field.metadata["high"]
    return "" if low is None and high is None else f"{low}–{high}"


def _kept_secret(data_dir: Path) -> str:
    """The secret key in the data folder, made on the first call."""
    path = data_dir / "secret_key"
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text("ascii").strip()
