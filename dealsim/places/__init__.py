"""Places: the neighbourhoods and published figures a borough is drawn from, shipped or a user's own.

It draws nobody; `dealsim.people` does.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import numpy as np

from dealsim.errors import InputError

RANK_OF = 32844
"""Neighbourhoods ranked in England (2011 boundaries): the default of `rank_of`."""
LARGEST_PLACE = 2_000_000
"""Most residents a place may have."""
LARGEST_FILE = 16 * 1024 * 1024
"""Most bytes a place file may have."""
MOST_NEIGHBOURHOODS = 50_000
"""Most neighbourhoods a place file may have."""
LONGEST_NAME = 80
"""Most characters a name may have."""
MOST_PROBLEMS = 100
"""Problems listed in full; the rest are counted."""
LARGEST_RANK = 10_000_000

REQUIRED_COLUMNS = ("name", "place", "population", "deprivation_rank")
OPTIONAL_COLUMNS = ("area", "rank_of", "share_65_plus", "share_long_term_condition")
_FOLDER = Path(__file__).parent


class Margins(NamedTuple):
    """The published (or assumed) figures people are drawn to; meaning and source of each stand in the file.

    Shares run from 0 to 1. Tuples by age follow the nine bands, by fifth start with the most deprived.
    """

    population: float
    age_share: tuple[float, ...]
    fifth_share: tuple[float, ...]
    rank_variance_between_areas: float
    older_share: tuple[float, ...]
    household_share: tuple[float, ...]
    large_household_share: tuple[float, ...]
    alone_older_share: float
    alone_chance: tuple[float, ...]
    lone_parent_share: float
    lone_parent_size: tuple[float, ...]
    with_children: tuple[float, ...]
    condition_share: float
    condition_chance: tuple[float, ...]
    condition_fifth: tuple[float, ...]
    condition_at_home: float
    disabled_households: tuple[float, ...]
    carer_share: float
    under_five_share: float
    carer_chance: tuple[float, ...]
    carer_at_home: float


class MarginRow(NamedTuple):
    """One line of a margins file."""

    margin: str
    group: str
    value: float
    unit: str
    year: str
    source: str
    grade: str
    meaning: str


@dataclass(frozen=True, eq=False)
class PlaceInput:
    """A place to draw a borough from: one entry a neighbourhood, in the order of the file.

    Attributes
    ----------
    name
        What the place is called.
    place_names
        The places (parts of the borough), in order of first appearance.
    names
        Names of the neighbourhoods.
    place
        Index into `place_names`, int32[neighbourhoods].
    population
        Residents, int64[neighbourhoods].
    deprivation_rank
        1 the most deprived of `rank_of`, int64[neighbourhoods].
    area
        Index into `area_names`, int32[neighbourhoods]; the place where the file names no larger areas.
    area_names
        The larger areas.
    share_65_plus, share_long_term_condition
        The neighbourhood's own shares, float64[neighbourhoods], NaN where the margins decide.
    rank_of
        How many neighbourhoods were ranked.
    margins
        The figures people are drawn to.
    ignored_columns
        Columns of the file that nothing was read from.
    file_name, sha256
        Name and hash of a user's file; None for a shipped place.
    """

    name: str
    place_names: tuple[str, ...]
    names: tuple[str, ...]
    place: np.ndarray
    population: np.ndarray
    deprivation_rank: np.ndarray
    area: np.ndarray
    area_names: tuple[str, ...]
    share_65_plus: np.ndarray
    share_long_term_condition: np.ndarray
    rank_of: int
    margins: Margins
    ignored_columns: tuple[str, ...] = ()
    file_name: str | None = None
    sha256: str | None = None

    @property
    def fifth(self) -> np.ndarray:
        """National deprivation fifth of each neighbourhood, int8, 0 the most deprived."""
        return ((5 * self.deprivation_rank - 1) // self.rank_of).astype(np.int8)

    @property
    def deprivation(self) -> np.ndarray:
        """Deprivation d = 1 − (rank−½)/rank_of of each neighbourhood, float64, 1 the most deprived."""
        return 1.0 - (self.deprivation_rank - 0.5) / self.rank_of


def margin_rows(path: Path = _FOLDER / "wigan_margins.csv") -> list[MarginRow]:
    """Every line of a margins file, in order."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [dict(row) for row in csv.DictReader(file)]
    return [MarginRow(**{**row, "value": float(row["value"])}) for row in rows]


def read_margins(path: Path = _FOLDER / "wigan_margins.csv") -> Margins:
    """The figures of a margins file, by name."""
    found: dict[str, list[float]] = {}
    for row in margin_rows(path):
        found.setdefault(row.margin, []).append(row.value)
    hints = get_type_hints(Margins)
    return Margins(**{name: v[0] if hints[name] is float else tuple(v) for name, v in found.items()})  # type: ignore[arg-type]


@lru_cache(maxsize=4)
def shipped(name: str = "wigan") -> PlaceInput:
    """A place that comes with the package.

    Raises
    ------
    InputError
        When there is none of that name.

    Examples
    --------
    >>> place = shipped("wigan")
    >>> len(place.names), len(place.place_names), int(place.population.sum())
    (200, 7, 317849)
    """
    known = sorted(path.stem for path in _FOLDER.glob("*.csv") if not path.stem.endswith("_margins"))
    if name not in known:
        raise InputError(f"no place called '{name}' is shipped; there is {', '.join(known)}")
    raw = (_FOLDER / f"{name}.csv").read_bytes()
    return _parsed(raw, name.capitalize(), RANK_OF, read_margins(_FOLDER / f"{name}_margins.csv"))


def read_place(path: str | Path, rank_of: int | None = None) -> PlaceInput:
    """A user's own place, from a CSV file of neighbourhoods.

    Ages, households, health and care follow the shipped margins where the file has no column for them.

    Parameters
    ----------
    path
        The file: columns `name`, `place`, `population`, `deprivation_rank` and the optional ones, UTF-8.
    rank_of
        How many neighbourhoods were ranked; 32,844 unless given here or in a column.

    Raises
    ------
    InputError
        With every problem found, each naming row and column; row 1 is the heading.
    """
    if not isinstance(path, str | Path):
        raise InputError(f"a place is a path, not {type(path).__name__}")
    file = Path(path)
    shown = _shown(file.name)
    try:
        if file.is_dir():
            raise InputError(f"{shown}: is a folder, not a file")
        if file.exists() and not file.is_file():
            raise InputError(f"{shown}: is not an ordinary file")
        with file.open("rb") as opened:
            raw = opened.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise InputError(f"{shown}: there is no such file") from None
    except OSError as problem:
        raise InputError(f"{shown}: cannot be read ({problem.strerror})") from None
    except ValueError as problem:
        if isinstance(problem, InputError):
            raise
        raise InputError(f"{shown}: is not the name of a file") from None
    if len(raw) > LARGEST_FILE:
        raise InputError(f"{shown}: has more than {LARGEST_FILE:,} bytes")
    if rank_of is not None and not 1 <= rank_of <= LARGEST_RANK:
        raise InputError(f"rank_of is {rank_of}; it must lie between 1 and {LARGEST_RANK:,}")
    try:
        return _parsed(raw, _shown(file.stem, LONGEST_NAME), rank_of, read_margins(), file.name)
    except InputError as problem:
        raise InputError([f"{shown}: {line}" for line in problem.problems]) from None


def _shown(text: str, most: int = 40) -> str:
    """Text from a file made safe to print: no control characters, and not too much of it."""
    plain = "".join(c if c.isprintable() else "�" for c in text)
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _decoded(raw: bytes) -> str:
    if not raw.strip():
        raise InputError("the file is empty")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError("the file is in UTF-16; save it as 'CSV UTF-8'")
    if b"\0" in raw:
        raise InputError("the file is not text; save it as 'CSV UTF-8'")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        row = raw.count(b"\n", 0, problem.start) + 1
        raise InputError(f"row {row}: is not in UTF-8; save the file as 'CSV UTF-8'") from None


def _records(text: str) -> list[list[str]]:
    records: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for record in reader:
            records.append(record)
    except csv.Error as problem:
        raise InputError(f"row {len(records) + 1}: is not well-formed CSV ({problem})") from None
    return records


def _heading(record: list[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where each known column stands, and the names of those not known."""
    names = [name.strip().lower() for name in record]
    known = REQUIRED_COLUMNS + OPTIONAL_COLUMNS
    problems = []
    if names and len(names) == 1 and re.search("[;\t|]", names[0]):
        raise InputError("row 1: the columns must be separated by commas")
    unknown = [_shown(name) for name in names if name and name not in known]
    for name in REQUIRED_COLUMNS:
        if name not in names:
            near = difflib.get_close_matches(name, unknown, 1)
            hint = f"; is it the one called '{near[0]}'?" if near else ""
            problems.append(f"row 1: column {name} is missing{hint}")
    for name in known:
        if names.count(name) > 1:
            problems.append(f"row 1: column {name} stands there {names.count(name)} times")
    absent = [name for name in OPTIONAL_COLUMNS if name not in names]
    for name in unknown:  # a misspelt column must not go unread in silence
        near = difflib.get_close_matches(name, absent, 1, 0.8)
        if near:
            problems.append(f"row 1: column '{name}' is not known; did you mean {near[0]}?")
    if problems:
        raise InputError(problems)
    return {name: names.index(name) for name in known if name in names}, tuple(unknown)


def _name_problem(text: str) -> str | None:
    if not text:
        return "is empty"
    if len(text) > LONGEST_NAME:
        return f"has {len(text)} characters; at most {LONGEST_NAME} are allowed"
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text):
        return "holds a control character"
    return None


def _whole(text: str) -> int | str:
    """The whole number a cell holds, or what is wrong with it."""
    shown = _shown(text)
    if not text:
        return "is empty"
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        if re.fullmatch(r"[+-]?[0-9]{1,3}([, ’'][0-9]{3})+", text):
            return f"'{shown}' must be written without separators"
        if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
            return f"'{shown}' is not a whole number"
        return f"'{shown}' is not a number"
    if len(text) > 15:
        return f"'{shown}' is too large"
    return int(text)


def _share(text: str) -> float | str:
    """The share a cell holds (NaN when empty), or what is wrong with it."""
    if not text:
        return float("nan")
    if not re.fullmatch(r"[0-9]{0,6}\.?[0-9]{1,20}", text):
        return f"'{_shown(text)}' is not a share between 0 and 1"
    value = float(text)
    return value if value <= 1.0 else f"'{_shown(text)}' is not a share between 0 and 1 (write 0.18 for 18 %)"


def _parsed(raw: bytes, name: str, rank_of: int | None, margins: Margins, file_name: str | None = None) -> PlaceInput:
    records = _records(_decoded(raw))
    rows = [(number, record) for number, record in enumerate(records, 1) if "".join(record).strip()]
    if not rows:
        raise InputError("the file is empty")
    heading, body = rows[0], rows[1:]
    at, ignored = _heading(heading[1])
    if not body:
        raise InputError("the file has a heading and no neighbourhoods")
    if len(body) > MOST_NEIGHBOURHOODS:
        raise InputError(f"the file has {len(body):,} neighbourhoods; at most {MOST_NEIGHBOURHOODS:,} may be")
    width = len(heading[1])
    problems: list[str] = []
    read: list[dict[str, Any]] = []
    first_of: dict[str, int] = {}
    total = 0
    for number, record in body:
        if len(record) != width:
            problems.append(f"row {number}: has {len(record)} values; the heading has {width}")
            continue
        cell = {column: unicodedata.normalize("NFC", record[k].strip()) for column, k in at.items()}
        here: dict[str, Any] = {"row": number}
        for column in ("name", "place", "area"):
            if column in cell:
                wrong = _name_problem(cell[column])
                if wrong:
                    problems.append(f"row {number}, column {column}: {wrong}")
                here[column] = cell[column]
        if cell["name"] and cell["name"] in first_of:
            shown, before = _shown(cell["name"]), first_of[cell["name"]]
            problems.append(f"row {number}, column name: '{shown}' is already in row {before}")
        first_of.setdefault(cell["name"], number)
        for column in ("population", "deprivation_rank", "rank_of"):
            if column not in cell:
                continue
            value = _whole(cell[column])
            if isinstance(value, str):
                problems.append(f"row {number}, column {column}: {value}")
            elif value < 1:
                problems.append(f"row {number}, column {column}: {value} is below 1")
            elif column == "population" and value > LARGEST_PLACE:
                problems.append(f"row {number}, column population: {value:,} is above {LARGEST_PLACE:,}")
            elif column == "rank_of" and value > LARGEST_RANK:
                problems.append(f"row {number}, column rank_of: {value:,} is above {LARGEST_RANK:,}")
            else:
                here[column] = value
        for column in ("share_65_plus", "share_long_term_condition"):
            share = _share(cell.get(column, ""))
            if isinstance(share, str):
                problems.append(f"row {number}, column {column}: {share}")
            else:
                here[column] = share
        total += here.get("population", 0)
        read.append(here)
    given = [here for here in read if "rank_of" in here]
    if given:
        for here in given[1:]:
            if here["rank_of"] != given[0]["rank_of"]:
                problems.append(
                    f"row {here['row']}, column rank_of: {here['rank_of']} differs from "
                    f"{given[0]['rank_of']} in row {given[0]['row']}"
                )
        if rank_of is not None and rank_of != given[0]["rank_of"]:
            number, told = given[0]["row"], given[0]["rank_of"]
            problems.append(f"row {number}, column rank_of: {told} differs from the {rank_of} asked for")
        rank_of = given[0]["rank_of"] if rank_of is None else rank_of
    rank_of = RANK_OF if rank_of is None else rank_of
    for here in read:
        rank = here.get("deprivation_rank", 1)
        if rank > rank_of:
            problems.append(f"row {here['row']}, column deprivation_rank: {rank} is above rank_of, {rank_of}")
    if total > LARGEST_PLACE:
        problems.append(f"column population: {total:,} residents in all; at most {LARGEST_PLACE:,} may be")
    if problems:
        if len(problems) > MOST_PROBLEMS:
            problems = [*problems[:MOST_PROBLEMS], f"and {len(problems) - MOST_PROBLEMS:,} more problems"]
        raise InputError(problems)

    place_names = tuple(dict.fromkeys(here["place"] for here in read))
    areas = [here.get("area", here["place"]) for here in read]
    area_names = tuple(dict.fromkeys(areas))
    place_row = {label: k for k, label in enumerate(place_names)}
    area_row = {label: k for k, label in enumerate(area_names)}
    return PlaceInput(
        name=name,
        place_names=place_names,
        names=tuple(here["name"] for here in read),
        place=_fixed([place_row[here["place"]] for here in read], np.int32),
        population=_fixed([here["population"] for here in read], np.int64),
        deprivation_rank=_fixed([here["deprivation_rank"] for here in read], np.int64),
        area=_fixed([area_row[area] for area in areas], np.int32),
        area_names=area_names,
        share_65_plus=_fixed([here["share_65_plus"] for here in read], np.float64),
        share_long_term_condition=_fixed([here["share_long_term_condition"] for here in read], np.float64),
        rank_of=rank_of,
        margins=margins,
        ignored_columns=ignored,
        file_name=file_name,
        sha256=None if file_name is None else hashlib.sha256(raw).hexdigest(),
    )


def _fixed(values: list[Any], dtype: Any) -> np.ndarray:
    array = np.array(values, dtype=dtype)
    array.flags.writeable = False
    return array
