"""What the tasks, states, roles and actions of a process were called by turns, as it was moved from version to version.

A name leads to the one that it has in another version, by the plans of the migrations between them. Pure, and about
names only: what a migration did to answers, and to whoever is asked, is in its events.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, Protocol, TypeAlias

from engine.process import events as e
from engine.template.chart import Definition
from engine.template.plan import Plan

Kind: TypeAlias = Literal["task", "state", "role", "action"]
"""An action has the name of its state before its own: `plan.open`."""


class Unclear(Exception):
    """Why it cannot be said what something is called in another version."""


class _Move(Protocol):
    """One migration, as it moves names; None stands for what nobody is asked, or is, any more."""

    def after(self, kind: Kind, name: str) -> str | None: ...

    def before(self, kind: Kind, name: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class _There:
    """From the names of one version to those of the next."""

    migration: e.ProcessMigrated
    old: Definition
    new: Definition

    def after(self, kind: Kind, name: str) -> str | None:
        if name not in _known(kind, self.old):
            return name
        if kind == "action":
            return self._action(*name.split("."))
        now = self._planned(kind).get(name, name)
        if now is None or now in _known(kind, self.new):
            return now
        if kind == "task":  # one that was asked and has no place needs a word in the plan: nobody is asked any more
            return None
        if self.migration.plan is None:
            raise Unclear(f"the log does not say what became of the {kind} {name} when it was moved")
        return name

    def _action(self, state: str, action: str) -> str | None:
        """An action of a state by its name now; where the plan does away with it, None."""
        if self.migration.plan is None:  # written before plans were kept
            return f"{state}.{action}"
        planned = self.migration.plan.actions.get(action, action)
        if planned is None:
            return None
        known, where = _known("action", self.new), self.after("state", state)
        stayed = f"{where}.{action}" in known and f"{where}.{planned}" not in known
        return f"{where}.{action if stayed else planned}"

    def _planned(self, kind: Kind) -> Mapping[str, str | None]:
        plan, migration = self.migration.plan, self.migration
        if plan is None:  # written before plans were kept
            return migration.tasks if kind == "task" else migration.states if kind == "state" else {}
        return plan.tasks if kind == "task" else plan.states if kind == "state" else plan.roles

    def before(self, kind: Kind, name: str) -> str | None:
        found, lost = [], False
        for old in _known(kind, self.old):
            try:
                found += [old] if self.after(kind, old) == name else []
            except Unclear:
                lost = True
        if kind == "action":  # of states that were made one, the same action is the same
            found = list({old.partition(".")[2]: old for old in found}.values())
        if len(found) > 1:
            raise Unclear(f"{' and '.join(sorted(found))} were made one when it was moved")
        if lost and not found:
            raise Unclear(f"the log does not say what the {kind} {name} was before it was moved")
        return found[0] if found else name


@dataclass(frozen=True, slots=True)
class _Back:
    """The same in the other direction: a migration that was taken back."""

    there: _There

    def after(self, kind: Kind, name: str) -> str | None:
        return self.there.before(kind, name)

    def before(self, kind: Kind, name: str) -> str | None:
        return self.there.after(kind, name)


class Lineage:
    """The versions that a process ran on, in order, and what their names are in one more, `new`.

    That has the names to which a plan leads from the last of them, if there is one; else those of the newest of them
    that is not newer than itself; of the first, where it is older than all.
    """

    def __init__(
        self,
        versions: Sequence[Definition],
        migrations: Sequence[e.ProcessMigrated],
        new: Definition,
        plan: Plan | None = None,
    ):
        there = [_There(p, old, now) for p, old, now in zip(migrations, versions, versions[1:], strict=False)]
        if plan is not None:
            there.append(_There(_as_if_moved(plan, versions[-1], new), versions[-1], new))
        self._moves: list[_Move] = [
            made if made.migration.undoes is None else _Back(there[number - 1]) for number, made in enumerate(there)
        ]
        self.versions = versions
        self.taken_back = {number for number, made in enumerate(there) if made.migration.undoes is not None}
        """The numbers of the versions that the process was taken back from."""
        fitting = [(_number(version), n) for n, version in enumerate(versions) if _number(version) <= _number(new)]
        self._as = len(versions) if plan is not None else max(fitting)[1] if fitting else 0
        self.came = cache(self._came)
        """What a process came to have by migrations after a version, by the names in the new one."""

    def called(self, kind: Kind, name: str, number: int) -> str | None:
        """A name of the version of that number, in the new one; None for what a migration did away with.

        Raise `Unclear` where the log does not say.
        """
        found: str | None = name
        for move in self._that_stayed(number, self._as):
            found = move.after(kind, found) if found is not None else None
        for move in reversed(self._that_stayed(self._as, number)):
            found = move.before(kind, found) if found is not None else None
        return found

    def _that_stayed(self, first: int, last: int) -> list[_Move]:
        """The migrations between two versions, without those that were taken back on the way."""
        gone = {n for back in self.taken_back if first < back < last for n in (back - 1, back)}
        return [self._moves[number] for number in range(first, last) if number not in gone]

    def _came(self, kind: Kind, number: int) -> frozenset[str]:
        later = {name for n in range(number + 1, len(self.versions)) for name in self._all(kind, n)}
        return frozenset(later - self._all(kind, number))

    def _all(self, kind: Kind, number: int) -> set[str]:
        found = set()
        for name in _known(kind, self.versions[number]):
            try:
                found.add(self.called(kind, name, number))
            except Unclear:
                continue
        return {name for name in found if name is not None}


def _as_if_moved(plan: Plan, old: Definition, new: Definition) -> e.ProcessMigrated:
    """The event of a migration that was not done: of it nothing is asked but its plan."""
    return e.ProcessMigrated(
        version=new.template.version,
        bundle=new.bundle,
        from_version=old.template.version,
        from_bundle=old.bundle,
        before=0,
        plan=plan,
        subject="",
    )


def _known(kind: Kind, version: Definition) -> Collection[str]:
    names: Mapping[Kind, Collection[str]] = {
        "task": version.tasks,
        "state": version.nodes,
        "role": version.template.roles,
        "action": [f"{state}.{choice.id}" for state, found in version.actions.items() for choice in found],
    }
    return names[kind]


def _number(version: Definition) -> tuple[int, ...]:
    return tuple(map(int, version.template.version.split(".")))
