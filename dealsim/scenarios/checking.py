"""Whether a scenario may be run: its shape, and how its parts agree.

It changes nothing it checks, and tells every problem at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from dealsim.errors import InputError
from dealsim.levers import LEVERS, PAYERS, Lever
from dealsim.scenarios.explaining import Problem, range_of, shape_problems
from dealsim.scenarios.reading import Document, Place
from dealsim.scenarios.scenario import FORMAT
from dealsim.scenarios.shape import (
    SHOCK_MODELS,
    any_entry_model,
    any_shock_model,
    entry_model,
    scenario_model,
)
from dealsim.scenarios.timetable import FORMS, DateError, columns_named, columns_of, form_of, span_of, week_of
from dealsim.scenarios.wording import brief, suggestion, unspaced

Entries = list[tuple[Place, Mapping[str, Any]]]
"""Schedule entries of one lever, each with its place in the file."""


def problems_of(document: Document) -> list[str]:
    """Everything wrong with one scenario file, in the order of its lines."""
    if document.data is None:
        return [document.problem((), "the file is empty", "a scenario begins with `name:`")]
    if not isinstance(document.data, Mapping):
        message = f"a scenario is made of `name: value` lines, not {brief(document.data)}{unspaced(document.data)}"
        return [document.problem((), message, "a scenario begins with `name:`")]
    newest = document.data.get("format")
    if isinstance(newest, int) and newest > FORMAT:
        message = f"this file is of format {brief(newest)}, newer than this dealsim reads"
        return [document.problem(("format",), message, f"format {FORMAT}; or update dealsim")]
    found = [
        *shape_problems(document, scenario_model(), ()),
        *_levers(document),
        *_schedule(document),
        *_shocks(document),
        *_rivals(document),
        *_shipped_place(document),
    ]
    marks = {problem: document.mark(problem.place, at_key=problem.at_key) or (0, 0) for problem in found}
    ordered = sorted(marks, key=marks.__getitem__)
    return [document.problem(one.place, one.message, one.allowed, at_key=one.at_key) for one in ordered]


def _items(document: Document, name: str) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """The mappings in one of the file's lists, with their places; anything else in it is told elsewhere."""
    items = document.data.get(name)
    for number, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, Mapping):
            yield (name, number), item


def _levers(document: Document) -> Iterator[Problem]:
    """Constant values that say nothing, or say it twice."""
    levers = document.data.get("levers")
    for name, value in levers.items() if isinstance(levers, Mapping) else ():
        if name in LEVERS:
            yield from _value_problems(("levers", name), LEVERS[name], value)


def _schedule(document: Document) -> Iterator[Problem]:
    """Problems between the parts of schedule entries, and between entries."""
    sound: dict[str, Entries] = {}
    for place, entry in _items(document, "schedule"):
        name = entry.get("lever")
        lever = LEVERS.get(name) if isinstance(name, str) else None
        if lever is None:
            yield from _shape_of_rest(document, place, any_entry_model(), "lever")
        told = list(_entry_problems(place, entry, lever))
        yield from told
        if lever and not told and _dates_hold(entry) and _form_holds(lever, entry):
            sound.setdefault(lever.name, []).append((place, entry))
    for name, entries in sound.items():
        yield from _overlaps(document, name, entries)
        if LEVERS[name].paid:
            yield from _payers(document, name, entries)


def _shape_of_rest(document: Document, place: Place, model: type[BaseModel], key: str) -> Iterator[Problem]:
    """Problems of form in an entry of unknown kind, but for the kind itself, which is told already."""
    for problem in shape_problems(document, model, place):
        if problem.place != (*place, key) and not problem.message.endswith(f"needs '{key}'"):
            yield problem


def _dates_hold(entry: Mapping[str, Any]) -> bool:
    """True if the dates of an entry can be read (if not, that is told elsewhere)."""
    try:
        span_of(entry)
    except (DateError, KeyError, TypeError):
        return False
    return True


def _form_holds(lever: Lever, entry: Mapping[str, Any]) -> bool:
    """True if the entry moves its lever in a way the lever has, and a ramp has its two ends."""
    form = form_of(entry)
    is_whole = form != "ramp" or (isinstance(entry[form], list) and len(entry[form]) == 2)
    return is_whole and form in entry_model(lever).model_fields


def _entry_problems(place: Place, entry: Mapping[str, Any], lever: Lever | None) -> Iterator[Problem]:
    """How the parts of one schedule entry contradict each other."""
    forms = [form for form in FORMS if form in entry]
    if len(forms) != 1:
        message = "this entry moves nothing" if not forms else f"this entry has both {' and '.join(forms)}"
        yield Problem(place, message, f"one of {', '.join(FORMS)}")
        return
    form = forms[0]
    if form != "value" and "to" not in entry:
        yield Problem(place, f"a {form} needs 'to'", "to: the date it ends")
    if form == "value" and "to" in entry:
        allowed = "until: the date it ends; or a ramp or pulse"
        yield Problem((*place, "to"), "a value holds on and has no 'to'", allowed, at_key=True)
    if form != "value" and "until" in entry:
        yield Problem((*place, "until"), f"a {form} has no 'until'", "to", at_key=True)
    for key in ("to", "until"):
        if key in entry and _weeks_between(entry, key) < 1:
            message = f"'{key}' must come at least a week after 'from'"
            yield Problem((*place, key), message, f"a date in a later week than {brief(entry['from'])}")
    if lever is None:
        return
    if form == "ramp":
        ends = entry["ramp"]
        if isinstance(ends, list) and len(ends) == 2:
            yield from _value_problems((*place, "ramp", 0), lever, ends[0])
            yield from _value_problems((*place, "ramp", 1), lever, ends[1])
            if columns_named(ends[0]) != columns_named(ends[1]):
                message = f"the two ends of this ramp name different {lever.varies_by}s"
                yield Problem((*place, "ramp"), message, f"the same {lever.varies_by}s")
        return
    yield from _value_problems((*place, form), lever, entry[form])


def _weeks_between(entry: Mapping[str, Any], key: str) -> int:
    """Weeks from an entry's start to its end; one where either cannot be read, which is told elsewhere."""
    try:
        return week_of(entry[key]) - week_of(entry["from"])
    except (DateError, KeyError, TypeError):
        return 1


def _value_problems(place: Place, lever: Lever, value: Any) -> Iterator[Problem]:
    """What pydantic cannot say of a value: that it says nothing, or a name twice."""
    if isinstance(value, Mapping) and not value:
        yield Problem(place, f"{lever.name} is given for nothing", f"{range_of(lever)}, by {lever.varies_by}")
    if isinstance(value, list) and isinstance(lever.default, tuple):
        for number, name in enumerate(value):
            if name in value[:number]:
                yield Problem((*place, number), f"{brief(name)} is in the list twice", "each service once")


def _meet(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    """True if two entries move a service or place in common."""
    return one is None or other is None or bool(one & other)


def _overlaps(document: Document, name: str, entries: Entries) -> Iterator[Problem]:
    """Two entries of a lever that would hold in the same week."""
    ordered = sorted(entries, key=lambda item: span_of(item[1])[0])
    for later, (place, entry) in enumerate(ordered):
        start = span_of(entry)[0]
        for other_place, other in ordered[:later]:
            first, end = span_of(other)
            during = start == first or (end is not None and start < end)
            if during and _meet(columns_of(entry), columns_of(other)):
                message = f"this entry of {name} overlaps another ({document.line(other_place)})"
                yield Problem(place, message, "entries that begin after the one before has ended")
                break


def _payers(document: Document, name: str, entries: Entries) -> Iterator[Problem]:
    """Two payers of one lever at the same time: the payer is named for the whole lever."""
    ordered = sorted(entries, key=lambda item: span_of(item[1])[0])
    before_them = _constant(document, name)
    for later, (place, entry) in enumerate(ordered):
        start, columns = span_of(entry)[0], columns_of(entry)
        if before_them and columns is not None and _payer(entry) != PAYERS[0]:
            message = f"{name} would have two payers at once ({document.line(('levers', name))})"
            yield Problem(place, message, "one payer for all places of a lever at a time")
            continue
        for other_place, other in ordered[:later]:
            end = None if form_of(other) == "ramp" else span_of(other)[1]
            holds_on = end is None or start < end
            before = columns_of(other)
            covered = columns is None or (before is not None and before <= columns)
            if holds_on and not covered and _payer(entry) != _payer(other):
                message = f"{name} would have two payers at once ({document.line(other_place)})"
                yield Problem(place, message, "one payer for all places of a lever at a time")
                break


def _constant(document: Document, name: str) -> bool:
    """True if a lever that costs money has a constant value that is not nothing."""
    levers = document.data.get("levers")
    value = levers.get(name) if isinstance(levers, Mapping) else None
    return any(value.values()) if isinstance(value, Mapping) else bool(value)


def _payer(entry: Mapping[str, Any]) -> str:
    return str(entry.get("paid_by", PAYERS[0]))


def _shocks(document: Document) -> Iterator[Problem]:
    """Problems of form in shocks of unknown kind (the known kinds have models of their own)."""
    for place, shock in _items(document, "shocks"):
        kind = shock.get("kind")
        if not isinstance(kind, str) or kind not in SHOCK_MODELS:
            yield from _shape_of_rest(document, place, any_shock_model(), "kind")


def _shipped_place(document: Document) -> Iterator[Problem]:
    """A place that does not come with the package."""
    from dealsim.places import shipped

    name = document.data.get("place")
    if not isinstance(name, str):
        return
    try:
        shipped(name)
    except InputError:
        message = f"there is no place {brief(name)} in the package"
        yield Problem(("place",), message, "wigan; a file of your own is named when it is run, with --place")


def _rivals(document: Document) -> Iterator[Problem]:
    """Rivals that no rule has."""
    from dealsim.parameters import RIVALS

    given = document.data.get("rivals")
    named: list[tuple[Place, Any]] = []
    if isinstance(given, Mapping):
        named = [(("rivals", name), name) for name in given]
    elif isinstance(given, list):
        named = [(("rivals", number), name) for number, name in enumerate(given)]
    for place, name in named:
        if isinstance(name, str) and name not in RIVALS:
            message = f"there is no rival {brief(name)}{suggestion(name, RIVALS)}"
            yield Problem(place, message, ", ".join(RIVALS), at_key=isinstance(given, Mapping))
