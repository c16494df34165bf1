"""Config files in YAML or JSON, read to plain data with the place of every value.

The rules are those of YAML 1.2's core schema (2021, section 10.3), not PyYAML's: `no` is a text, `12:30` is a text, a
decimal is exact. What surprises people is refused: keys that stand twice, anchors and aliases, tags, merge keys,
`.nan`, several documents, numbers that begin with 0. Only the parser's events are used, so that nothing is ever
constructed from a tag, anchors are seen, and no level beyond the last is entered; JSON is told as the same events. What
the data mean is for others to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple, NoReturn, Protocol, TypeAlias

import yaml

from engine.codec import MAX_DIGITS, BadJson, Json, number
from engine.errors import ConfigError, NotFound, Place

MAX_BYTES = 1_000_000
MAX_DEPTH = 40

DataPath: TypeAlias = tuple[str | int, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_NO_TEXT = _NULL | _TRUE | _FALSE | {"<<"}
"""Plain keys that are none."""
_NUMERIC = "+-.0123456789"
"""What a plain scalar begins with that may be a number."""
_PADDED = re.compile(r"[-+]?0[0-9]+(\.[0-9]*)?")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 (section 5.1) leaves out of its printable characters."""
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class _YamlMark(Protocol):
    """What libyaml's marks and PyYAML's own have in common; they count from 0, characters."""

    index: int
    line: int
    column: int


_Mark: TypeAlias = tuple[int, int, int]
"""Line and column from 1, and how many characters behind them a text begins, or `_NOT_AS_READ`."""

_NOT_AS_READ: Final = -1
"""Of a text that is not written as it is read: where in it something stands cannot be told."""


class _Marked(NamedTuple):
    """Where a value begins, and where its key does, if it has one."""

    value: _Mark
    key: _Mark | None


@dataclass(frozen=True)
class Document:
    """What a file holds, and where each part of it stands.

    `marks` are those of every value, and before it that of its key if it has one, in the order of the file, which is
    that of the data.
    """

    data: Json
    file: str
    marks: Sequence[_Mark] = field(repr=False, default=())

    def place(self, path: Sequence[str | int] = ()) -> Place:
        """Where the value at `path` begins; of a path that is not in the file, its nearest part that is."""
        at = tuple(path)
        while at and at not in self._by_path:
            at = at[:-1]
        return Place(self.file, *self._by_path[at].value[:2]) if at in self._by_path else Place(self.file)

    def text_place(self, path: Sequence[str | int]) -> Place:
        """Where the text at `path` itself begins, behind its quote; column 0 where it is not written as it is read.

        So it is with texts over several lines, and with characters that are doubled or escaped.
        """
        place, found = self.place(path), self._by_path.get(tuple(path))
        begins = found.value[2] if found is not None else 0
        return Place(place.file, place.line, 0 if begins == _NOT_AS_READ else place.column + begins)

    def exact(self, place: Place, path: Sequence[str | int]) -> Place:
        """A place within the text at `path`, or, where its column is not known, the place of the text."""
        return place if place.column else self.place(path)

    def key_place(self, path: Sequence[str | int]) -> Place:
        """Where the key of the value at `path` stands; for an element of a list, the element."""
        found = self._by_path.get(tuple(path))
        return Place(self.file, *found.key[:2]) if found is not None and found.key is not None else self.place(path)

    @cached_property
    def _by_path(self) -> dict[DataPath, _Marked]:
        """The marks by path: told apart when the first is asked for, which no sound form does."""
        found: dict[DataPath, _Marked] = {}
        marks = iter(self.marks)

        def tell_apart(value: Json, path: DataPath, key: _Mark | None) -> None:
            found[path] = _Marked(next(marks), key)
            if isinstance(value, dict):
                for name, inner in value.items():
                    tell_apart(inner, (*path, name), next(marks))
            elif isinstance(value, list):
                for number, inner in enumerate(value):
                    tell_apart(inner, (*path, number), None)

        if self.marks:
            tell_apart(self.data, (), None)
        return found


def load_file(path: Path) -> Document:
    """Read a `.yaml` or a (strict) `.json` file; raise `ConfigError` with the place of what is wrong, or `NotFound`."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}", hint="Check the name of the file.") from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}",
            hint="Check that it is a file you may read.",
            where=Place(str(path)),
        ) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(content) > MAX_BYTES:
            _too_large(str(path))
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        _refuse(f"byte {error.start} is not UTF-8", "Save the file as UTF-8.", Place(str(path), line, column))
    return load_json(text, str(path)) if path.suffix == ".json" else load(text, str(path))


def load(text: str, file: str) -> Document:
    """Read YAML; `file` names it in messages. Raise `ConfigError` with the place of what is wrong."""
    try:
        parser = _LOADER(_sized(text, file))
        return _composed(iter(parser.get_event, None), file)
    except yaml.MarkedYAMLError as error:
        _syntax(error, text, file)
    except (yaml.reader.ReaderError, UnicodeEncodeError):  # it reads no other characters than YAML's
        _unprintable(text, file)


def load_json(text: str, file: str) -> Document:
    """Read strict JSON (no comments, no trailing commas); as `load`."""
    try:
        json.loads(_sized(text, file), parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        _refuse(f"this is not JSON: {error.msg}", "Look for a comma, quote or bracket too much or too few.", place)
    except RecursionError:
        _too_deep(Place(file))
    return _composed(_json_events(text, file), file)


def _refuse_node(event: yaml.Event, file: str) -> NoReturn:
    place = _place(event.start_mark, file)
    anchor = event.anchor if isinstance(event, yaml.NodeEvent) else None
    if isinstance(event, yaml.AliasEvent):
        _refuse(f"“*{anchor}” is an alias", "Write the value out where it is used.", place)
    if anchor is not None:
        _refuse(f"“&{anchor}” is an anchor", "Leave it out: values are written where they are used.", place)
    tag = getattr(event, "tag", None)
    _refuse(f"“{tag}” is a tag", "Leave it out; put a text that looks like a number in quotes.", place)


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> NoReturn:
    mark = error.problem_mark or error.context_mark
    place = _place(mark, file)
    problem = error.problem or "cannot be read"
    hint = "Check indentation, colons and quotes there and on the line before."
    if "tab" in problem or (mark is not None and text[mark.index : mark.index + 1] == "\t"):
        problem, hint = "a tab stands where only spaces may", "Indent with spaces."
    elif "cannot start any token" in problem:
        hint = "Put the text in quotes."
    elif "mapping values are not allowed" in problem:
        hint = "A text with a colon and a space in it stands in quotes."
    elif error.context:
        problem = f"{problem} ({error.context})"
    _refuse(f"this is not YAML: {problem}", hint, place)


_JSON_TOKEN = re.compile(r'[ \t\r\n]*([{}\[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}\[\],:"]+)')


def _json_events(text: str, file: str) -> Iterator[yaml.Event]:
    """What is known to be JSON, as the events that YAML's parser would tell of it."""
    line, start = 0, 0  # of the current line: its number and the offset at which it begins
    for token in _JSON_TOKEN.finditer(text):
        word = token[1]
        for newline in re.finditer("\n", text[token.start() : token.start(1)]):
            line, start = line + 1, token.start() + newline.end()
        begin, end = (yaml.Mark(file, at, line, at - start, None, 0) for at in token.span(1))
        if word == "{":
            yield yaml.MappingStartEvent(None, None, True, begin, end)
        elif word == "[":
            yield yaml.SequenceStartEvent(None, None, True, begin, end)
        elif word == "}":
            yield yaml.MappingEndEvent(begin, end)
        elif word == "]":
            yield yaml.SequenceEndEvent(begin, end)
        elif word[0] == '"':
            content: str = json.loads(word)
            if not _is_unicode(content):
                _refuse("a text holds half a character (a lone surrogate)", "Type it again.", _place(begin, file))
            yield yaml.ScalarEvent(None, None, (False, True), content, begin, end, '"')
        elif word in ("NaN", "Infinity", "-Infinity"):
            hint = "Leave the value out where there is no number."
            _refuse(f"{word} is not a number in JSON", hint, _place(begin, file))
        elif word not in ",:":
            yield yaml.ScalarEvent(None, None, (True, False), word, begin, end)


# -- from events to data ----------------------------------------------------------------------------------------------


def _composed(events: Iterable[yaml.Event], file: str) -> Document:
    composer = _Composer(iter(events), file)
    data: Json = None
    for event in composer.events:
        if isinstance(event, yaml.NodeEvent):
            data = composer.node(event, 1)
        elif isinstance(event, yaml.DocumentStartEvent) and composer.marks:
            _refuse("a second document begins here", "Keep one document a file.", _place(event.start_mark, file))
    if not composer.marks:
        _refuse("the file is empty", "Write something into it, or delete it.", Place(file))
    return Document(data, file, composer.marks)


class _Composer:
    """Reads node after node, and notes where each stands."""

    def __init__(self, events: Iterator[yaml.Event], file: str) -> None:
        self.events = events
        self.file = file
        self.marks: list[_Mark] = []

    def node(self, event: yaml.Event, depth: int) -> Json:
        """The value that begins with an event, its parts included."""
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor is not None or event.tag is not None:
                _refuse_node(event, self.file)
            self.marks.append(_mark(event, _begins(event)))
            return self._value(event) if event.implicit[0] else event.value
        if not isinstance(event, yaml.CollectionStartEvent) or event.anchor is not None or event.tag is not None:
            _refuse_node(event, self.file)
        if depth > MAX_DEPTH:
            _too_deep(_place(event.start_mark, self.file))
        self.marks.append(_mark(event))
        return self._mapping(depth) if isinstance(event, yaml.MappingStartEvent) else self._list(depth)

    def _mapping(self, depth: int) -> dict[str, Json]:
        found: dict[str, Json] = {}
        lines: dict[str, int] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key, mark = self._key(event), _mark(event)
            if key in found:
                hint = f"It stands on line {lines[key]} already; keep one."
                self._refuse(f"the key “{key[:60]}” stands twice", hint, event)
            self.marks.append(mark)
            lines[key] = mark[0]
            found[key] = self.node(next(self.events), depth + 1)
        return found

    def _list(self, depth: int) -> list[Json]:
        found: list[Json] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self.node(event, depth + 1))
        return found

    def _key(self, event: yaml.Event) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse("a key is a text", "Write the key as a text without brackets.", event)
        if event.anchor is not None or event.tag is not None:
            _refuse_node(event, self.file)
        key = event.value
        if event.implicit[0] and (key in _NO_TEXT or key[0] in _NUMERIC):
            if key == "<<":
                self._refuse("“<<” merges mappings, which is not read here", "Write the keys out.", event)
            if key in _NO_TEXT or not isinstance(self._value(event), str | int):
                self._refuse(f"the key “{key}” is no text", f'Put it in quotes: "{key}".', event)
        return key

    def _value(self, event: yaml.ScalarEvent) -> Json:
        try:
            return _resolved(event.value)
        except BadJson as error:
            self._refuse(error.message, error.hint, event)
        except InvalidOperation:  # an exponent of twenty digits
            self._refuse(f"the number {event.value[:60]} cannot be kept", "Write it shorter.", event)

    def _refuse(self, message: str, hint: str, event: yaml.Event) -> NoReturn:
        _refuse(message, hint, _place(event.start_mark, self.file))


def _mark(event: yaml.Event, begins: int = 0) -> _Mark:
    start: _YamlMark | None = event.start_mark
    assert start is not None  # every event of a parser has its marks
    return (start.line + 1, start.column + 1, begins)


def _begins(event: yaml.ScalarEvent) -> int:
    """How many characters after its mark a text begins: one where it is quoted, if it is written as it is read."""
    start: _YamlMark | None = event.start_mark
    end: _YamlMark | None = event.end_mark
    assert start is not None
    assert end is not None
    if event.implicit[0]:
        return 0 if end.line == start.line else _NOT_AS_READ
    around = end.index - start.index - len(event.value)
    return 1 if around == 2 and event.style in ("'", '"') else _NOT_AS_READ


def _resolved(text: str) -> Json:
    """What a plain scalar is in YAML 1.2's core schema; raise `BadJson` for what cannot be told or kept exactly."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if text[0] not in _NUMERIC:
        return text
    if _NOT_FINITE.fullmatch(text):
        raise BadJson(f"“{text}” is no number that can be used", hint="Leave the value out where there is none.")
    if _PADDED.fullmatch(text):
        raise BadJson(
            f"“{text}” begins with 0: a number, or a text such as a municipality's number?",
            hint="In quotes it is a text; without the 0 it is a number.",
        )
    if _BASED.fullmatch(text):
        return int(text, 0) if len(text) <= MAX_DIGITS else _too_long(text)
    if _DECIMAL.fullmatch(text):
        return number(text) if len(text) <= 2 * MAX_DIGITS else _too_long(text)
    return text


def _too_long(text: str) -> NoReturn:
    raise BadJson(f"the number {text[:60]} cannot be kept exactly", hint=f"Numbers have at most {MAX_DIGITS} digits.")


# -- refusing ---------------------------------------------------------------------------------------------------------


def _refuse(message: str, hint: str, place: Place) -> NoReturn:
    raise ConfigError(message, hint=hint, where=place) from None


def _unprintable(text: str, file: str) -> NoReturn:
    bad = _UNPRINTABLE.search(text)
    assert bad is not None
    place = Place(file, text.count("\n", 0, bad.start()) + 1, bad.start() - text.rfind("\n", 0, bad.start()))
    _refuse(f"a character that no text file holds (U+{ord(bad[0]):04X})", "Delete it and type it again.", place)


def _too_deep(place: Place) -> NoReturn:
    _refuse("this is nested too deeply", f"At most {MAX_DEPTH} levels are read.", place)


def _too_large(file: str) -> NoReturn:
    _refuse(f"the file is larger than {MAX_BYTES:,} bytes", "Config is small: is this the right file?", Place(file))


def _sized(text: str, file: str) -> str:
    if len(text) > MAX_BYTES or (not text.isascii() and len(text.encode(errors="replace")) > MAX_BYTES):
        _too_large(file)
    return text


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _place(mark: _YamlMark | None, file: str) -> Place:
    return Place(file, mark.line + 1, mark.column + 1) if mark is not None else Place(file)
