"""What pydantic finds wrong with the shape of a scenario, in the words of someone who writes one.

It finds nothing itself, and places each problem by the names that lead to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from dealsim.levers import LEVERS, PAYERS, SERVICE_KINDS, SHOCKS, Lever
from dealsim.scenarios.reading import Document, Place
from dealsim.scenarios.shape import (
    DATES,
    SHOCK_MODELS,
    TAG,
    any_entry_model,
    any_shock_model,
    entry_model,
    scenario_model,
)
from dealsim.scenarios.timetable import FORMS
from dealsim.scenarios.wording import brief, meant_number, shown, suggestion, unspaced

SWEEP_KEYS = ("base", "design", "factors")
"""Parts that only a sweep has."""


class Problem(NamedTuple):
    """One thing wrong: where (its key or its value), what, and what is allowed there."""

    place: Place
    message: str
    allowed: str
    at_key: bool = False


def shape_problems(document: Document, model: type[BaseModel], root: Place) -> Iterator[Problem]:
    """Problems of form (names, types, ranges, choices), found by pydantic and said as a reader would."""
    data = document.data
    for part in root:
        data = data[part]
    try:
        model.model_validate(data)
    except ValidationError as errors:
        for error in errors.errors(include_url=False):
            yield _in_words(document.data, root, error)


def _at(data: Any, place: Place) -> Any:
    for part in place:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _place(data: Any, root: Place, loc: tuple[Any, ...]) -> tuple[Place, str]:
    """Where in the data an error stands, without pydantic's branch names, and the key missing there."""
    place = list(root)
    missing = ""
    for part in loc:
        here = _at(data, tuple(place))
        if part in here if isinstance(here, Mapping) else isinstance(part, int):
            place.append(part)
        elif not str(part).startswith(TAG):
            missing = str(part)
    return tuple(place), missing


def _lever_at(data: Any, place: Place) -> Lever | None:
    """The lever a place in the data speaks of."""
    if place[:1] == ("levers",) and len(place) > 1:
        return LEVERS.get(str(place[1]))
    if place[:1] == ("schedule",) and len(place) > 2 and place[2] in FORMS:
        name = _at(data, (*place[:2], "lever"))
        return LEVERS.get(name) if isinstance(name, str) else None
    return None


def range_of(lever: Lever) -> str:
    """A lever's range as a message says it."""
    if isinstance(lever.default, tuple):
        return f"a list of {', '.join(lever.choices)}"
    if lever.choices:
        return ", ".join(lever.choices)
    unit = "" if lever.unit == "0–1" else f" ({lever.unit})"
    whole = "a whole number " if lever.whole else ""
    return f"{whole}{lever.low:g} to {lever.high:g}{unit}"


def _subject(data: Any, place: Place) -> str:
    """What a message is about: the lever with its service or place, else the key itself."""
    lever = _lever_at(data, place)
    if lever is None:
        names = [part for part in place if isinstance(part, str)]
        return shown(names[-1][:60]) if names else "the scenario"
    detail = [shown(str(part)[:60]) for part in place[2:] if isinstance(part, str) and part not in FORMS]
    return f"{lever.name} for {detail[0]}" if detail else lever.name


def _in_words(data: Any, root: Place, error: Any) -> Problem:
    """One pydantic error as a problem in plain English."""
    kind, context = error["type"], error.get("ctx", {})
    place, missing = _place(data, root, error["loc"])
    value = _at(data, place)
    lever = _lever_at(data, place)
    subject = _subject(data, place)
    allowed = range_of(lever) if lever else ""
    if kind == "extra_forbidden":
        return _unknown_key(data, place)
    if kind == "missing":
        return Problem(place, f"{_container(place)} needs '{missing}'", _need(missing), at_key=bool(place))
    if kind == "union_tag_invalid":
        return _unknown_kind(place, value)
    if kind in ("date", "text"):
        message = f"{subject}: {shown(str(error['msg']))}"
        return Problem(place, message, context.get("allowed", "printable text"))
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        side = "below the lowest" if kind == "greater_than_equal" else "above the highest"
        most = f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"
        limit = allowed or (f"{most} or more" if kind == "greater_than_equal" else f"at most {most}")
        return Problem(place, f"{subject} is {brief(value)}, {side} value allowed", limit)
    if kind == "literal_error":
        choices = _choices(place, lever)
        allowed = ", ".join(choices)
        return Problem(place, f"{subject} cannot be {brief(value)}{suggestion(value, choices)}", allowed)
    if kind in ("too_short", "too_long"):
        if place[-1:] == ("ramp",):
            return Problem(place, "a ramp has two values, the first and the last", "ramp: [first, last]")
        limit = f"at most {context.get('max_length')}"
        return Problem(place, f"{subject} has {context.get('actual_length')} items", limit)
    if kind == "string_too_short":
        return Problem(place, f"{subject} is empty", "some text")
    if kind == "string_too_long":
        most = context.get("max_length")
        return Problem(place, f"{subject} is longer than {most} characters", f"at most {most} characters")
    if kind not in _WANTED:
        return Problem(place, f"{subject}: {shown(str(error['msg']))}", allowed)
    return _wrong_type(place, value, kind, lever, subject)


def _wrong_type(place: Place, value: Any, kind: str, lever: Lever | None, subject: str) -> Problem:
    """A value of the wrong type: what is wanted there, and what stands there."""
    wanted = _WANTED[kind]
    allowed = range_of(lever) if lever else ""
    if lever and not lever.is_number and kind != "list_type":
        wanted = "one of the choices"
    elif lever and lever.is_number and kind == "model_type":
        wanted = "a number, or numbers by service"
    if kind == "string_type" and place[-1:] in (("from",), ("to",), ("until",), ("at",)):
        return Problem(place, f"{subject}: {brief(value)} is no date", DATES)
    if value is None and isinstance(place[-1] if place else None, str):
        allowed = allowed or f"{wanted}, or leave the line out"
        return Problem(place, f"{subject} has no value", allowed, at_key=True)
    if kind == "string_type" and not isinstance(value, dict | list):
        allowed = "text; a number that is meant as text goes in quotes"
    guess = unspaced(value)
    if lever and lever.is_number:
        guess = meant_number(value, lever.low, lever.high)
    if place in (("schedule",), ("shocks",)):
        allowed = _FORMS_HINT["lever" if place == ("schedule",) else "kind"]
    return Problem(place, f"{subject} wants {wanted}, not {_kind(value)}{guess}", allowed or wanted)


_WANTED = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_parsing_size": "a whole number",
    "finite_number": "an ordinary number",
    "bool_type": "true or false",
    "string_type": "text",
    "string_unicode": "text",
    "list_type": "a list",
    "dict_type": "`name: value` lines",
    "model_type": "`name: value` lines",
    "mapping_type": "`name: value` lines",
}


def _kind(value: Any) -> str:
    """A wrong value with its kind, since `'0.5'` and `0.5` look alike."""
    if isinstance(value, bool) or value is None or isinstance(value, dict | list | tuple):
        return brief(value)
    return f"the text {brief(value)}" if isinstance(value, str) else brief(value)


def _need(name: str) -> str:
    """How a key that is missing would be written."""
    return {
        "from": f"from: {DATES}",
        "at": f"at: {DATES}",
        "name": "name: a name of at most 80 characters",
        "lever": f"lever: {', '.join(LEVERS)}",
        "kind": f"kind: {', '.join(SHOCKS)}",
        "size": "size: a number",
        "weeks": "weeks: a whole number",
    }.get(name, f"{name}: …")


def _container(place: Place) -> str:
    """What kind of part a place is, for a message about its keys."""
    if place[:1] == ("schedule",) and len(place) == 2:
        return "this schedule entry"
    if place[:1] == ("shocks",) and len(place) == 2:
        return "this shock"
    return "a scenario" if not place else str(place[-1])


def _choices(place: Place, lever: Lever | None) -> tuple[str, ...]:
    """The words allowed at a place."""
    if place[-1:] == ("paid_by",):
        return PAYERS
    if place[-1:] == ("service",):
        return SERVICE_KINDS
    return lever.choices if lever else ()


def _unknown_key(data: Any, place: Place) -> Problem:
    """A key that means nothing where it stands: what was meant, and what may stand there."""
    key, parent = str(place[-1]), place[:-1]
    name, names = brief(key), _keys(data, parent)
    guess = suggestion(key, names)
    lever = _lever_of_entry(data, parent)
    if not parent:
        message = f"a scenario has no {name}{guess}"
        if key in SWEEP_KEYS:
            message = f"{name} belongs to a sweep; `dealsim sweep` carries one out"
        if key in LEVERS:
            message = f"{name} is a lever: write it under `levers:` or in the `schedule:`"
    elif parent == ("levers",):
        message = f"there is no lever {name}{guess}"
    elif lever and key in FORMS:
        what = "a list" if isinstance(lever.default, tuple) else "a choice"
        why = "takes whole numbers and cannot ramp" if lever.whole else f"is {what}: it may only step"
        message = f"{lever.name} {why}; use `value`"
    elif lever and key == "paid_by":
        message = f"{lever.name} costs nothing of itself, so nobody pays for it"
    elif parent[0] in ("schedule", "shocks") and len(parent) == 2:
        kind = _at(data, (*parent, "kind"))
        what = f"a {kind} shock" if kind in list(SHOCK_MODELS) else _container(parent)
        message = f"{what} has no {name}{guess}"
    else:
        message = f"there is no service {name}{guess}"
    return Problem(place, message, ", ".join(names), at_key=True)


def _lever_of_entry(data: Any, place: Place) -> Lever | None:
    """The lever a schedule entry moves, if the place is a schedule entry and there is such a lever."""
    is_entry = place[:1] == ("schedule",) and len(place) == 2
    return LEVERS.get(str(_at(data, (*place, "lever")))) if is_entry else None


def _keys(data: Any, parent: Place) -> list[str]:
    """The keys that may stand in a part of the data."""
    if not parent:
        return list(scenario_model().model_fields)
    if parent == ("levers",):
        return list(LEVERS)
    if parent[0] == "schedule" and len(parent) == 2:
        lever = _lever_of_entry(data, parent)
        fields = (entry_model(lever) if lever else any_entry_model()).model_fields
        return [field.alias or name for name, field in fields.items()]
    if parent[0] == "shocks" and len(parent) == 2:
        kind = _at(data, (*parent, "kind"))
        return list(next((m for k, m in SHOCK_MODELS.items() if k == kind), any_shock_model()).model_fields)
    return ["default", *SERVICE_KINDS]


def _unknown_kind(place: Place, value: Any) -> Problem:
    """A schedule entry or shock whose lever or kind is missing or unknown."""
    key = "lever" if place[0] == "schedule" else "kind"
    names = list(LEVERS if key == "lever" else SHOCKS)
    what = "lever" if key == "lever" else "kind of shock"
    allowed = ", ".join(names)
    if not isinstance(value, Mapping):
        message = f"{_container(place)} wants `name: value` parts, not {_kind(value)}"
        return Problem(place, message, _FORMS_HINT[key])
    if key not in value:
        return Problem(place, f"{_container(place)} needs '{key}'", f"{key}: {allowed}")
    word = value[key]
    if not isinstance(word, str):
        return Problem((*place, key), f"{key} wants a name, not {_kind(word)}", allowed)
    return Problem((*place, key), f"there is no {what} {brief(word)}{suggestion(word, names)}", allowed)


_FORMS_HINT = {
    "lever": "- {lever: …, from: YYYY-MM, value: …}",
    "kind": "- {kind: …, at: YYYY-MM}",
}
