"""Scenario text read safely into plain data, with the line and column of every part.

It knows YAML and nothing of levers; what the data may say is checked in `checking`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from dealsim.errors import InputError
from dealsim.scenarios.wording import Mark, brief, excerpt, fault, shown

MAX_BYTES = 256 * 1024
MAX_DEPTH = 8
MAX_LINES = 5_000
MAX_LINE = 4_000
MAX_PARTS = 5_000
"""Keys and values in one file: far above any page a person writes, low enough to check at once."""

Key = str | int
Place = tuple[Key, ...]

_UNSEEN = re.compile(r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\ufeff")
_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)(e[-+]?[0-9]+)?|[-+]?\.inf|\.nan", re.IGNORECASE)
_WORDS: dict[str, Any] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True)
_WORDS |= dict.fromkeys(("false", "False", "FALSE"), False)


@dataclass(frozen=True)
class Document:
    """One scenario as plain data, with the place of every key and value in its text.

    A document made in Python has no marks: its problems are placed by name (`levers.nerve`).
    """

    label: str
    text: str
    data: Any
    keys: dict[Place, Mark] = field(default_factory=dict)
    values: dict[Place, Mark] = field(default_factory=dict)
    path: Path | None = None

    def mark(self, place: Place, *, at_key: bool = False) -> Mark | None:
        """Line and column of that part, or of the nearest part around it."""
        while True:
            found = (self.keys.get(place) if at_key else None) or self.values.get(place)
            if found or not place:
                return found
            place, at_key = place[:-1], True

    def origin(self, place: Place) -> str:
        """Where a value stands: `file:line`, or its name in data given in Python."""
        mark = self.mark(place, at_key=True)
        return f"{self.label}:{mark[0]}" if mark else f"{self.label}: {dotted(place)}"

    def problem(self, place: Place, message: str, allowed: str = "", *, at_key: bool = False) -> str:
        """One problem as a user reads it: where, what, the line itself and what is allowed."""
        mark = self.mark(place, at_key=at_key)
        if mark is None:
            where = f"{shown(self.label)}: {shown(dotted(place))}: " if place else f"{shown(self.label)}: "
            return where + message + (f"\n    allowed: {allowed}" if allowed else "")
        return fault(self.label, self.text, mark, message, allowed)

    def line(self, place: Place) -> str:
        """The line that part stands on, with its number, for a message that shows two."""
        mark = self.mark(place, at_key=True)
        if mark is None:
            return shown(dotted(place))
        return f"line {mark[0]}: {excerpt(self.text, mark)[0].strip()}"


def dotted(place: Place) -> str:
    """A place in the data as one name: `schedule[2].from`."""
    name = ""
    for part in place:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def read_file(path: Path, label: str) -> Document:
    """A scenario file read and placed; every way it can fail is an `InputError`."""
    try:
        if not path.exists():
            raise InputError(f"{shown(label)}: there is no such file")
        if path.is_dir():
            raise InputError(f"{shown(label)}: this is a folder; a scenario is one file")
        if not path.is_file():
            raise InputError(f"{shown(label)}: this is not an ordinary file")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if isinstance(error, InputError):
            raise
        raise InputError(f"{shown(label)}: the file cannot be read ({shown(reason)})") from None
    return read_bytes(raw, label, path)


def read_bytes(raw: bytes, label: str, path: Path | None = None) -> Document:
    """Scenario text given as bytes; UTF-8, with or without a byte-order mark."""
    if len(raw) > MAX_BYTES:
        limit = f"{MAX_BYTES // 1024} KB"
        raise InputError(f"{shown(label)}: the file is larger than {limit}\n    allowed: one page, up to {limit}")
    kind = next((kind for start, kind in _OTHER_FILES.items() if raw.startswith(start)), "")
    if kind:
        raise InputError(f"{shown(label)}: this is {kind}, not UTF-8 text\n    allowed: {_TEXT_HINT}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
        message = f"{shown(label)}:{line}:{column}: the byte 0x{raw[error.start]:02x} is not UTF-8 text"
        raise InputError(f"{message}\n    allowed: {_TEXT_HINT}") from None
    return read_text(text, label, path)


def read_text(text: str, label: str, path: Path | None = None) -> Document:
    """Scenario text as plain data with marks.

    Raises
    ------
    InputError
        With the first fault, if the text does not parse or uses a part of YAML that scenarios do not need.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    unseen = _UNSEEN.search(text)
    if unseen:
        before = text[: unseen.start()]
        mark = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
        code = f"U+{ord(unseen.group()):04X}"
        raise InputError(fault(label, text, mark, f"the character {code} is not text", _TEXT_HINT))
    _measure(label, text)
    builder = _Builder(label, text)
    try:
        for event in YAML(typ="rt", pure=True).parse(text):
            builder.take(event)
    except InputError:
        raise
    except MarkedYAMLError as error:
        raise InputError(_syntax_fault(label, text, error)) from None
    except Exception as error:
        # Malformed text can make the parser itself fail, with errors that mean nothing to a user.
        message = f"this is not YAML ({type(error).__name__})"
        raise InputError(fault(label, text, builder.last, message, _YAML_HINT)) from None
    return Document(label, text, builder.data, builder.keys, builder.values, path)


def _measure(label: str, text: str) -> None:
    """Refuse what is far from a page before the parser, which slows down on it, is asked."""
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        raise InputError(fault(label, text, (MAX_LINES + 1, 1), f"more than {MAX_LINES:,} lines", "one page"))
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            message = f"this line is longer than {MAX_LINE:,} characters"
            raise InputError(fault(label, text, (number, 1), message, "short lines"))


def _syntax_fault(label: str, text: str, error: MarkedYAMLError) -> str:
    """What the parser stumbled over, placed where the writer can mend it, in words that need no knowledge of YAML."""
    said = str(error.problem or error.context or "it cannot be read").strip().split("\n")[0]
    at, opened = error.problem_mark or error.context_mark, error.context_mark
    message, allowed = f"this is not YAML: {shown(said)}", _YAML_HINT
    odd = re.fullmatch(r"found character (.+) that cannot start any token", said)
    if odd and odd[1] == r"'\t'":
        message = "a tab stands where spaces are wanted"
    elif odd:
        message, allowed = f"text cannot begin with {shown(odd[1])}", "the text in quotes"
    elif said == "mapping values are not allowed here":
        message = "this `:` is one too many, or its line is indented unlike those around it"
        allowed = "text that holds `: ` in quotes; names of one part one under another"
    elif said.startswith("expected ',' or") and opened:
        at, message, allowed = (
            opened,
            "this bracket is never closed, or a comma is missing after it",
            "[a, b] or {a: 1, b: 2}",
        )
    elif said == "found unexpected end of stream" and opened:
        at, message, allowed = opened, "this quote is never closed", "the same quote at the end of the text"
    elif said.startswith("expected <block end>"):
        message = "this line is indented unlike those around it"
    return fault(label, text, (at.line + 1, at.column + 1) if at else (1, 1), message, allowed)


_OTHER_FILES = {
    b"\xff\xfe": "text saved as UTF-16",
    b"\xfe\xff": "text saved as UTF-16",
    b"PK\x03\x04": "a Word, Excel or zip file",
    b"\xd0\xcf\x11\xe0": "an old Word or Excel file",
    b"%PDF": "a PDF",
    b"{\\rtf": "a rich-text file",
}
"""Files that are taken for plain text by mistake, by how they start."""
_TEXT_HINT = "plain text saved as UTF-8"
_YAML_HINT = "`name: value` lines, lists as `- item`, spaces (never tabs) to indent"


_QUOTE = "text that begins with {} goes in quotes"


class _Builder:
    """Plain data built from parser events, so that no constructor of any library ever runs."""

    def __init__(self, label: str, text: str) -> None:
        self.label = label
        self.text = text
        self.data: Any = None
        self.keys: dict[Place, Mark] = {}
        self.values: dict[Place, Mark] = {}
        self.last: Mark = (1, 1)
        self._open: list[Any] = []
        self._place: list[Key] = []
        self._pending: str | None = None
        self._documents = 0
        self._parts = 0

    def take(self, event: Any) -> None:
        """Add one event; refuse what a scenario has no need of."""
        if event.start_mark is not None:
            self.last = (event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._refuse("a second document starts here", "one scenario in a file")
            if (event.version and tuple(event.version) != (1, 2)) or event.tags:
                self._refuse("this file sets its own YAML rules (%)", "YAML 1.2, without % lines")
        elif isinstance(event, AliasEvent):
            self._refuse("this repeats another part by *alias", f"every value written out; {_QUOTE.format('*')}")
        elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent):
            self._check(event)
            self._add(event)
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            self._open.pop()
            if self._place:
                self._place.pop()

    def _check(self, event: Any) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            self._refuse(f"the file has more than {MAX_PARTS:,} parts", "a scenario of one page")
        if event.anchor is not None:
            self._refuse("this names a part by &anchor", f"every value written out; {_QUOTE.format('&')}")
        if event.tag is not None:
            self._refuse("this gives a value a !tag", f"plain values; {_QUOTE.format('!')}")

    def _add(self, event: Any) -> None:
        parent = self._open[-1] if self._open else None
        if isinstance(parent, dict) and self._pending is None:
            self._take_key(event, parent)
            return
        if isinstance(event, ScalarEvent):
            value = self._scalar(event)
        else:
            if len(self._open) >= MAX_DEPTH:
                self._refuse(f"this is nested more than {MAX_DEPTH} deep", "a scenario needs at most four")
            value = {} if isinstance(event, MappingStartEvent) else []
        key = self._pending if isinstance(parent, dict) else len(parent) if parent is not None else None
        place: Place = (*self._place, key) if key is not None else ()
        self.values[place] = self.last
        if isinstance(parent, dict):
            parent[self._pending] = value
            self._pending = None
        elif parent is not None:
            parent.append(value)
        else:
            self.data = value
        if not isinstance(event, ScalarEvent):
            if key is not None:
                self._place.append(key)
            self._open.append(value)

    def _take_key(self, event: Any, parent: dict[str, Any]) -> None:
        if not isinstance(event, ScalarEvent):
            self._refuse("a list or mapping stands where a name is wanted", "`name: value`")
        name = self._text(event)
        if name == "<<" and event.style is None:
            self._refuse("this merges another part by <<", "every value written out")
        place = (*self._place, name)
        if name in parent:
            first = self.keys[place]
            earlier = f"line {first[0]}: {excerpt(self.text, first)[0].strip()}"
            self._refuse(f"{brief(name)} is given twice (first on {earlier})", "each name once")
        self.keys[place] = self.last
        self._pending = name

    def _text(self, event: Any) -> str:
        text = str(event.value)
        if any("\ud800" <= char <= "\udfff" for char in text):
            self._refuse("this text holds half a character (a lone surrogate)", "whole characters")
        return text

    def _scalar(self, event: Any) -> Any:
        text = self._text(event)
        if event.style is not None:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        return text

    def _refuse(self, message: str, allowed: str) -> None:
        raise InputError(fault(self.label, self.text, self.last, message, allowed))
