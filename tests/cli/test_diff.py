"""Two versions of a template, compared on the command line."""

from __future__ import annotations

import shutil

from engine.template.sources import BUILT_IN


def test_given_the_files_as_published_when_compared_then_nothing_differs(arendal) -> None:
    told = arendal.done("diff", "samson", "1.1.0")
    assert "Nothing differs." in told.out
    assert "1 running on 1.1.0" in told.out


def test_given_a_state_taken_away_in_the_files_when_compared_then_breaking_and_exit_5(arendal) -> None:
    template = arendal.folder / "processes" / "samson.yaml"
    text = (BUILT_IN / "processes" / "samson.yaml").read_text()
    template.write_text(text.replace("version: 1.1.0", "version: 2.0.0").replace("sealed: true", "sealed: false", 1))
    shutil.copytree(BUILT_IN / "forms" / "samson", arendal.folder / "forms" / "samson", dirs_exist_ok=True)
    told = arendal("diff", "samson", "1.1.0", "--json")
    assert told.code == 5
    found = [(one["where"], one["what"]) for one in told.data["differences"] if one["breaking"]]
    assert ("task answer", "sealed: True → False") in found


def test_given_no_such_version_when_compared_then_told_which_there_are(arendal) -> None:
    told = arendal("diff", "samson", "9.9.9")
    assert (told.code, "There are: 1.1.0." in told.err) == (7, True)
