"""Events as CloudEvents 1.0 in JSON, for message brokers and other systems: one event, one object.

The payload is `data`, as it is stored: personal texts and sealed answers stay encrypted. Its place in the chain, who
acted and under which bundle stand in extension attributes: those of CloudEvents' own extensions where there is one
(sequence, auth context, correlation), ours else. A type is our own name of it behind `samskap.`, since the product
owns no domain name to turn around. Where `data` lacks what the session may not see, `withheld` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from engine.codec import Json
from engine.export.schema import schema_id
from engine.export.source import Source
from engine.store.log import Record

MEDIA_TYPE: Final = "application/json"
_PRINCIPALS: Final = {"operator": "user", "clock": "system", "link": "system"}
"""How the auth context extension names actors that are no participants."""


def cloudevents(source: Source) -> Iterator[dict[str, Json]]:
    """The events of a process, in their order."""
    for record in source.records:
        yield _cloudevent(source.name, record, source.hidden.get(record.sequence, ()))


def _cloudevent(process: str, record: Record, hidden: tuple[str, ...]) -> dict[str, Json]:
    envelope, payload = record.content()
    data: dict[str, Json] = {name: value for name, value in payload.items() if name not in hidden}
    attributes: dict[str, Json] = {
        "specversion": "1.0",
        "id": envelope["event_id"],
        "source": f"urn:uuid:{record.stream}",
        "type": f"samskap.{record.type}",
        "subject": process,
        "time": envelope["recorded_at"],
        "datacontenttype": MEDIA_TYPE,
        "dataschema": "" if hidden else schema_id(record.type),
        **_extensions(envelope),
        "hash": record.hash,
        "withheld": " ".join(hidden),
    }
    present = {name: value for name, value in attributes.items() if value not in ("", None)}  # none may be empty
    return {**present, "data": data}


def _extensions(envelope: dict[str, Any]) -> dict[str, Json]:
    actor = str(envelope["actor"])
    return {
        "sequence": f"{envelope['sequence']:010d}",  # padded, so that it sorts as text
        "sequencetype": "Integer",
        "previoushash": envelope["previous_hash"],
        "schemaversion": envelope["schema_version"],
        "bundlehash": envelope["bundle_hash"],
        "authtype": _PRINCIPALS.get(actor, "app_user"),
        "authid": "" if actor in _PRINCIPALS else actor,
        "onbehalfof": envelope["on_behalf_of"],
        "role": envelope["role"],
        "membership": envelope["membership"],
        "correlationid": envelope["correlation_id"],
    }
