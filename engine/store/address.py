"""Where the log is kept: the setting `store_url` read, and the store opened that it names.

Without it the log is the file `events.sqlite` in the workspace's data folder. `sqlite:///path` names another file
(relative to the workspace; with four slashes absolute), and `postgresql://user@host/database` a PostgreSQL database.
Drivers are imported when they are needed.
"""

# ruff: noqa: PLC0415 (a driver that is not installed is nobody's fault until it is asked for)

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

from engine.errors import StoreError
from engine.store.log import Log

FILE = "events.sqlite"
_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")


def open_log(url: str | None, data: Path) -> Log:
    """The log that a URL names, or else that of a data folder; raise `StoreError` where it cannot be had."""
    if url and url.startswith(_POSTGRES):
        log: Log = _postgres().PostgresLog(url)
        return log
    from engine.store.sqlite import SqliteLog

    return SqliteLog(_file(url, data))


def create(url: str | None, data: Path) -> Log:
    """The log that a URL names, with its tables made where they are missing; what is there is left as it is."""
    if url and url.startswith(_POSTGRES):
        _postgres().create(url)
    return open_log(url, data)


def _file(url: str | None, data: Path) -> Path:
    if not url:
        return data / FILE
    if not url.startswith(_SQLITE) or url == _SQLITE:
        raise StoreError(
            "this is no store",
            hint="Write postgresql://user@host:5432/database, or sqlite:///data/events.sqlite.",
            where=shown(url),
        )
    return (data.parent / url.removeprefix(_SQLITE)).resolve()


def _postgres() -> ModuleType:
    try:
        from engine.store import postgres
    except ImportError as error:
        raise StoreError(
            f"PostgreSQL's driver is not installed: {error}", hint="Install it: pip install 'samskap[postgres]'"
        ) from error
    return postgres


def shown(url: str) -> str:
    """A URL for people: without password and options."""
    scheme, found, _ = url.partition("://")
    if not found:
        return "store_url"
    try:
        parts = urlsplit(url)
        host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return f"{scheme}://…"
    user = f"{parts.username}@" if parts.username else ""
    return f"{scheme}://{user}{host}{port}{parts.path}"
