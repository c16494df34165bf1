"""The landing: files by content, once, and persons only as pseudonyms."""

from __future__ import annotations

import csv
import hashlib
import hmac
import resource
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import IntegrityFault, NotFound, StoreError
from engine.store.keys import KeyFolder
from warehouse.sources.contract import Contract, contract_from
from warehouse.sources.landing import Landing, check_whole, pseudonym
from warehouse.sources.lines import FileRefused

KEY = b"k" * 32


def contract(*, personal: bool, kind: str = "csv", **csv_options: str) -> Contract:
    person = {"type": "text", "personal": "pseudonymise"} if personal else {"type": "text"}
    return contract_from(
        {
            "source": "school",
            "version": "1.0.0",
            "title": "Skole",
            "kind": kind,
            "csv": dict(csv_options),
            "columns": {
                "pupil": dict(person),
                "name": {"type": "text", **({"personal": "drop"} if personal else {})},
                "score": {"type": "decimal"},
            },
            "mapping": {"units": {"unit": "pupil", "indicators": {"wellbeing": {"value": "score"}}}},
        }
    )


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


def stored_files(landing: Landing) -> list[Path]:
    return sorted(path for path in landing.folder.rglob("*") if path.is_file())


def written(tmp_path: Path, content: bytes, name: str = "pupils.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_given_no_personal_columns_when_landed_then_stored_byte_for_byte(tmp_path: Path, landing: Landing) -> None:
    content = b"\xef\xbb\xbfpupil,name,score\r\np1,Kari,4.5\r\nragged\r\n"
    landed = landing.land(written(tmp_path, content), contract(personal=False), KEY)
    assert landed.path.read_bytes() == content
    assert landed.stored_hash == landed.original_hash == hashlib.sha256(content).hexdigest()
    assert (landed.size, landed.file_name) == (len(content), "pupils.csv")


@pytest.mark.parametrize("personal", [True, False])
def test_given_the_same_content_when_landed_twice_then_there_is_one_file(
    tmp_path: Path, landing: Landing, personal: bool
) -> None:
    first = landing.land(written(tmp_path, b"pupil,name,score\np1,Kari,4\n"), contract(personal=personal), KEY)
    again = landing.land(written(tmp_path, b"pupil,name,score\np1,Kari,4\n", "b.csv"), contract(personal=personal), KEY)
    assert first.stored_hash == again.stored_hash
    assert stored_files(landing) == [first.path]


def test_given_a_personal_column_when_landed_then_its_pseudonym_is_an_hmac_under_the_key(
    tmp_path: Path, landing: Landing
) -> None:
    key = KeyFolder(tmp_path / "keys").ensure("workspace", "pseudonyms")
    landed = landing.land(written(tmp_path, b"pupil,name,score\n p1 ,Kari,4.5\n"), contract(personal=True), key)
    expected = hmac.new(key, b"p1", hashlib.sha256).hexdigest()[:32]  # RFC 2104, by another function
    assert landed.path.read_text() == f"pupil,score\n{expected},4.5\n"
    assert landed.original_hash != landed.stored_hash


def test_given_faulty_lines_in_a_personal_file_when_landed_then_nothing_of_them_is_stored(
    tmp_path: Path, landing: Landing
) -> None:
    content = (
        b'pupil,name,score\n01017012345,Kari Nordmann\n"01017012346,Ola,3\nx,01017012347\0,3\n\n01017012348,Per,5\n'
    )
    landed = landing.land(written(tmp_path, content), contract(personal=True), KEY)
    stored = landed.path.read_bytes()
    assert [word for word in (b"010170", b"Kari", b"Ola", b"Per") if word in stored] == []
    lines = stored.decode().splitlines()
    assert lines[1:4] == ["samskap:withheld:ragged", "samskap:withheld:quote", "samskap:withheld:control"]


identifiers = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n", exclude_categories=["Cs"]), min_size=1)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.lists(st.tuples(identifiers, identifiers), min_size=1, max_size=8))
def test_given_any_people_when_landed_then_no_file_of_the_landing_names_them(
    tmp_path: Path, people: list[tuple[str, str]]
) -> None:
    landing, path = Landing(tmp_path / "landing"), tmp_path / "p.csv"
    marked = [(f"canary-{one}", f"canary-{other}") for one, other in people]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["pupil", "name", "score"])
        writer.writerows([*row, "1"] for row in marked)
    landing.land(path, contract(personal=True), KEY)
    assert all(b"canary" not in stored.read_bytes() for stored in stored_files(landing))


def test_given_a_parquet_file_with_people_when_landed_then_only_pseudonyms_are_stored(
    tmp_path: Path, landing: Landing
) -> None:
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"pupil": ["p1", None], "name": ["Kari", "Ola"], "score": [4.5, 3.0]}), path)
    landed = landing.land(path, contract(personal=True, kind="parquet"), KEY)
    stored = pq.read_table(landed.path)
    assert stored.to_pydict() == {"pupil": [pseudonym(KEY, "p1"), ""], "score": [4.5, 3.0]}
    assert b"Kari" not in landed.path.read_bytes()


REFUSED = {
    "empty": (b"", "the file is empty"),
    "only a mark": (b"\xef\xbb\xbf", "the file is empty"),
    "only line ends": (b"\n\n\n", "the file is empty"),
    "not utf-8": (b"pupil,name,score\np1,K\xe5re,3\n", "byte 21 is not UTF-8 (0xe5)"),
    "not utf-8 after a mark": (b"\xef\xbb\xbfpupil,name,score\np1,K\xe5re,3\n", "byte 24 is not UTF-8 (0xe5)"),
    "utf-16": ("pupil,name,score\n".encode("utf-16"), "byte 0 begins UTF-16"),
    "duplicate header": (b"pupil,name,name,score\n", "“name” more than once"),
    "missing column": (b"pupil,name,skore\n", "no column “score”"),
    "unknown column": (b"pupil,name,score,diagnosis\n", "“diagnosis” that its contract does not name"),
    "other delimiter": (b"pupil;name;score\np1;Kari;3\n", "no column “pupil”"),
    "no header": (b'pupil,"name,score\n', "the first line is no header"),
    "a spreadsheet": (b"PK\x03\x04\x14\0\x06\0\n", "the first line is no header"),
    "CR alone": (b"pupil,name,score\rp1,Kari,3\r", "CR alone"),
}


@pytest.mark.parametrize("personal", [True, False])
@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_given_a_file_that_cannot_be_read_when_landed_then_refused_and_nothing_stored(
    tmp_path: Path, landing: Landing, content: bytes, message: str, personal: bool
) -> None:
    with pytest.raises(FileRefused) as caught:
        landing.land(written(tmp_path, content), contract(personal=personal), KEY)
    assert message in caught.value.message
    assert caught.value.hint
    assert stored_files(landing) == []


def test_given_another_delimiter_when_refused_then_the_hint_names_it(tmp_path: Path, landing: Landing) -> None:
    with pytest.raises(FileRefused) as caught:
        landing.land(written(tmp_path, b"pupil;name;score\n"), contract(personal=False), KEY)
    assert "';'" in caught.value.hint


def test_given_utf8_where_latin1_is_said_when_landed_then_refused(tmp_path: Path, landing: Landing) -> None:
    path = written(tmp_path, "pupil,name,score\np1,Kåre,3\n".encode())
    with pytest.raises(FileRefused, match="UTF-8"):
        landing.land(path, contract(personal=False, encoding="latin-1"), KEY)


def test_given_latin1_with_people_when_landed_then_the_stored_file_is_utf8(tmp_path: Path, landing: Landing) -> None:
    path = written(tmp_path, "pupil,name,score\nå1,Kåre,3\n".encode("latin-1"))
    landed = landing.land(path, contract(personal=True, encoding="latin-1"), KEY)
    assert landed.path.read_text("utf-8") == f"pupil,score\n{pseudonym(KEY, 'å1')},3\n"


def test_given_a_text_file_named_parquet_when_landed_then_refused(tmp_path: Path, landing: Landing) -> None:
    with pytest.raises(FileRefused, match="no Parquet file"):
        landing.land(written(tmp_path, b"pupil,name,score\n"), contract(personal=False, kind="parquet"), KEY)


def test_given_no_file_when_landed_then_not_found(tmp_path: Path, landing: Landing) -> None:
    with pytest.raises(NotFound):
        landing.land(tmp_path / "none.csv", contract(personal=False), KEY)


@pytest.fixture
def small_disk() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("personal", [True, False])
def test_given_no_room_when_landed_then_a_clear_error_and_nothing_stored(
    tmp_path: Path, landing: Landing, personal: bool, request: pytest.FixtureRequest
) -> None:
    path = written(tmp_path, b"pupil,name,score\n" + b"p1,Kari Nordmann,4.5\n" * 20_000)
    request.getfixturevalue("small_disk")
    with pytest.raises(StoreError) as caught:
        landing.land(path, contract(personal=personal), KEY)
    assert "room" in caught.value.hint
    assert stored_files(landing) == []


def test_given_a_landed_file_that_was_changed_when_checked_then_integrity_fault(
    tmp_path: Path, landing: Landing
) -> None:
    landed = landing.land(written(tmp_path, b"pupil,name,score\np1,Kari,4\n"), contract(personal=False), KEY)
    check_whole(landed)
    landed.path.write_bytes(b"pupil,name,score\np1,Kari,6\n")
    with pytest.raises(IntegrityFault, match="was changed"):
        landing.find(landed.stored_hash, landed.original_hash, "pupils.csv", "csv")


def test_given_a_landed_file_that_is_gone_when_looked_for_then_integrity_fault(landing: Landing) -> None:
    with pytest.raises(IntegrityFault, match="is gone"):
        landing.find("a" * 64, "a" * 64, "pupils.csv", "csv")
