"""An archive as a BagIt bag (RFC 8493) in one zip file: a packing that archives know, and that common tools check.

It knows paths and bytes only. What lies in the bag is `archive`'s to say, and whether it holds `check`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

PAYLOAD: Final = "data/"
DECLARATION: Final = "bagit.txt"
DECLARED: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST: Final = "manifest-sha256.txt"
TAG_MANIFEST: Final = "tagmanifest-sha256.txt"
INFO: Final = "bag-info.txt"


def bag(files: Mapping[str, bytes], *, identifier: str, made_at: datetime, made_by: str) -> dict[str, bytes]:
    """The bag's files by path: the given ones as its payload, and its tag files."""
    payload = {PAYLOAD + path: content for path, content in files.items()}
    info = {
        "External-Identifier": identifier,
        "Bagging-Date": f"{made_at.astimezone(UTC):%Y-%m-%d}",
        "Bag-Software-Agent": made_by,
        "Payload-Oxum": f"{sum(map(len, payload.values()))}.{len(payload)}",
    }
    tags = {
        DECLARATION: DECLARED,
        INFO: "".join(f"{label}: {value}\n" for label, value in info.items()).encode(),
        MANIFEST: manifest(payload),
    }
    return {**tags, TAG_MANIFEST: manifest(tags), **payload}


def manifest(files: Mapping[str, bytes]) -> bytes:
    """A line a file: its SHA-256 and its path, as `sha256sum -c` reads it."""
    return "".join(f"{sha256(content).hexdigest()}  {path}\n" for path, content in files.items()).encode()


def pack(files: Mapping[str, bytes], folder: str, made_at: datetime, to: BinaryIO) -> None:
    """Write the files as a zip with one folder in it."""
    moment = made_at.astimezone(UTC).timetuple()[:6]
    with ZipFile(to, "w", ZIP_DEFLATED) as archive:
        for path, content in files.items():
            entry = ZipInfo(f"{folder}/{path}", moment)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
