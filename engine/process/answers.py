"""The answers of a process as far as somebody may read them: those that count, and earlier ones that were put right.

Whether an answer may be read is `access`'s to say; one that may not is listed without what was answered, so that it is
seen that there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.form.validate import join_personal
from engine.process import events as e
from engine.process.access import View
from engine.process.state import ProcessState


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


def _read(payload: e.FormSubmitted) -> tuple[Mapping[str, object], bool]:
    """The answers with their personal texts, and whether some of those were erased."""
    assert payload.answers is not None
    texts = payload.personal if isinstance(payload.personal, dict) else {}
    readable = {path: text for path, text in texts.items() if isinstance(text, str)}
    erased = isinstance(payload.personal, e.Erased) or len(readable) < len(texts)
    return join_personal(payload.answers, readable), erased
