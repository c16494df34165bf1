"""JSON in and out: one reader for what people send, one writer for what is stored and hashed.

Decimals stay decimals both ways, so that 0.1 is a tenth. The writer is canonical: equal values give equal
bytes (sorted keys, no spaces, numbers in one form). This is no schema validator: it knows the shape of JSON, not forms.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NoReturn, TypeAlias, Union

import msgspec

from engine.errors import SamskapError

Json: TypeAlias = Union[bool, int, Decimal, str, "list[Json]", "dict[str, Json]", None]

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_DIGITS = 40


class BadJson(SamskapError):
    """A text that is not JSON as we accept it."""

    code = "bad_json"
    exit_code = 5


def number(text: str) -> int | Decimal:
    """A JSON number with a fraction or exponent as an exact value in its one form: integral ones are integers."""
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent beyond all bounds
        value = Decimal("NaN")
    digits = value.as_tuple().digits if value.is_finite() else ()
    if not digits or len(digits) > MAX_DIGITS or not -MAX_DIGITS <= value.adjusted() < MAX_DIGITS:
        raise _inexact(text)
    return int(value) if value == value.to_integral_value() else value.normalize()


def integer(text: str) -> int:
    """A JSON number without fraction and exponent, of at most as many digits as a decimal may have."""
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise _inexact(text)
    return int(text)


def _inexact(text: str) -> BadJson:
    return BadJson(f"the number {text[:60]} cannot be kept exactly", hint=f"Numbers have at most {MAX_DIGITS} digits.")


def loads(data: bytes | str) -> Json:
    """Read JSON that somebody sent; raise `BadJson` for what is not strict JSON, too large or too deep."""
    if len(data) > MAX_BYTES:
        raise BadJson(f"the JSON is larger than {MAX_BYTES:,} bytes", hint="Send less at a time.")
    try:
        text = data.decode() if isinstance(data, bytes) else data
        value: Json = json.loads(
            text, parse_float=number, parse_int=integer, parse_constant=_no_constant, object_pairs_hook=_no_twins
        )
        _check(value, 0)
    except RecursionError:
        raise BadJson("the JSON is nested too deeply", hint=f"At most {MAX_DEPTH} levels are read.") from None
    except json.JSONDecodeError as error:
        raise BadJson(
            f"line {error.lineno}, column {error.colno}: {error.msg}", hint="Check the JSON there: a comma, a quote?"
        ) from None
    except UnicodeDecodeError as error:
        raise BadJson(f"byte {error.start} is not UTF-8", hint="Save the file as UTF-8.") from None
    return value


def dumps(value: Json | Mapping[str, Json]) -> bytes:
    """The canonical text of a value: equal values, equal bytes."""
    return _ENCODER.encode(_plain(value))


def dumps_record(value: msgspec.Struct) -> bytes:
    """The canonical text of a record of ours that holds texts and integers only."""
    return _ENCODER.encode(value)


def dumps_ordered(value: Json | Mapping[str, Json]) -> str:
    """The text of config, keys in their own order: order means something there (fields, states, transitions)."""
    return _ORDERED.encode(_plain(value)).decode()


def decode(data: bytes | str) -> Json:
    """Read back what `dumps` wrote; fast, and no checks: never for what somebody sent."""
    value: Json = _DECODER.decode(data)
    return value


def mapping(value: Json, what: str = "the JSON") -> dict[str, Json]:
    """The value as an object, or `BadJson`."""
    if not isinstance(value, dict):
        raise BadJson(f"{what} must be an object", hint='Write {"field": answer, …}.')
    return value


_AS_THEY_ARE = frozenset((str, int, bool, type(None)))


def _plain(value: object) -> object:
    """The same value with every decimal in its one form."""
    kind = type(value)
    if kind in _AS_THEY_ARE:  # most of what there is
        return value
    if kind is dict:
        return {key: inner if type(inner) in _AS_THEY_ARE else _plain(inner) for key, inner in value.items()}  # type: ignore[attr-defined]
    if isinstance(value, Decimal):
        return number(str(value))
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        raise TypeError("floats are never stored: use Decimal")
    return value


def _check(value: Json, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadJson("the JSON is nested too deeply", hint=f"At most {MAX_DEPTH} levels are read.")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check(inner, depth + 1)


def _check_text(text: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadJson(
                "a text holds half a character (a lone surrogate)", hint="Type the text again and send it anew."
            ) from None


def _no_constant(name: str) -> NoReturn:
    raise BadJson(f"{name} is not a number in JSON", hint="Leave the field out where there is no number.")


def _no_twins(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise BadJson(f"the key “{key[:60]}” stands twice", hint="Keep one of them.")
        found[key] = value
    return found


_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")
_ORDERED = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=number)
