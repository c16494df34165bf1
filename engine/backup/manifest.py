"""What a backup holds, in one small file that is written last: a backup without it was broken off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from engine.errors import IntegrityFault

NAME: Final = "manifest.json"
VERSION: Final = 1
Holds = Literal["log", "keys"]


def _inside(path: str) -> str:
    """A path that leads nowhere but into the backup."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or ".." in parts or path != "/".join(parts):
        raise ValueError(f"“{path}” leads out of the backup")
    return path


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Piece(_Part):
    """A file of the backup: its bytes, and SHA-256 over them in hex."""

    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class KnownFault(_Part):
    """What was wrong with a process when the backup was made, as `samskap verify` told it."""

    stream: str
    sequence: int
    what: str


class LogState(_Part):
    """The log at the moment of the backup; `keys` tells which workspace's keys belong to it."""

    about: str
    head: str
    position: int
    streams: int
    events: int
    faults: tuple[KnownFault, ...] = ()
    keys: str | None = None


class Manifest(_Part):
    """A whole backup: of the log and what goes with it, or of the keys.

    `erased` are the entries of the list of erasures that were carried out in it since it was made.
    """

    format: Literal["samskap backup"] = "samskap backup"
    version: Literal[1] = VERSION
    holds: Holds
    made_at: datetime
    made_by: str
    log: LogState | None = None
    erased: tuple[str, ...] = ()
    files: Mapping[Annotated[str, AfterValidator(_inside)], Piece]

    def text(self) -> bytes:
        """The manifest as it is stored."""
        return self.model_dump_json(indent=2).encode() + b"\n"


def parse(text: bytes, where: str) -> Manifest:
    """A manifest as it was stored; raise `IntegrityFault` for what is none, or of a newer samskap."""
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise IntegrityFault(
            f"the backup's manifest cannot be read: {'.'.join(map(str, first['loc']))}: {first['msg']}",
            hint="It was changed, or was made by a newer samskap: use another backup, or that samskap.",
            where=where,
        ) from None
