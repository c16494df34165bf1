"""Moves of a simulation as the steps of a scenario, so that an author can put a finding among the scenarios."""

from __future__ import annotations

from collections.abc import Sequence

from engine import codec
from engine.codec import Json
from engine.process import commands as c
from engine.trial.playing import Move


def told(moves: Sequence[Move]) -> tuple[str, ...]:
    """One line a move, as `given` of a scenario holds it."""
    return tuple(_step(move) for move in moves)


def _step(move: Move) -> str:
    option = move.option
    match move.commands[-1] if move.commands else None:
        case c.Submit(instance=instance, answers=answers):
            told = f"by: {option.who}, submit: {instance}, answers: {_json(answers)}"
        case c.Act(action=action, reason=reason):
            told = f"by: {option.who}, act: {action}{f', reason: {reason}' if reason else ''}"
        case c.AddMember(person=person):
            told = f"join: {person}"
        case c.EndMembership():
            told = f"leave: {option.who}"
        case c.LinkOver(how=how, answers=answers):
            told = f"ends: {option.what}" + (
                ", given_up: true" if how == "cancelled" else f", answers: {_json(answers)}"
            )
        case _:
            told = "tick: next"
    return f"{{{told}}}"


def _json(value: Json) -> str:
    return codec.dumps(value).decode()
