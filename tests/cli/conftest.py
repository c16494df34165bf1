"""A workspace on the command line: commands run in-process, as somebody, with what they printed kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.app import run
from cli.call import IDENTITY, Call
from engine import codec
from engine.codec import Json
from engine.store.sqlite import SqliteLog
from engine.template import bundle
from engine.template.chart import Definition
from engine.template.sources import BUILT_IN


@dataclass(frozen=True)
class Ended:
    """What a call of the command line came to."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What was printed, as JSON."""
        return codec.loads(self.out)


@dataclass
class Terminal:
    """Somebody's terminal in a workspace."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    tokens: dict[str, str] = field(default_factory=dict)

    def __call__(self, *args: str, who: str | None = None) -> Ended:
        """Run a command as somebody with a token, or as nobody."""
        if who is None:
            self.monkeypatch.delenv(IDENTITY, raising=False)
        else:
            self.monkeypatch.setenv(IDENTITY, self.tokens[who])
        self.capture.readouterr()
        code = run(["--workspace", str(self.folder), *args])
        told = self.capture.readouterr()
        return Ended(code, told.out, told.err)

    def done(self, *args: str, who: str | None = None) -> Ended:
        """Run a command that must succeed."""
        ended = self(*args, who=who)
        assert ended.code == 0, ended.err
        return ended

    def person(self, handle: str, language: str = "nb") -> None:
        """Take a person up and keep the token."""
        self.done("identity", "add", handle, "--name", handle.title(), "--language", language)
        self.tokens[handle] = self.done("-q", "identity", "token", handle).out.strip()

    def member(self, handle: str, party: str, language: str = "nb") -> str:
        """A person who joined arendal for a party by invitation; the membership."""
        self.person(handle, language)
        self.done("party", "add", "arendal", party, "--title", party.title(), who="kari")
        token = self.done("-q", "invite", "arendal", "--role", "member", "--party", party, who="kari").out.strip()
        return str(self.done("join", token, "--json", who=handle).data["result"]["membership"])

    @property
    def position(self) -> int:
        """How many events were stored."""
        log = SqliteLog(self.folder / "data" / "events.sqlite")
        try:
            return log.position()
        finally:
            log.close()


@pytest.fixture(scope="session")
def samson() -> Definition:
    """The built-in template."""
    return bundle.read("samson", [BUILT_IN]).definition


@pytest.fixture(scope="session")
def registration(samson: Definition) -> dict[str, Json]:
    """The least that the membership form takes."""
    least: dict[str, Json] = {}
    for name, asked in samson.forms["membership"].fields.items():
        if asked.required:
            first = asked.choices[0].const if asked.choices else None
            kinds: dict[str, Json] = {"choice": first, "choices": [first], "integer": 3, "text": "kort tekst"}
            least[name] = kinds[asked.kind]
    return least


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question in SQL is a program of its own, which takes long to begin on a busy machine."""
    monkeypatch.setenv("SAMSKAP_SQL__SECONDS", "60")


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A new workspace."""
    monkeypatch.delenv("SAMSKAP_WORKSPACE", raising=False)
    made = Terminal(tmp_path / "work", capsys, monkeypatch)
    assert run(["init", str(made.folder)]) == 0
    return made


CLOCK = Call.now


@dataclass
class Stages:
    """How far workspaces have come, made once and copied for each test: that takes less time than making them anew."""

    folder: Path
    tokens: dict[str, dict[str, str]] = field(default_factory=dict)

    def bring(self, terminal: Terminal, stage: str, make: Callable[[], None]) -> Terminal:
        """Have a new workspace at a stage; where the clock is another it is made at that moment."""
        if Call.now is not CLOCK:
            make()
        elif stage not in self.tokens:
            make()
            shutil.copytree(terminal.folder, self.folder / stage, symlinks=True)
            self.tokens[stage] = dict(terminal.tokens)
        else:
            shutil.rmtree(terminal.folder)
            shutil.copytree(self.folder / stage, terminal.folder, symlinks=True)
            terminal.tokens |= self.tokens[stage]
        return terminal


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    """The stages that many tests begin at."""
    return Stages(tmp_path_factory.mktemp("stages"))


@pytest.fixture
def arendal(terminal: Terminal, stages: Stages) -> Terminal:
    """A workspace in which kari has started arendal."""

    def make() -> None:
        terminal.done("publish", "samson")
        terminal.person("kari")
        terminal.done("start", "samson", "arendal", "--title", "Arendal", who="kari")

    return stages.bring(terminal, "arendal", make)


@pytest.fixture
def preparation(arendal: Terminal, stages: Stages, tmp_path: Path, registration: dict[str, Json]) -> Terminal:
    """Two parties with a person each, who have said who they are and how answers are shown."""
    file = tmp_path / "registration.json"
    file.write_bytes(codec.dumps(registration))

    def make() -> None:
        arendal.done("submit", "arendal", "register.1.m1", "--answers", str(file), who="kari")
        for handle, party in (("ola", "kommune"), ("eva", "lag")):
            membership = arendal.member(handle, party)
            arendal.done("submit", "arendal", f"register.1.{membership}", "--answers", str(file), who=handle)
            arendal.done("submit", "arendal", f"agree.1.{party}", "--set", "visibility=open", who=handle)

    return stages.bring(arendal, "preparation", make)


@pytest.fixture
def evaluated(arendal: Terminal, stages: Stages) -> Terminal:
    """Arendal with figures, of which there are none yet: a copy for readers that can be asked."""
    return stages.bring(arendal, "evaluated", lambda: arendal.done("evaluate") and None)


@pytest.fixture
def in_march(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Monday in March 2026, with no holiday in the weeks that follow: name it first."""
    monkeypatch.setattr(Call, "now", lambda _: datetime(2026, 3, 2, 9, tzinfo=UTC))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let so many days pass."""
    now = Call.now

    def pass_days(days: int) -> None:
        monkeypatch.setattr(Call, "now", lambda call: now(call) + timedelta(days=days))

    return pass_days
