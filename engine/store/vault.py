"""What is stored of a payload: personal texts under their subject's key, sealed answers under the key of their entry.

`protect` turns a payload into the dict that is hashed and stored; `unprotect` turns that back, as far as keys allow.
The field's key lies inside, the seal outside: after a reveal a personal text still is under its person's key.

The product itself refuses to open a seal before its reveal, save for its author: `unprotect` opens seals only with the
keys in `opened`, or for the subject named in `own`.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any

from engine import codec
from engine.process.events import TYPES, AnswersRevealed, Erased, FormSubmitted, Payload, upcast
from engine.store.keys import KeyFolder, open_with

_ERASED = Erased().model_dump()


def protect(payload: Payload, keys: KeyFolder) -> dict[str, Any]:
    """The payload as it is stored."""
    stored = payload.model_dump(mode="json" if _has_moments(type(payload)) else "python")
    for name in payload.PERSONAL:
        if stored.get(name):
            subject = payload.owner_of(name)
            stored[name] = {"subject": subject, "text": _encrypted(keys, str(subject), stored[name])}
    if isinstance(payload, FormSubmitted) and payload.sealed_under:
        inner = codec.dumps({"answers": stored.pop("answers"), "personal": stored.pop("personal")})
        stored["sealed"] = b64encode(keys.encrypt("seal", payload.sealed_under, inner)).decode()
    if isinstance(payload, AnswersRevealed) and payload.visibility == "open":
        stored["key"] = b64encode(keys.ensure("seal", payload.key_id)).decode()
    return stored


def unprotect(
    type_name: str,
    version: int,
    stored: dict[str, Any],
    keys: KeyFolder,
    *,
    opened: Mapping[str, AnswersRevealed],
    own: str | None = None,
) -> Payload:
    """The payload in today's shape. Sealed answers stay None; erased texts are `Erased`.

    `opened` holds the reveals so far by key id; `own` is the subject whose own sealed answers may be read.
    """
    if "sealed" in stored:
        stored = _unsealed(stored, keys, opened, own)
    for name in TYPES[type_name].PERSONAL if type_name in TYPES else ():
        value = stored.get(name)
        if isinstance(value, dict) and value:  # an empty one is stored as it is
            stored = {**stored, name: _decrypted(keys, value["subject"], value["text"])}
    return upcast(type_name, version, stored)


def _unsealed(
    stored: dict[str, Any], keys: KeyFolder, opened: Mapping[str, AnswersRevealed], own: str | None
) -> dict[str, Any]:
    sealed = b64decode(stored["sealed"])
    rest = {name: value for name, value in stored.items() if name != "sealed"}
    key_id = stored["sealed_under"]
    reveal = opened.get(key_id)
    inner: bytes | None = None
    if reveal is not None and reveal.key is not None:
        inner = open_with(b64decode(reveal.key), key_id, sealed)
    elif reveal is not None or (own is not None and own == stored["subject"]):
        inner = keys.decrypt("seal", key_id, sealed)
    if inner is None:
        return {**rest, "answers": None, "personal": None}
    found = codec.decode(inner)
    return {**rest, **codec.mapping(found)}


def _encrypted(keys: KeyFolder, subject: str, value: object) -> str:
    """One ciphertext for a text, or one a path for a mapping of texts."""
    return b64encode(keys.encrypt("subject", subject, codec.dumps(value))).decode()  # type: ignore[arg-type]


def _decrypted(keys: KeyFolder, subject: str, text: str) -> object:
    found = keys.decrypt("subject", subject, b64decode(text))
    return _ERASED if found is None else codec.decode(found)


@cache
def _has_moments(kind: type[Payload]) -> bool:
    return any(name in kind.model_fields for name in ("due", "expires_at"))
