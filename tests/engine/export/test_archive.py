"""The archive of a process: whole, unreadable where it must be, valid for others' tools, and every change is found."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import bagit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.errors import IntegrityFault, NotFound, SamskapError
from engine.export import archive, bag
from engine.export.check import check
from engine.export.source import Source, source
from engine.store.keys import open_with

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
PROCESS, TEMPLATE, OVERVIEW = (bag.PAYLOAD + path for path in (archive.PROCESS, archive.TEMPLATE, archive.OVERVIEW))


def pack(taken: Source) -> dict[str, bytes]:
    """The files of a process's archive, by path."""
    files = archive.files(taken.records, taken.template, made_at=AT.isoformat(), made_by="samskap test")
    return bag.bag(files, identifier="urn:test", made_at=AT, made_by="samskap test")


def write(path: Path, files: Mapping[str, bytes]) -> Path:
    with path.open("wb") as file:
        bag.pack(files, "p", AT, file)
    return path


def summed_anew(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files as somebody clever leaves them: every checksum of the bag fits again."""
    payload = {path: body for path, body in files.items() if path.startswith(bag.PAYLOAD)}
    tags = {name: files[name] for name in (bag.DECLARATION, bag.INFO)} | {bag.MANIFEST: bag.manifest(payload)}
    return {**tags, bag.TAG_MANIFEST: bag.manifest(tags), **payload}


@pytest.fixture
def files(taken: Source) -> dict[str, bytes]:
    return pack(taken)


@pytest.fixture
def other(lived: Any) -> dict[str, bytes]:
    """The archive of another process of the same workspace."""
    lived.engine.start(lived.person("kari"), "small", "q", "En annen")
    return pack(source(lived.engine, lived.person("kari"), "q"))


# -- what is in it ------------------------------------------------------------------------------------------------


def test_given_a_process_when_packed_then_its_stored_bytes_are_in_it_and_it_holds(
    files: dict[str, bytes], taken: Source, tmp_path: Path
) -> None:
    assert files[PROCESS].splitlines() == [record.body for record in taken.records]
    checked = check(write(tmp_path / "p.zip", files))
    assert checked.findings == ()
    stream = checked.overview["streams"][0]  # type: ignore[index,call-overload]
    assert (stream["events"], stream["hash"]) == (len(taken.records), taken.records[-1].hash)  # type: ignore[index,call-overload]


def test_given_an_archive_when_others_tools_check_it_then_it_is_a_valid_bag(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    with zipfile.ZipFile(write(tmp_path / "p.zip", files)) as packed:
        packed.extractall(tmp_path)
    assert bagit.Bag(str(tmp_path / "p")).validate()
    for manifest in (bag.MANIFEST, bag.TAG_MANIFEST):
        subprocess.run(
            ["sha256sum", "--check", "--strict", manifest], cwd=tmp_path / "p", check=True, capture_output=True
        )


def test_given_an_archive_when_a_bundle_is_hashed_then_it_is_the_one_that_the_process_names(
    files: dict[str, bytes], lived: Any
) -> None:
    (path,) = (path for path in files if path.startswith("data/bundles/"))
    assert path == "data/bundles/small-1.0.0.json"
    assert sha256(files[path]).hexdigest() == lived.bundle.hash == lived.state.bundle


def test_given_an_archive_when_events_are_held_to_its_schema_then_they_fit(files: dict[str, bytes]) -> None:
    validator = Draft202012Validator(json.loads(files["data/events.schema.json"]))
    for line in (*files[PROCESS].splitlines(), *files[TEMPLATE].splitlines()):
        validator.validate(json.loads(line))


def test_given_what_persons_wrote_when_packed_then_it_is_not_to_be_found(
    files: dict[str, bytes], canaries: tuple[str, ...]
) -> None:
    text = b"\n".join(files.values()).decode()
    assert [canary for canary in canaries if canary in text] == []


def test_given_the_keys_of_the_workspace_when_packed_then_only_one_that_was_revealed_in_the_open_is_in_it(
    files: dict[str, bytes], lived: Any
) -> None:
    everything = b"\n".join(files.values())
    for path in (lived.folder / "keys").rglob("*.key"):
        key = path.read_bytes()
        is_in = any(form in everything for form in (key, key.hex().encode(), b64encode(key)))
        assert is_in == (path.stem.endswith("vote.1"))


def test_given_rounds_when_packed_then_the_overview_says_which_can_be_read(files: dict[str, bytes]) -> None:
    told = [
        (one["task"], one["entry"], one["answers"], one["revealed"], one["readable_here"]) for one in _sealed(files)
    ]
    assert told == [("vote", 1, 2, "open", True), ("vote", 2, 1, "not revealed", False)]


def test_given_an_open_round_when_packed_then_anybody_can_read_it_with_the_key_in_it(files: dict[str, bytes]) -> None:
    events = [json.loads(line) for line in files[PROCESS].splitlines()]
    (reveal,) = (event["p"] for event in events if event["e"]["type"] == "answers.revealed")
    sealed = [event["p"]["sealed"] for event in events if event["p"].get("sealed_under") == reveal["key_id"]]
    opened = [json.loads(open_with(b64decode(reveal["key"]), reveal["key_id"], b64decode(one))) for one in sealed]
    assert [one["answers"] for one in opened] == [{"score": 3}, {"score": 5}]


def test_given_a_protected_round_when_packed_then_the_archive_says_that_it_cannot_be_read(
    protected: Any, tmp_path: Path
) -> None:
    files = pack(source(protected.engine, protected.person("kari"), "p"))
    assert [(one["revealed"], one["readable_here"]) for one in _sealed(files)] == [
        ("protected", False),
        ("not revealed", False),
    ]
    readme = files["data/README.txt"].decode()
    assert "Beskyttede svar" in readme
    assert "Verna svar" in readme
    assert "Protected answers" in readme
    assert check(write(tmp_path / "p.zip", files)).findings == ()


def test_given_an_archive_when_its_text_is_read_then_it_is_in_three_languages_and_names_the_head(
    files: dict[str, bytes], taken: Source
) -> None:
    readme = files["data/README.txt"].decode()
    assert readme.count(taken.records[-1].hash) == readme.count("Prosessen") == 3
    assert [heading in readme for heading in ("NORSK BOKMÅL", "NORSK NYNORSK", "ENGLISH")] == [True] * 3
    assert "{" not in readme


def test_given_a_bundle_that_is_not_published_when_packed_then_it_is_refused(taken: Source) -> None:
    with pytest.raises(IntegrityFault, match="not among the template's versions"):
        archive.files(taken.records, taken.records[1:2], made_at="", made_by="")


def test_given_an_archive_that_was_packed_anew_by_others_when_checked_then_it_holds(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("some/", b"")
        for path in reversed(files):
            packed.writestr(f"some/{path}", files[path])
    assert check(tmp_path / "p.zip").findings == ()


# -- what was changed ---------------------------------------------------------------------------------------------


def lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    """A change of the process's events."""
    return lambda files: files | {PROCESS: b"".join(line + b"\n" for line in change(files[PROCESS].splitlines()))}


def edited(path: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    def change(files: dict[str, bytes]) -> dict[str, bytes]:
        assert old in files[path]
        return files | {path: files[path].replace(old, new)}

    return change


CHANGES = {
    "flipped": (edited(PROCESS, b'"Town"', b'"Tawn"'), PROCESS, 7),
    "deleted": (lines(lambda found: found[:4] + found[5:]), PROCESS, 5),
    "last deleted": (lines(lambda found: found[:-1]), PROCESS, -1),
    "all deleted": (lines(lambda _: []), PROCESS, 1),
    "reordered": (lines(lambda found: [*found[:3], found[4], found[3], *found[5:]]), PROCESS, 4),
    "repeated": (lines(lambda found: [*found[:4], *found[3:]]), PROCESS, 5),
    "garbage": (lines(lambda found: [*found[:4], b"\x00\xff", *found[5:]]), PROCESS, 5),
    "deep": (lines(lambda found: [*found[:4], b"[" * 100_000, *found[5:]]), PROCESS, 5),
    "last changed": (lines(lambda found: [*found[:-1], found[-1].replace(b"vote.2", b"vote.9")]), PROCESS, -1),
    "template": (edited(TEMPLATE, b"1.0.0", b"1.0.1"), TEMPLATE, 1),
    "fewer sealed": (edited(OVERVIEW, b'"answers": 2', b'"answers": 1'), OVERVIEW, 0),
    "said to be readable": (edited(OVERVIEW, b'"readable_here": false', b'"readable_here": true'), OVERVIEW, 0),
    "another title": (edited(OVERVIEW, b'"Prosessen"', b'"Noe annet"'), OVERVIEW, 0),
    "bundle": (edited("data/bundles/small-1.0.0.json", b"Plan", b"Plen"), "data/bundles/small-1.0.0.json", 0),
    "bundle gone": (
        lambda files: {p: b for p, b in files.items() if "bundles" not in p},
        "data/bundles/small-1.0.0.json",
        0,
    ),
    "bundle more": (lambda files: files | {"data/bundles/x.json": b"{}"}, "data/bundles/x.json", 0),
    "no overview": (lambda files: {p: b for p, b in files.items() if p != OVERVIEW}, "archive.json", 0),
    "overview no JSON": (lambda files: files | {OVERVIEW: b"[]"}, "archive.json", 0),
}


@pytest.mark.parametrize(("change", "file", "event"), CHANGES.values(), ids=CHANGES)
def test_given_a_change_when_checked_then_it_is_found_also_where_every_checksum_was_made_anew(
    files: dict[str, bytes],
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], dict[str, bytes]],
    file: str,
    event: int,
) -> None:
    count = len(files[PROCESS].splitlines())
    found = check(write(tmp_path / "p.zip", summed_anew(change(files)))).findings
    first = min(found, key=lambda one: one.event)
    assert (first.file, first.event) == (file, event if event >= 0 else count)


@pytest.mark.parametrize("change", [change for change, _, _ in CHANGES.values()], ids=CHANGES)
def test_given_a_change_when_checked_then_the_bags_own_checksums_find_it_too(
    files: dict[str, bytes], tmp_path: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]
) -> None:
    found = check(write(tmp_path / "p.zip", change(files))).findings
    assert {one.what for one in found} & {
        "it was changed: its checksum is another",
        "it is missing",
        "it is not listed in manifest-sha256.txt",
    }


def test_given_the_events_of_another_process_when_swapped_in_then_it_is_found(
    files: dict[str, bytes], other: dict[str, bytes], tmp_path: Path
) -> None:
    swapped = summed_anew(files | {PROCESS: other[PROCESS]})
    assert [(one.file, one.event) for one in check(write(tmp_path / "p.zip", swapped)).findings] == [(PROCESS, 1)]


def test_given_the_overview_of_another_process_when_swapped_in_then_it_is_found(
    files: dict[str, bytes], other: dict[str, bytes], tmp_path: Path
) -> None:
    swapped = summed_anew(files | {OVERVIEW: other[OVERVIEW]})
    assert [one.file for one in check(write(tmp_path / "p.zip", swapped)).findings] == [PROCESS]


def test_given_process_and_template_when_swapped_then_it_is_found(files: dict[str, bytes], tmp_path: Path) -> None:
    swapped = summed_anew(files | {PROCESS: files[TEMPLATE], TEMPLATE: files[PROCESS]})
    assert {one.file for one in check(write(tmp_path / "p.zip", swapped)).findings} == {PROCESS, TEMPLATE}


def test_given_streams_and_overview_that_agree_on_no_process_when_checked_then_it_is_found(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    overview = json.loads(files[OVERVIEW])
    process, template = overview["streams"]
    overview["streams"] = [{**template, "file": process["file"]}, {**process, "file": template["file"]}]
    made = files | {PROCESS: files[TEMPLATE], TEMPLATE: files[PROCESS], OVERVIEW: json.dumps(overview).encode()}
    (found,) = check(write(tmp_path / "p.zip", summed_anew(made))).findings
    assert found.what == "these are not the events of one process"


def test_given_a_text_that_was_changed_when_checked_then_its_checksum_finds_it(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    changed = files | {"data/README.txt": b"Alt kan leses."}
    assert [one.file for one in check(write(tmp_path / "p.zip", changed)).findings] == ["data/README.txt"]


@pytest.mark.parametrize("name", [bag.DECLARATION, bag.INFO, bag.MANIFEST, bag.TAG_MANIFEST])
def test_given_a_file_of_the_bag_that_is_gone_when_checked_then_it_is_found(
    files: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    assert check(write(tmp_path / "p.zip", {path: body for path, body in files.items() if path != name})).findings


def test_given_a_file_twice_when_checked_then_it_is_found(files: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "p.zip", files)
    with zipfile.ZipFile(path, "a") as packed, pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr(f"p/{PROCESS}", files[PROCESS])
    assert [(one.file, one.what) for one in check(path).findings] == [(PROCESS, "it is there twice")]


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"no zip at all" * 100, b"PK\x05\x06" + b"\xff" * 18], ids=["empty", "cut", "text", "odd"]
)
def test_given_a_file_that_is_no_archive_when_checked_then_that_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(content)
    with pytest.raises(IntegrityFault, match="no zip file"):
        check(path)


def test_given_no_file_when_checked_then_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        check(tmp_path / "p.zip")


def test_given_an_empty_zip_when_checked_then_nothing_of_an_archive_is_there(tmp_path: Path) -> None:
    assert check(write(tmp_path / "p.zip", {})).findings


def test_given_an_archive_of_a_newer_format_when_checked_then_it_is_refused(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    newer = files | {OVERVIEW: files[OVERVIEW].replace(b'"format": 1', b'"format": 2')}
    with pytest.raises(IntegrityFault, match="format 2"):
        check(write(tmp_path / "p.zip", summed_anew(newer)))


def test_given_a_zip_that_would_fill_the_memory_when_checked_then_it_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.export.check.MOST", 10_000)
    path = write(tmp_path / "p.zip", {"data/big": bytes(10_001)})
    assert path.stat().st_size < 1000
    with pytest.raises(IntegrityFault, match="more than 10,000 bytes"):
        check(path)


def test_given_a_file_that_is_larger_than_the_zip_says_when_checked_then_no_more_than_that_is_read(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "p.zip", {"data/big": bytes(1_000_000)})
    said = (1_000_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(said, (10).to_bytes(4, "little")))
    assert "its bytes cannot be read" in {one.what for one in check(path).findings}


def test_given_a_method_of_packing_that_cannot_be_bounded_when_checked_then_it_is_not_read(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_BZIP2) as packed:
        for path, body in files.items():
            packed.writestr(f"p/{path}", body)
    assert {one.what for one in check(tmp_path / "p.zip").findings} >= {"its bytes cannot be read"}


@pytest.fixture(scope="module")
def packed_once(tmp_path_factory: pytest.TempPathFactory, new_world: Callable[[Path], Any]) -> bytes:
    """An archive as bytes, for many small changes."""
    world = new_world(tmp_path_factory.mktemp("once") / "data")
    world.to_voting()
    world.submit("ola", "vote.1.m2", {"score": 3})
    files = pack(source(world.engine, world.person("kari"), "p"))
    world.engine.close()
    made = io.BytesIO()
    bag.pack(files, "p", AT, made)
    return made.getvalue()


@settings(max_examples=150)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_given_any_bit_of_the_file_when_flipped_then_nothing_breaks_and_no_other_content_passes(
    packed_once: bytes, tmp_path_factory: pytest.TempPathFactory, place: float, bit: int
) -> None:
    changed = bytearray(packed_once)
    changed[int(place * len(changed))] ^= 1 << bit
    path = tmp_path_factory.mktemp("flip") / "p.zip"
    path.write_bytes(changed)
    try:
        findings = check(path).findings
    except SamskapError:
        return
    if not findings:  # what is not content: times, attributes, the folder's name
        assert _contents(bytes(changed)) == _contents(packed_once)


@settings(max_examples=150)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_given_any_bit_of_the_events_when_flipped_and_checksums_made_anew_then_it_is_found(
    packed_once: bytes, tmp_path_factory: pytest.TempPathFactory, place: float, bit: int
) -> None:
    files = _contents(packed_once)
    changed = bytearray(files[PROCESS])
    changed[int(place * len(changed))] ^= 1 << bit
    path = write(tmp_path_factory.mktemp("flip") / "p.zip", summed_anew(files | {PROCESS: bytes(changed)}))
    assert check(path).findings


def _contents(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as found:
        return {name.partition("/")[2]: found.read(name) for name in found.namelist()}


def _sealed(files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(files[OVERVIEW])["sealed"]
    return found
