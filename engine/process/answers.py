"""The answers of a process as far as somebody may read them: those that count, and earlier ones that were put right.

Whether an answer may be read is `access`'s to say; one that may not is listed without what was answered, so that it is
seen that there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from engine.form.model import Field
from engine.form.renaming import renamed
from engine.form.validate import join_personal
from engine.process import events as e
from engine.process.access import View
from engine.process.state import ProcessState, Submission
from engine.template.chart import Definition


@dataclass(frozen=True, slots=True)
class Given:
    """One submission. `answers` is None where the reader may not see it; `erased` says that personal texts are no more.

    `subject` is whose it is and `entered_by` who entered it (pseudonyms here); `replaced` says that it was put right
    since, `reason` why it puts another right or where it comes from, `bundle` by which version it is to be read.
    """

    instance: str
    task: str
    sequence: int
    at: datetime
    subject: str
    entered_by: str
    replaced: bool
    reason: str
    valid_on: str | None
    bundle: str
    answers: Mapping[str, object] | None
    erased: bool = False


def given(events: Iterable[e.Event], state: ProcessState, view: View) -> list[Given]:
    """Every submission of a process, in order; `events` are opened as far as the view goes."""
    counted = {s.sequence: (instance, s) for instance in state.instances.values() for s in instance.submissions}
    replaced = {sequence for instance in state.instances.values() for sequence in instance.replaced}
    found = []
    for event in events:
        payload = event.payload
        if isinstance(payload, e.FormSubmitted) and event.sequence in counted:
            instance, submission = counted[event.sequence]
            readable = view.answers(instance, submission) and payload.answers is not None
            answers, erased = _read(payload) if readable else (None, False)
            found.append(
                Given(
                    instance=payload.instance,
                    task=payload.task,
                    sequence=event.sequence,
                    at=event.recorded_at,
                    subject=payload.subject,
                    entered_by=submission.entered_by,
                    replaced=event.sequence in replaced,
                    reason=payload.reason if isinstance(payload.reason, str) else "",
                    valid_on=payload.valid_on,
                    bundle=event.bundle_hash or state.bundle,
                    answers=answers,
                    erased=erased,
                )
            )
    return found


def last_given(state: ProcessState, task: str, subject: str) -> Submission | None:
    """What somebody answered last to a task, in whatever round, and whatever it was called then; None for nothing."""
    rounds = (i for i in state.instances.values() if state.renamed.get(i.task, i.task) == task)
    theirs = (s for instance in rounds for s in instance.submissions if s.subject == subject)
    return max(theirs, key=attrgetter("sequence"), default=None)


def shown_again(
    event: e.Event, state: ProcessState, task: str, definitions: Callable[[str], Definition]
) -> dict[str, str]:
    """What somebody wrote in an event, in the fields of a task that show it again, by their paths.

    The version reads it that the process runs on now; what was erased is not there.
    """
    payload = event.payload
    if not isinstance(payload, e.FormSubmitted) or payload.answers is None:
        return {}
    answers, _ = _read(payload)
    then = definitions(event.bundle_hash or state.bundle).form_of(payload.task)
    now = definitions(state.bundle).form_of(task)
    return dict(_texts(now.fields, renamed(answers, then.fields, now.fields)))


def _texts(fields: Mapping[str, Field], answers: Mapping[str, object], above: str = "") -> Iterable[tuple[str, str]]:
    for field in fields.values():
        value = answers.get(field.name)
        if field.prefill and isinstance(value, str):
            yield above + field.name, value
        elif field.kind == "object" and isinstance(value, Mapping):
            yield from _texts(field.items, value, f"{above}{field.name}.")


def _read(payload: e.FormSubmitted) -> tuple[Mapping[str, object], bool]:
    """The answers with their personal texts, and whether some of those were erased."""
    assert payload.answers is not None
    texts = payload.personal if isinstance(payload.personal, dict) else {}
    readable = {path: text for path, text in texts.items() if isinstance(text, str)}
    erased = isinstance(payload.personal, e.Erased) or len(readable) < len(texts)
    return join_personal(payload.answers, readable), erased
