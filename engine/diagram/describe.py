"""A picture in words, for whoever cannot see it: every state with what there is to do in it, and where it leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.diagram.model import Arrow, Box, Picture, Todo
from engine.diagram.words import say


def described(picture: Picture) -> str:
    """The whole picture, a sentence or more for each state, in document order."""
    titles = {box.id: box.title for box in picture.walk()}
    sentences = [picture.subtitle]
    sentences += [f"{say('always', picture.language)}: {_task(task)}" for task in picture.tasks]
    for box in picture.boxes:
        sentences += _states(box, None, picture.language, titles)
    return " ".join(f"{sentence.rstrip('.')}." for sentence in sentences)


def _states(box: Box, around: Box | None, language: str, titles: Mapping[str, str]) -> Iterator[str]:
    title = say("told within", language, title=box.title, around=around.title) if around else box.title
    notes = [
        say("told initial", language) if box.is_initial else "",
        say("told final", language) if box.kind == "final" else "",
        box.badge,
        box.note,
        *(say("told task" if t.kind == "task" else "told start", language, title=_task(t)) for t in box.tasks),
    ]
    yield ": ".join(part for part in (title, "; ".join(note for note in notes if note)) if part)
    for arrow in box.arrows:
        yield told_arrow(arrow, titles, language)
    for inner in box.boxes:
        yield from _states(inner, box, language, titles)


def told_arrow(arrow: Arrow, titles: Mapping[str, str], language: str) -> str:
    """A transition as a sentence: where it leads, who takes it or when, and how often it was."""
    title = say("at first", language) if arrow.kind == "default" else f"«{arrow.title}»"
    notes = ", ".join(note for note in (arrow.note, arrow.condition, f"{arrow.count} ×" if arrow.count else "") if note)
    leads = say("told arrow", language, title=f"{titles[arrow.source]}, {title}", target=titles[arrow.target])
    return f"{leads} ({notes})" if notes else leads


def _task(task: Todo) -> str:
    return f"{task.title} ({task.note})" if task.note else task.title
