"""Files that were stored anew without the rows of a person: what the log says of the earlier ones holds of those.

Pure: it reads events and gives events.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.process.events import MeasurementsErased, MeasurementsLanded, Payload, RowMended


def of_today(told: Iterable[Payload]) -> list[Payload]:
    """What the stream of a source tells, with the hashes that its files have now."""
    payloads = list(told)
    now = {p.stored_hash: p for p in payloads if isinstance(p, MeasurementsErased)}
    return [_followed(payload, now) for payload in payloads]


def _followed(payload: Payload, now: dict[str, MeasurementsErased]) -> Payload:
    if not isinstance(payload, MeasurementsLanded | RowMended):
        return payload
    stored, last = payload.stored_hash, None
    while stored in now:
        last = now[stored]
        stored = last.erased_hash
    if last is None:
        return payload
    size = {"size": last.size} if isinstance(payload, MeasurementsLanded) else {}
    return payload.model_copy(update={"stored_hash": stored, **size})
