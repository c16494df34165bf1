"""Config files in YAML or JSON, read to plain data with the place of every value.

The rules are those of YAML 1.2's core schema (2021, section 10.3), not PyYAML's: `no` is a text, `12:30` is a text, a
decimal is exact. What surprises people is refused: keys that stand twice, anchors and aliases, tags, merge keys,
`.nan`, several documents, numbers that begin with 0. Only the parser's events are used, so that nothing is ever
constructed from a tag, anchors are seen, and depth costs no stack. What the data mean is for others to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import InvalidOperation
from pathlib import Path
from typing import Final, NoReturn, Protocol, TypeAlias

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


_Mark: TypeAlias = tuple[int, int]
"""Line and column from 1."""


class _YamlMark(Protocol):
    """What libyaml's marks and PyYAML's own have in common; they count from 0, characters."""

    index: int
    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """What a file holds, and where each part of it stands."""

    data: Json
    file: str
    values: dict[DataPath, _Mark] = field(repr=False, default_factory=dict)
    keys: dict[DataPath, _Mark] = field(repr=False, default_factory=dict)
    begins: dict[DataPath, int] = field(repr=False, default_factory=dict)

    def place(self, path: Sequence[str | int] = ()) -> Place:
        """Where the value at `path` begins; of a path that is not in the file, its nearest part that is."""
        return self._place(self.values, tuple(path))

    def text_place(self, path: Sequence[str | int]) -> Place:
        """Where the text at `path` itself begins, behind its quote; column 0 where it is not written as it is read.

        So it is with texts over several lines, and with characters that are doubled or escaped.
        """
        place, begins = self.place(path), self.begins.get(tuple(path), 0)
        return Place(place.file, place.line, 0 if begins == _NOT_AS_READ else place.column + begins)

    def exact(self, place: Place, path: Sequence[str | int]) -> Place:
        """A place within the text at `path`, or, where its column is not known, the place of the text."""
        return place if place.column else self.place(path)

    def key_place(self, path: Sequence[str | int]) -> Place:
        """Where the key of the value at `path` stands; for an element of a list, the element."""
        return self._place(self.keys if tuple(path) in self.keys else self.values, tuple(path))

    def _place(self, marks: dict[DataPath, _Mark], path: DataPath) -> Place:
        while path and path not in marks:
            path = path[:-1]
        mark = marks.get(path)
        return Place(self.file, *mark) if mark else Place(self.file)


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
    if bad := _UNPRINTABLE.search(_sized(text, file)):
        line, column = text.count("\n", 0, bad.start()) + 1, bad.start() - text.rfind("\n", 0, bad.start())
        message = f"a character that no text file holds (U+{ord(bad[0]):04X})"
        _refuse(message, "Delete it and type it again.", Place(file, line, column))
    return _built(_yaml_events, text, file)


def load_json(text: str, file: str) -> Document:
    """Read strict JSON (no comments, no trailing commas); as `load`."""
    try:
        json.loads(_sized(text, file), parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        _refuse(f"this is not JSON: {error.msg}", "Look for a comma, quote or bracket too much or too few.", place)
    except RecursionError:
        _too_deep(Place(file))
    return _built(_json_events, text, file)


# -- from both formats to the builder ---------------------------------------------------------------------------------

_NOT_AS_READ: Final = -1
"""Of a text that is not written as it is read: where in it something stands cannot be told."""


def _yaml_events(text: str, file: str, builder: _Builder) -> None:
    documents = 0
    scalar = builder.scalar
    parser = _LOADER(text)
    try:
        while (event := parser.get_event()) is not None:
            if isinstance(event, yaml.ScalarEvent):
                if event.anchor is not None or event.tag is not None:
                    _refuse_node(event, file)
                mark, end = event.start_mark, event.end_mark
                assert mark is not None  # every event of a parser has its marks
                assert end is not None
                at = (mark.line + 1, mark.column + 1)
                plain = event.implicit[0]
                begins = _begins(event) if not plain else 0 if end.line == mark.line else _NOT_AS_READ
                scalar(at, event.value, begins, plain)
            elif isinstance(event, yaml.CollectionEndEvent):
                builder.close()
            elif isinstance(event, yaml.NodeEvent):
                if event.anchor is not None or getattr(event, "tag", None) is not None:
                    _refuse_node(event, file)
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                builder.open(_position(event.start_mark), is_mapping)
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    where = _place(event.start_mark, file)
                    _refuse("a second document begins here", "Keep one document a file.", where)
    except yaml.MarkedYAMLError as error:
        _syntax(error, text, file)
    finally:
        parser.dispose()


def _begins(event: yaml.ScalarEvent) -> int:
    """How many characters after its mark a quoted or block text begins: one, if it is written as it is read."""
    start: _YamlMark | None = event.start_mark
    end: _YamlMark | None = event.end_mark
    around = end.index - start.index - len(event.value) if start is not None and end is not None else 0
    return 1 if around == 2 and event.style in ("'", '"') else _NOT_AS_READ


def _refuse_node(event: yaml.NodeEvent, file: str) -> NoReturn:
    place = _place(event.start_mark, file)
    if isinstance(event, yaml.AliasEvent):
        _refuse(f"“*{event.anchor}” is an alias", "Write the value out where it is used.", place)
    if event.anchor is not None:
        _refuse(f"“&{event.anchor}” is an anchor", "Leave it out: values are written where they are used.", place)
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


def _json_events(text: str, file: str, builder: _Builder) -> None:
    """Builds from what is known to be JSON."""
    line, start = 1, 0  # of the current line: its number and the offset at which it begins
    for token in _JSON_TOKEN.finditer(text):
        word = token[1]
        for newline in re.finditer("\n", text[token.start() : token.start(1)]):
            line, start = line + 1, token.start() + newline.end()
        mark = (line, token.start(1) - start + 1)
        if word in "{[":
            builder.open(mark, word == "{")
        elif word in "}]":
            builder.close()
        elif word[0] == '"':
            content: str = json.loads(word)
            if not _is_unicode(content):
                _refuse("a text holds half a character (a lone surrogate)", "Type it again.", Place(file, *mark))
            builder.scalar(mark, content, 1 if len(content) == len(word) - 2 else _NOT_AS_READ, False)
        elif word in ("NaN", "Infinity", "-Infinity"):
            _refuse(
                f"{word} is not a number in JSON", "Leave the value out where there is no number.", Place(file, *mark)
            )
        elif word not in ",:":
            builder.scalar(mark, word, 0, True)


# -- from events to data ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Level:
    """A mapping or list that is being filled; `key` is what the next value stands under, and `next` the path there."""

    path: DataPath
    mapping: dict[str, Json] | None
    items: list[Json]
    key: str | None = None
    next: DataPath = ()


class _Builder:
    def __init__(self, file: str) -> None:
        self.file = file
        self.values: dict[DataPath, _Mark] = {}
        self.keys: dict[DataPath, _Mark] = {}
        self.begins: dict[DataPath, int] = {}
        self.levels: list[_Level] = []
        self.root: list[Json] = []

    def close(self) -> None:
        """The innermost mapping or list ends."""
        self.levels.pop()

    def scalar(self, mark: _Mark, text: str, begins: int, plain: bool) -> None:
        """A text, or, if it is plain, what the rules make of it; it begins so many characters after its mark."""
        level = self.levels[-1] if self.levels else None
        if level is not None and level.mapping is not None and level.key is None:
            self._key(level, mark, text, plain=plain)
            return
        path = self._put(level, self._value(mark, text) if plain else text, mark)
        if begins:
            self.begins[path] = begins

    def open(self, mark: _Mark, is_mapping: bool) -> None:
        """A mapping or a list begins."""
        level = self.levels[-1] if self.levels else None
        if level is not None and level.mapping is not None and level.key is None:
            _refuse("a key is a text", "Write the key as a text without brackets.", Place(self.file, *mark))
        inner = _Level((), {} if is_mapping else None, [])
        inner.path = self._put(level, inner.items if inner.mapping is None else inner.mapping, mark)
        self.levels.append(inner)
        if len(self.levels) > MAX_DEPTH:
            _too_deep(Place(self.file, *mark))

    def _put(self, level: _Level | None, value: Json, mark: _Mark) -> DataPath:
        """Store a value where it belongs, and give its path."""
        if level is None:
            path: DataPath = ()
            self.root.append(value)
        elif level.mapping is not None and level.key is not None:
            path = level.next
            level.mapping[level.key] = value
            level.key = None
        else:
            path = (*level.path, len(level.items))
            level.items.append(value)
        self.values[path] = mark
        return path

    def _key(self, level: _Level, mark: _Mark, key: str, *, plain: bool) -> None:
        if plain and (key in _NO_TEXT or key[0] in _NUMERIC):
            if key == "<<":
                message = "“<<” merges mappings, which is not read here"
                _refuse(message, "Write the keys out.", Place(self.file, *mark))
            if key in _NO_TEXT or not isinstance(self._value(mark, key), str | int):
                _refuse(f"the key “{key}” is no text", f'Put it in quotes: "{key}".', Place(self.file, *mark))
        if level.mapping is not None and key in level.mapping:
            first = self.keys[*level.path, key][0]
            hint = f"It stands on line {first} already; keep one."
            _refuse(f"the key “{key[:60]}” stands twice", hint, Place(self.file, *mark))
        level.key = key
        level.next = (*level.path, key)
        self.keys[level.next] = mark

    def _value(self, mark: _Mark, text: str) -> Json:
        try:
            return _resolved(text)
        except BadJson as error:
            _refuse(error.message, error.hint, Place(self.file, *mark))
        except InvalidOperation:  # an exponent of twenty digits
            _refuse(f"the number {text[:60]} cannot be kept", "Write it shorter.", Place(self.file, *mark))


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


def _built(events: Callable[[str, str, _Builder], None], text: str, file: str) -> Document:
    builder = _Builder(file)
    events(text, file, builder)
    if not builder.root:
        _refuse("the file is empty", "Write something into it, or delete it.", Place(file))
    return Document(builder.root[0], file, builder.values, builder.keys, builder.begins)


# -- refusing ---------------------------------------------------------------------------------------------------------


def _refuse(message: str, hint: str, place: Place) -> NoReturn:
    raise ConfigError(message, hint=hint, where=place) from None


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


def _position(mark: _YamlMark | None) -> _Mark:
    return (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)


def _place(mark: _YamlMark | None, file: str) -> Place:
    return Place(file, *_position(mark))
