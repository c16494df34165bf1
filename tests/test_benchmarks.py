"""The benchmarks run, and print a table with a peer in it. How fast anything is, is not judged here."""

from __future__ import annotations

import pytest

from benchmarks import writers_speed
from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.measure import Timing, line, table

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", BENCHMARKS)
def test_given_a_benchmark_when_run_then_a_table(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers_speed, "REPEATS", 1)
    monkeypatch.setattr(writers_speed, "WRITERS", (1, 4))
    main([name])
    told = capsys.readouterr().out
    assert BENCHMARKS[name][0] in told
    assert "peer" in told


def test_given_twice_the_peers_time_when_told_then_half_of_it() -> None:
    peer = Timing(1.0, 0.9, 1.1)
    row = line("ours", 100, Timing(2.0, 2.0, 2.0), peer=peer)
    assert (row.per_second, row.ratio) == (50.0, 0.5)
    assert "50%" in table("Title", [line("theirs", 100, peer), row])
