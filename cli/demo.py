"""The demo: the main job from beginning to end in a fresh workspace, in plain words, on real figures."""

# ruff: noqa: PLC0415 (imports stand where they are needed: help must come at once)

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.call import Call
from cli.command import Commands
from cli.output import Table, tell, write

if TYPE_CHECKING:
    from engine.engine import Engine
    from engine.workspace import Workspace

commands = Commands()

MARK = ".samskap-demo"
"""A file that says that a folder was made by the demo, so that the next demo may make it anew."""


@commands.add("demo", example="samskap demo\nsamskap demo ~/samskap-demo --lang nb")
def demo(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="Where to make the demo's workspace.", show_default=True)
    ] = Path("samskap-demo"),
) -> None:
    """Run the whole job in a fresh workspace, on real figures."""
    call: Call = ctx.obj
    began = time.monotonic()
    told = Demo(call, fresh(folder), examples(), call.language or "en")
    try:
        told.run()
    finally:
        told.engine.close()
    told.say(f"\nDone in {time.monotonic() - began:.0f} seconds.")


def examples() -> Path:
    """The examples: in an installed samskap beside this module, in a checkout at its top."""
    here = Path(__file__).resolve().parent
    return next(folder for folder in (here / "examples", here.parent / "examples") if folder.is_dir())


def fresh(folder: Path) -> Workspace:
    """A new workspace; a folder that an earlier demo made is made anew, and no other is touched."""
    from engine.errors import UsageError
    from engine.workspace import Workspace

    if folder.is_file():
        raise UsageError(
            "this is a file, and the demo needs a folder", hint="Name another: samskap demo FOLDER.", where=str(folder)
        )
    if folder.exists():
        if not (folder / MARK).is_file() and any(folder.iterdir()):
            raise UsageError(
                "there is something else in the demo's folder",
                hint="Name another: samskap demo FOLDER.",
                where=str(folder),
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    made = Workspace.create(folder)
    # What is played here belongs in no other store, whatever the environment names.
    return replace(made, settings=made.settings.model_copy(update={"store_url": None}))


class Demo:
    """The five parts of the demo, told as they happen."""

    def __init__(self, call: Call, workspace: Workspace, files: Path, language: str) -> None:
        self.call = call
        self.workspace = workspace
        self.engine: Engine = workspace.engine()
        self.files = files
        self.language = language

    def run(self) -> None:
        """All five parts."""
        self.say(f"A fresh workspace: {self.workspace.root}")
        self.publish()
        self.collaborate()
        self.evaluate_umea()
        self.prepare_experiment()
        self.compute()
        self.audit()
        self.further()

    # -- telling ----------------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """A line for people; with --json nothing is told on the way."""
        if not self.call.json:
            write(text + "\n")

    def head(self, number: int, text: str) -> None:
        """The heading of a part."""
        self.say(f"\n{number}. {text}\n{'─' * (len(text) + 3)}")

    def step(self, text: str) -> None:
        """Something that was done."""
        self.say(f"  • {text}")

    def show(self, *tables: Table) -> None:
        """Tables."""
        if not self.call.json:
            tell(self.call, None, *tables)

    # -- the parts --------------------------------------------------------------------------------------------------

    def publish(self) -> None:
        """Both methods, from their files into the log."""
        from engine.template import bundle

        for name in ("samson", "soimpact"):
            published = self.engine.publish(bundle.read(name, self.workspace.bundle_folders))
            self.step(f"published {published.name} {published.version}: a statechart and its forms, as config")

    def collaborate(self) -> None:
        """A SAMSON collaboration of four parties."""
        from cli.play import Collaboration

        self.head(1, "A SAMSON collaboration (made up: no real case's answers are public)")
        story = Collaboration(self.engine, self.files / "made_up_collaboration" / "collaboration.yaml", self.step)
        story.prepare()
        self.show(self._positions())
        self.step("Arne has no e-mail: Leila enters his answers on his behalf, and everybody can see that she did")
        self.step("Leila has two hats, and answers once for each")
        story.answer(1)
        story.agree()
        self.show(self._agreed(story))
        story.answer(2)

    def _positions(self) -> Table:
        """Where everybody stands, as they said when they joined: always there for all to see."""
        form = self.engine.definition("samson").forms["membership"]
        loaded = self.engine.load(self.engine.stream("fjordvik"))
        titles = {
            name: {choice.const: choice.title(self.language) for choice in form.fields[name].choices}
            for name in ("positions", "roles")
        }
        rows = []
        for member in loaded.state.memberships.values():
            given = loaded.state.instances[f"register.1.{member.id}"].submissions[-1]
            answers: Any = self.engine.payload(loaded.records[given.sequence - 1]).answers  # type: ignore[attr-defined]
            told = ["; ".join(str(titles[name][value]) for value in answers[name]) for name in titles]
            person = self.engine.people.get(member.person or "")
            party = loaded.state.parties[member.party].title if member.party else "(facilitator)"
            rows.append((person.name if person else "", party, *told))
        return Table(("who", "for", "stands", "does"), rows, title="Who takes part, and where they stand")

    def _agreed(self, story: Any) -> Table:
        """What the parties agreed to do."""
        found = story.story["dialogue"]["agreements"]
        rows = [(self._field(one["field"]), one["action"], one["owner"], str(one["due"])) for one in found]
        return Table(("action field", "what is to be done", "by whom", "by when"), rows, title="Agreed actions")

    def _field(self, name: str) -> str:
        """What people call an action field."""
        return self.engine.definition("samson").template.dimensions["field"].values[name].get(self.language)

    def evaluate_umea(self) -> None:
        """Umeå 2022 through all ten steps, with the figures in a file."""
        from cli.play import Team, finish_evaluation, session_of, start_evaluation

        self.head(2, "A SoImpact evaluation through all ten steps (real: Umeåregionen's social accounts 2022)")
        folder = self.files / "umea_2022"
        self.leader = session_of(self.engine, "kari", "Kari Nordmann")
        team = Team(
            self.leader,
            session_of(self.engine, "amir", "Amir Rahimi"),
            session_of(self.engine, "sara", "Sara Lindgren"),
        )
        self.step("three people (made up) do it: Kari leads, Sara speaks for the target group, Amir is the analyst")
        answers = folder / "answers"
        start_evaluation(self.engine, answers, "umea-2022", "Umeå 2022", self.leader, team=team, told=self.step)
        self._source(folder, "umea.source.yaml", "figures.csv")
        finish_evaluation(self.engine, answers, "umea-2022", self.leader, team=team, told=self.step)
        self.step("its figures wait in a file: nine rows, with the percentages as they were printed")

    def prepare_experiment(self) -> None:
        """The NSW experiment, and a copy of it with faults put in."""
        from cli.play import start_evaluation

        self.head(3, "A file with one row a person (real: the National Supported Work experiment, 445 people)")
        folder = self.files / "nsw"
        start_evaluation(self.engine, folder / "answers", "nsw", "National Supported Work", self.leader, told=self.step)
        self._source(folder, "nsw.source.yaml", "nsw.csv")
        self.step("a contract says what every column holds, who got a place by lottery, and what makes a row unfit")
        contract = (folder / "nsw.source.yaml").read_text(encoding="utf-8")
        faulty = contract.replace("source: nsw\n", "source: nsw_faulty\n").replace("process: nsw\n", "")
        (self.workspace.sources / "nsw_faulty.source.yaml").write_text(faulty, encoding="utf-8")
        shutil.copy(folder / "nsw_faulty.csv", self.workspace.sources)
        self.step(
            "a second copy of the file has faults put in: wrong types, a repeated unit, an unknown arm, an empty row"
        )

    def _source(self, folder: Path, *names: str) -> None:
        for name in names:
            shutil.copy(folder / name, self.workspace.sources)

    def compute(self) -> None:
        """The pipeline, a mended value, and the figures."""
        from cli.figures import figure_tables, files_table, rejects_table
        from warehouse import stages
        from warehouse.mending import mend

        self.head(4, "The pipeline: load → validate → compute")
        self.evaluation = self._evaluate()
        self.show(files_table(self.evaluation), rejects_table(self.workspace, self.language))
        self.step("every row that was read is either used or listed here: nothing is lost, and nothing is guessed")
        self.step("27 of 179 is 15.1 %, and 19 % was printed. Kari puts it right, with a reason:")
        self.step("  samskap mend umea_2022 --row 4 --column stated_percent --to 15 --reason 'Misprint: 27 of 179'")
        found = stages.rejected(self.workspace, "umea_2022")
        wanted = {"row": 4, "column": "stated_percent", "new": "15", "reason": "Misprint: 27 of 179"}
        mend(self.engine, self.leader, "umea-2022", found, **wanted)  # type: ignore[arg-type]
        self.evaluation = self._evaluate()
        self.show(*figure_tables(self.evaluation.copy, self.language), self._profile())

    def _evaluate(self) -> Any:
        from warehouse import stages

        def progress(what: str, _done: int, _of: int) -> None:
            if sys.stderr.isatty():
                sys.stderr.write(f"\r  {what} …{'':20}\r")

        day = self.workspace.today(self.call.now())
        from datetime import date

        return stages.evaluate(self.workspace, self.engine, date.fromisoformat(day), progress=progress)

    def _profile(self) -> Table:
        """What the collaboration should talk about, beside what chance alone gives."""
        rows = self._ask(
            "SELECT profile.member, round(profile.score, 2)::VARCHAR, round(spread.gap, 2)::VARCHAR,"
            " round(spread.by_chance, 2)::VARCHAR,"
            " CASE WHEN spread.is_difference THEN 'they differ' ELSE 'may be chance' END"
            " FROM marts.assessment_spread AS spread JOIN marts.assessment_profile AS profile"
            " USING (process, task, round, dimension, member)"
            " WHERE profile.party IS NULL AND spread.dimension = 'field' AND spread.round = 1 AND spread.talk_about"
            " ORDER BY profile.score"
        )
        rows = [(self._field(str(name)), *told) for name, *told in rows]
        headings = ("action field", "score 1–5", "gap between parties", "by chance up to", "")
        return Table(headings, rows, title="SAMSON, round 1: what to talk about")

    def audit(self) -> None:
        """History, one figure led back to its answers, and one question in SQL."""
        from cli.figures import explanation, landed, mended, readable
        from cli.play import session_of
        from warehouse import copies
        from warehouse.explain import explain

        self.head(5, "The audit: what happened, and where a figure comes from")
        lines = self.engine.history(self.leader, "umea-2022", self.language)
        rows = [(str(line.sequence), f"{line.at:%Y-%m-%d %H:%M}", line.text) for line in [*lines[:3], *lines[-6:]]]
        self.show(Table(("event", "when (UTC)", "what"), rows, title="History of umea-2022 (first and last events)"))
        for figure in ("fjordvik/answer/1/power/innbyggere", "umea-2022/exits_to_studies/2022"):
            with copies.reading(self.evaluation.copy) as connection:
                found = explain(connection, figure)
            reader = session_of(self.engine, "ingrid" if figure.startswith("fjordvik") else "kari")
            loaded = {one.process: self.engine.load(self.engine.stream(one.process)) for one in found.answers}
            answers = [(one, readable(self.call_of(), reader, one, loaded[one.process])) for one in found.answers]
            self.say(f"\nsamskap explain figure {figure}")
            behind = mended(self.call_of(), found.mends), landed(self.call_of(), found.files)
            if not self.call.json:
                tell(self.call, None, *explanation(found, answers, *behind, self.language))
        question = "SELECT progress, certainty, count(*) AS indicators FROM marts.results GROUP BY ALL ORDER BY ALL"
        told = [tuple("" if cell is None else str(cell) for cell in row) for row in self._ask(question)]
        self.show(Table(("progress", "certainty", "indicators"), told, title=f'samskap sql "{question}"'))

    def call_of(self) -> Call:
        """A call over the demo's workspace."""
        found = Call(folder=str(self.workspace.root), language=self.language)
        found.__dict__["engine"] = self.engine
        return found

    def _ask(self, question: str) -> list[tuple[Any, ...]]:
        from warehouse.query import query

        return [tuple(row) for row in query(self.evaluation.copy, question).rows]

    def further(self) -> None:
        """Where to look next."""
        root = self.workspace.root
        self.say("\nWhere to look next")
        for line in (
            f"cd {root}",
            "samskap status fjordvik                       # where a process stands",
            "samskap --as ingrid history fjordvik          # everything that happened in it",
            "samskap --as kari explain figure nsw/earnings_1978/1978/lottery",
            'samskap sql "FROM marts.effects"              # the same tables, in SQL',
            "samskap verify                                # nothing was changed behind the engine's back",
        ):
            self.say(f"  {line}")
        tell_json = {
            "workspace": root,
            "run_id": self.evaluation.computed.run_id,
            "copy": self.evaluation.copy,
            "events": self.engine.log.position(),
        }
        if self.call.json:
            tell(self.call, tell_json)
