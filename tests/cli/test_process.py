"""samskap as a program of its own: how quickly it begins, and how it ends when the terminal goes away."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import IO

import pytest

import cli
from cli import app
from cli.app import MODULES

SAMSKAP = str(Path(sys.executable).with_name("samskap"))
HEAVY = {"pydantic", "duckdb", "jsonschema", "rich", "prefect", "pyarrow", "scipy", "sqlglot", "great_expectations"}


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SAMSKAP_")} | more


def samskap(*args: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SAMSKAP, *args], text=True, timeout=280, check=False, env=environment(), **options)


def imported(*args: str) -> set[str]:
    """The packages that a call of the command line has imported at its end."""
    script = f"import sys; from cli.app import run; run({list(args)!r}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=280)
    return {name.partition(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_given_a_call_for_help_when_run_then_nothing_heavy_is_imported(option: str) -> None:
    assert imported(option) & HEAVY == set()


@pytest.mark.parametrize("args", [["identity", "--help"], ["sql", "--help"], ["evaluate", "--help"]], ids=" ".join)
def test_given_a_call_for_a_commands_help_when_run_then_only_typers_own_pydantic_is_imported(args: list[str]) -> None:
    assert imported(*args) & HEAVY <= {"pydantic"}


def test_given_the_help_when_asked_for_then_it_takes_less_than_three_tenths_of_a_second_of_work() -> None:
    """The processor's time, not the clock's: another program's load is not ours."""

    def work() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    taken = []
    for _ in range(5):
        before = work()
        samskap("--help", stdout=subprocess.DEVNULL)
        taken.append(work() - before)
    assert min(taken) < 0.3


def test_given_the_help_when_read_then_every_command_is_in_it() -> None:
    told = {line.split()[0] for line in samskap("--help", capture_output=True).stdout.splitlines() if line.strip()}
    assert {path.split()[0] for module in MODULES for path in module.commands} - told == set()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    assert samskap("-q", "init", str(folder)).returncode == 0
    assert samskap("-q", "-w", str(folder), "identity", "add", "kari").returncode == 0
    return folder


def running(workspace: Path, *args: str) -> subprocess.Popen[bytes]:
    """A call that hears of an interrupt, also where whoever runs the tests does not, as in the background."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [SAMSKAP, *args],
        cwd=workspace,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env=environment(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (it takes no lock)
    )


@pytest.mark.parametrize(
    ("args", "gone", "kept"),
    [
        (["doctor"], "stdout", "stderr"),
        (["doctor", "--json"], "stdout", "stderr"),
        (["--help"], "stdout", "stderr"),
        (["nonsense", "--json"], "stdout", "stderr"),
        (["nonsense"], "stderr", "stdout"),
        ([], "stderr", "stdout"),
    ],
    ids=str,
)
def test_given_a_reader_who_leaves_when_something_is_written_then_it_ends_without_a_word(
    workspace: Path, args: list[str], gone: str, kept: str
) -> None:
    with running(workspace, *args) as program:
        getattr(program, gone).close()
        told = getattr(program, kept).read()
    assert (program.returncode, told) == (141, b"")


@pytest.mark.parametrize("option", ["--json", "-q"])
def test_given_a_full_disk_when_the_output_goes_there_then_it_is_said(workspace: Path, option: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [SAMSKAP, "doctor", option],
            cwd=workspace,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment(),
            timeout=280,
        )
    assert done.returncode == 11
    assert done.stderr.startswith("error: the output cannot be written: No space left on device\n  where: stdout\n")
    assert "Traceback" not in done.stderr


def unread(pipe: IO[bytes]) -> int:
    """The bytes that were written into a pipe and not read yet."""
    return int.from_bytes(fcntl.ioctl(pipe.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)


def test_given_a_command_that_waits_when_interrupted_then_it_ends_with_130(workspace: Path) -> None:
    with running(workspace, "--as", "kari", "join", "-") as program:
        assert program.stdin is not None
        assert program.stderr is not None
        program.stdin.write(b"a token that goes")
        program.stdin.flush()
        while unread(program.stdin):
            time.sleep(0.01)
        time.sleep(0.3)  # what it has read it sets aside, and waits for the rest
        program.send_signal(signal.SIGINT)
        told = program.stderr.read()
    assert (program.returncode, told) == (130, b"")


def test_given_a_program_that_begins_when_interrupted_then_it_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_args: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "run", interrupt)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130


@pytest.mark.parametrize(
    ("call", "code"), [("--as kari join - <&-", 6), ("verify >&-", 0), ("verify 2>&-", 0), ("nonsense 2>&-", 2)]
)
def test_given_a_closed_stream_when_run_then_it_ends_as_ever(workspace: Path, call: str, code: int) -> None:
    done = subprocess.run(
        ["bash", "-c", f'"$0" {call}', SAMSKAP],
        cwd=workspace,
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=280,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == code


def test_given_a_word_that_is_not_utf8_when_called_then_it_is_said(workspace: Path) -> None:
    done = subprocess.run(
        [SAMSKAP, "identity", "add", b"\xe5se"], cwd=workspace, capture_output=True, check=False, env=environment()
    )
    assert done.returncode == 2
    assert b"word 3 of the command is not UTF-8" in done.stderr


def test_given_no_color_on_a_terminal_when_a_table_is_drawn_then_no_colour_is_sent(workspace: Path) -> None:
    script = "import pty, sys; sys.exit(pty.spawn([sys.argv[1], 'doctor']) >> 8)"
    done = subprocess.run(
        [sys.executable, "-c", script, SAMSKAP],
        cwd=workspace,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
        env=environment(NO_COLOR="1", TERM="xterm"),
        timeout=280,
    )
    assert "─".encode() in done.stdout  # it was drawn by rich, not aligned
    assert b"\x1b[3" not in done.stdout
