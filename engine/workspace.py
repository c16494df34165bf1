"""A workspace: the user's folder with its settings, its own templates and sources, and its data.

`samskap.toml` holds the settings; an environment variable wins over it (`SAMSKAP_LANGUAGE`,
`SAMSKAP_WAREHOUSE__MEMORY_LIMIT`). Importing this takes half a second (pydantic-settings), so it is imported where a
workspace is opened and not by `engine/__init__`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import pydantic_settings
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from engine.errors import NotFound, Place, SettingsError
from engine.store.address import FILE as LOG
from engine.store.address import create
from engine.store.keys import KeyFolder
from engine.store.log import Log
from engine.template.sources import BUILT_IN

if TYPE_CHECKING:
    from engine.engine import Engine

FILE = "samskap.toml"
FOLDERS = ("processes", "forms", "sources", "data")
SCHEMAS = (
    "processes/template.schema.json",
    "processes/scenario.schema.json",
    "processes/plan.schema.json",
    "forms/form.schema.json",
)
"""What editors check config by; each workspace has them where the built-in ones lie."""
STARTER = """\
# Settings of this samskap workspace. A variable of the environment wins over this file, for example
# SAMSKAP_LANGUAGE=en or SAMSKAP_WAREHOUSE__MEMORY_LIMIT=4GB.

language = "{language}"         # nb, nn or en: for texts where a person has not chosen
# store_url = "postgresql://samskap@localhost/samskap"    # the log in PostgreSQL; else it is data/events.sqlite

[warehouse]
memory_limit = "2GB"    # of DuckDB, while figures are computed

[schedule]
cron = "0 3 * * *"      # when `samskap schedule` evaluates: minute, hour, day of month, month, day of week
tick = "*/10 * * * *"   # when it lets deadlines act, and sends messages
timezone = "Europe/Oslo"

[sql]
seconds = 5             # one question may take this long,
rows = 10000            # and answer with this many rows
analysts = []           # who may ask beside the operator, by handle: ["kari"]

[notify]
enabled = true          # whether people are told of what waits for them (`samskap deliver`)
# base_url = "https://samskap.example.org"    # where they get in; it stands in every message
# services.mailto = "mailtos://samskap:${{SMTP_PASSWORD}}@smtp.example.org?from=samskap@example.org&to={{to}}"
"""


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"“{name}” is no time zone; write one such as Europe/Oslo")
    return name


def _services(services: dict[str, str]) -> dict[str, str]:
    for name, url in services.items():
        if not re.fullmatch("[a-z][a-z0-9_]*", name) or "://" not in url or "{to}" not in url:
            raise ValueError(f"“{name}” is no service; write NAME = an apprise URL with {{to}} where the person stands")
    return services


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WarehouseSettings(_Section):
    """How much of the machine the figures may use."""

    memory_limit: Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s*(MB|GB|TB|MiB|GiB|TiB)$")] = "2GB"
    threads: Annotated[int | None, Field(ge=1, le=256)] = None


class ScheduleSettings(_Section):
    """When figures are computed, and time acts, by themselves."""

    cron: Annotated[str, Field(pattern=r"^\S+(\s+\S+){4}$")] = "0 3 * * *"
    tick: Annotated[str, Field(pattern=r"^\S+(\s+\S+){4}$")] = "*/10 * * * *"
    timezone: Annotated[str, AfterValidator(_zone)] = "Europe/Oslo"


class SqlSettings(_Section):
    """Bounds of one question to the reader copy, and who may ask."""

    seconds: Annotated[float, Field(gt=0, le=600)] = 5
    rows: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    memory_limit: Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s*(MB|GB|MiB|GiB)$")] = "512MB"
    analysts: tuple[str, ...] = ()


class NotifySettings(_Section):
    """How people are told of what waits for them."""

    enabled: bool = True
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s]+$")] | None = None
    services: Annotated[dict[str, str], AfterValidator(_services)] = {}


class Settings(BaseSettings):
    """Everything that can be set, with its default."""

    model_config = SettingsConfigDict(env_prefix="SAMSKAP_", env_nested_delimiter="__", frozen=True, extra="forbid")

    language: Literal["nb", "nn", "en"] = "nb"
    store_url: str | None = None
    warehouse: WarehouseSettings = WarehouseSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    sql: SqlSettings = SqlSettings()
    notify: NotifySettings = NotifySettings()

    @classmethod
    def settings_customise_sources(  # noqa: D102 (pydantic-settings' hook: the environment wins over the file)
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


@dataclass(frozen=True)
class Workspace:
    """A folder with settings, config and data."""

    root: Path
    settings: Settings

    @classmethod
    def create(cls, root: Path, *, language: str = "nb") -> Workspace:
        """Make a workspace that runs; raise `SettingsError` where there is one already."""
        if (root / FILE).exists():
            raise SettingsError(
                "there is a workspace here already", hint="Choose another folder, or use this one.", where=str(root)
            )
        try:
            for name in FOLDERS:
                (root / name).mkdir(parents=True, exist_ok=True)
            for name in SCHEMAS:
                (root / name).write_bytes((BUILT_IN / name).read_bytes())
            (root / "data").chmod(0o700)
            with (root / ".gitignore").open("a", encoding="utf-8") as ignored:  # there may be one already
                ignored.write("data/\n")
            (root / FILE).write_text(STARTER.format(language=language), encoding="utf-8")
        except OSError as error:
            raise SettingsError(
                f"the workspace cannot be made: {error.strerror}", hint="Check who owns the folder.", where=str(root)
            ) from error
        KeyFolder(root / "data" / "keys").ensure("workspace", "operator")
        return cls.open(root)

    @classmethod
    def find(cls, start: Path | None = None) -> Workspace:
        """The workspace of `SAMSKAP_WORKSPACE`, else of `start` (the current folder) or the nearest folder above."""
        named = os.environ.get("SAMSKAP_WORKSPACE")
        if start is None and named:
            return cls.open(Path(named))
        try:
            here = (start or Path.cwd()).resolve()
        except FileNotFoundError:
            raise NotFound(
                "the folder that you are in is no more", hint="Go to a workspace, or name it with --workspace."
            ) from None
        for folder in (here, *here.parents):
            if (folder / FILE).is_file():
                return cls.open(folder)
        raise NotFound(
            "this is no workspace: there is no samskap.toml here or above",
            hint="Make one with `samskap init`, go to one, or name it with --workspace.",
            where=str(here),
        )

    @classmethod
    def open(cls, root: Path) -> Workspace:
        """The workspace in a folder; raise `SettingsError` with file, line and column for settings that do not hold."""
        path = root.resolve() / FILE
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise NotFound(
                "this is no workspace: it has no samskap.toml", hint="Make one with `samskap init`.", where=str(root)
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"the settings cannot be read: {error}", where=str(path)) from error
        return cls(path.parent, _settings(text, path))

    @property
    def data(self) -> Path:
        """Where everything that was stored lies."""
        return self.root / "data"

    @property
    def landing(self) -> Path:
        """Measurement files as they were read, by the hash of their content."""
        return self.data / "landing"

    @property
    def warehouse(self) -> Path:
        """The warehouse; only the pipeline opens it."""
        return self.data / "warehouse.duckdb"

    @property
    def copies(self) -> Path:
        """The copies for readers."""
        return self.data / "copies"

    @property
    def bundle_folders(self) -> tuple[Path, ...]:
        """Where templates are looked for: the workspace's own before the built-in ones."""
        return (self.root, BUILT_IN)

    @property
    def sources(self) -> Path:
        """The contracts of measurement files."""
        return self.root / "sources"

    def engine(self, *, clock: Callable[[], datetime] | None = None) -> Engine:
        """The engine over this workspace's log and keys; without a clock of its own it goes by the wall's.

        Raises `SettingsError` where they are not there: a new log would hide that the old one is lost, or on a disk
        that is not mounted.
        """
        from engine.engine import Engine, now_utc  # noqa: PLC0415 (a fifth of a second, where settings are wanted only)

        self._check_data()
        settings = self.settings
        notify = settings.notify.enabled
        return Engine.open(self.data, store_url=settings.store_url, clock=clock or now_utc, notify=notify)

    def _check_data(self) -> None:
        log = self.data / LOG
        try:
            is_there, has_log = self.data.is_dir(), log.exists()
        except OSError as error:
            raise SettingsError(
                f"the workspace's data folder cannot be looked into: {error.strerror}",
                hint="Check who owns it.",
                where=str(self.data),
            ) from error
        if not is_there:
            raise SettingsError(
                "the workspace's data folder is not there",
                hint="Is its disk mounted? Restore it with `samskap restore`, or, for a new workspace: mkdir data",
                where=str(self.data),
            )
        if self.settings.store_url is None and not has_log and KeyFolder(self.data / "keys").mark() is not None:
            raise SettingsError(
                "the log is gone: there are keys of people, and no events",
                hint="Restore it with `samskap restore`, or say in samskap.toml where it is (store_url).",
                where=str(log),
            )

    def log(self, store_url: str) -> Log:
        """Another log by its URL, a file relative to this workspace, with its tables made where they are missing."""
        return create(store_url, self.data)

    def today(self, moment: datetime) -> str:
        """The day of a moment where the schedule is kept, as ISO."""
        return moment.astimezone(ZoneInfo(self.settings.schedule.timezone)).date().isoformat()


def _settings(text: str, path: Path) -> Settings:
    try:
        found: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+), column (\d+)", str(error))
        lines = text.splitlines() or [""]
        line, column = (int(at[1]), int(at[2])) if at else (len(lines), len(lines[-1]) + 1)
        message = str(error).split(" (at ")[0]
        raise SettingsError(
            f"this is not TOML: {message}", hint="Check the quotes and = there.", where=Place(str(path), line, column)
        ) from error
    try:
        return Settings(**found)
    except ValidationError as error:
        raise _fault(error, text, path) from error
    except pydantic_settings.SettingsError as error:  # a section in the environment that is no JSON
        name = re.search(r'field "(\w+)"', str(error))
        variable = f"SAMSKAP_{name[1].upper()}" if name else "the environment"
        raise SettingsError(
            "a whole section in the environment has to be JSON",
            hint=f"Set single values instead: {variable}__NAME=value.",
            where=variable,
        ) from error


def _fault(error: ValidationError, text: str, path: Path) -> SettingsError:
    """The first thing that is wrong, as one of ours: from the file if it stands there, else from the environment."""
    first = error.errors()[0]
    keys = [str(part) for part in first["loc"]]
    name = ".".join(keys)
    if first["type"] == "extra_forbidden":
        known = _fields(keys[:-1])
        close = get_close_matches(keys[-1], known, 1)
        message = f"there is no setting “{name}”"
        hint = f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(known)}."
    else:
        message = f"the setting “{name}” is wrong: {first['msg'].removeprefix('Value error, ')}"
        hint = "Put it right, or leave it out for the default."
    variable = "SAMSKAP_" + "__".join(keys).upper()
    if variable in os.environ:
        return SettingsError(message, hint=hint, where=variable)
    return SettingsError(message, hint=hint, where=_place(keys, text, path))


def _fields(keys: list[str]) -> list[str]:
    """The settings of a section, by the path of the section."""
    model: Any = Settings
    for key in keys:
        model = model.model_fields[key].annotation
    return list(model.model_fields)


def _place(keys: list[str], text: str, path: Path) -> Place:
    """Where a setting stands: `key =` within its `[section]`."""
    section: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if heading := re.match(r"\s*\[([^\[\]]+)\]", line):
            section = heading[1].split(".")
            if section == keys:
                return Place(str(path), number, 1)
        elif section == keys[:-1] and (key := re.match(r"(\s*)" + re.escape(keys[-1]) + r"\s*=", line)):
            return Place(str(path), number, len(key[1]) + 1)
    return Place(str(path))
