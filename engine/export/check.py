"""Is an archive what was packed? Checked from the file alone, on any machine: no workspace, no key.

The bag's checksums, the chains of hashes, the heads, the bundles' hashes, and whether the overview says what the
events say. An archive may come from anywhere: it is read in memory and bounded, nothing is unpacked, and what cannot be
read is a fault that is told. It finds changes; somebody who makes a whole archive anew is found by comparing its head
with one that was noted elsewhere.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from engine import codec
from engine.codec import Json
from engine.errors import IntegrityFault, NotFound, SamskapError
from engine.export import archive, bag
from engine.store.log import Record
from engine.store.verify import first_fault

MOST: Final = 1_000_000_000
"""Bytes that an archive may hold, unpacked."""

_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *](.+)")
_UNREADABLE: Final = (BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
_MISSHAPEN: Final = (SamskapError, LookupError, TypeError, ValueError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, in which file of the archive, at which event (0: none in particular)."""

    file: str
    event: int
    what: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What an archive says of itself, and what is wrong with it."""

    overview: Mapping[str, Json]
    findings: tuple[Finding, ...]


def check(path: Path) -> Checked:
    """Check an archive; raise `NotFound`, and `IntegrityFault` for a file that is none at all."""
    files, findings = _read(path)
    findings += _bag(files)
    payload = {name.removeprefix(bag.PAYLOAD): body for name, body in files.items() if name.startswith(bag.PAYLOAD)}
    overview: dict[str, Json] = {}
    try:
        overview = codec.mapping(codec.loads(payload[archive.OVERVIEW]))
        if overview["format"] != archive.FORMAT:
            raise IntegrityFault(
                f"this archive is of format {overview['format']}, which this program does not know",
                hint="It was made by a newer samskap: upgrade this one.",
                where=str(path),
            )
        findings += _content(overview, payload)
    except IntegrityFault:
        raise
    except _MISSHAPEN:
        findings.append(Finding(archive.OVERVIEW, 0, "it is missing, or cannot be read as an overview"))
    return Checked(overview, tuple(findings))


# -- the zip and the bag ----------------------------------------------------------------------------------------------


def _read(path: Path) -> tuple[dict[str, bytes], list[Finding]]:
    """The files in the archive's one folder, and those that cannot be read."""
    if not path.is_file():
        raise NotFound(f"there is no file {path}", hint="Give the zip that `samskap export archive` wrote.")
    files: dict[str, bytes] = {}
    findings: list[Finding] = []
    try:
        with ZipFile(path) as packed:
            entries = [entry for entry in packed.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > MOST:
                raise IntegrityFault(f"it holds more than {MOST:,} bytes", hint="This is no archive of a process.")
            folders = {entry.filename.partition("/")[0] for entry in entries}
            for entry in entries:
                name = entry.filename.partition("/")[2] if len(folders) == 1 else entry.filename
                if name in files:
                    findings.append(Finding(name, 0, "it is there twice"))
                try:
                    files[name] = _bytes(packed, entry)
                except _UNREADABLE:
                    findings.append(Finding(name, 0, "its bytes cannot be read"))
    except _UNREADABLE as error:
        raise IntegrityFault(
            "this is no zip file, or a damaged one",
            hint="Compare it with the one that was handed over.",
            where=str(path),
        ) from error
    return files, findings


def _bytes(packed: ZipFile, entry: ZipInfo) -> bytes:
    """The bytes of a file, never more than the archive says it has."""
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise NotImplementedError("the other methods cannot be bounded")
    with packed.open(entry) as file:
        return file.read(entry.file_size)


def _bag(files: Mapping[str, bytes]) -> list[Finding]:
    """What the checksums do not agree with."""
    findings = []
    if files.get(bag.DECLARATION) != bag.DECLARED:
        findings.append(Finding(bag.DECLARATION, 0, "it does not say that this is a bag (BagIt 1.0)"))
    payload = {name for name in files if name.startswith(bag.PAYLOAD)}
    tags = files.keys() - payload - {bag.TAG_MANIFEST}
    for manifest, covered in ((bag.MANIFEST, payload), (bag.TAG_MANIFEST, tags)):
        findings += _listed(files, manifest, covered)
    return findings


def _listed(files: Mapping[str, bytes], manifest: str, covered: set[str]) -> Iterator[Finding]:
    """Compare a list of checksums with the files it covers."""
    listed: dict[str, str] = {}
    for number, line in enumerate(files.get(manifest, b"").decode(errors="replace").splitlines(), 1):
        found = _LINE.fullmatch(line)
        if found is None:
            yield Finding(manifest, 0, f"line {number} is no checksum and path")
        else:
            listed[found[2]] = found[1]
    for name in sorted(covered | listed.keys()):
        if name not in files:
            yield Finding(name, 0, "it is missing")
        elif name not in listed:
            yield Finding(name, 0, f"it is not listed in {manifest}")
        elif sha256(files[name]).hexdigest() != listed[name]:
            yield Finding(name, 0, "it was changed: its checksum is another")


# -- what the archive says ----------------------------------------------------------------------------------------


def _content(overview: Mapping[str, Any], payload: Mapping[str, bytes]) -> list[Finding]:
    """Check the chains, and, where they hold, whether everything else says what the events say."""
    streams = {one["file"]: one for one in overview["streams"]}
    records: dict[str, list[Record]] = {}
    findings = []
    for file in (archive.PROCESS, archive.TEMPLATE):
        stream = UUID(streams[file]["stream"])
        records[file] = list(_records(stream, payload.get(file, b"")))
        fault = first_fault(stream, records[file], (streams[file]["events"], streams[file]["hash"]))
        if fault is not None:
            findings.append(Finding(bag.PAYLOAD + file, fault.sequence, fault.what))
    return findings or _agreement(overview, payload, records[archive.PROCESS], records[archive.TEMPLATE])


def _records(stream: UUID, data: bytes) -> Iterator[Record]:
    """The events of a file, as far as they can be read: what cannot stays for the chain to tell."""
    for number, body in enumerate(data.removesuffix(b"\n").split(b"\n"), 1):
        type_name = ""
        with suppress(*_MISSHAPEN):
            type_name = str(Record(stream, number, "", body).content()[0]["type"])
        yield Record(stream, number, type_name, body)


def _agreement(
    overview: Mapping[str, Any], payload: Mapping[str, bytes], process: list[Record], template: list[Record]
) -> list[Finding]:
    """Make anew what follows from the events, and compare."""
    try:
        told = archive.describe(process, template)
        texts = archive.bundles(process, template)
    except _MISSHAPEN as error:
        what = error.message if isinstance(error, SamskapError) else "these are not the events of one process"
        return [Finding(bag.PAYLOAD + archive.PROCESS, 0, what)]
    findings = [
        Finding(bag.PAYLOAD + archive.OVERVIEW, 0, f"its “{name}” says other than the events do")
        for name, value in told.items()
        if overview.get(name) != codec.loads(codec.dumps(value))
    ]
    others = {name for name in payload if name.startswith("bundles/")}
    findings += [
        Finding(bag.PAYLOAD + name, 0, "it is not the bundle that the process ran under")
        for name in sorted(others | texts.keys())
        if payload.get(name) != texts.get(name)
    ]
    return findings
