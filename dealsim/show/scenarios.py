"""Scenarios in words: which are shipped, what one of them says, what tells two apart, and a template for one's own.

It reads scenarios and runs nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from dealsim.calendar import WEEKS_A_YEAR
from dealsim.checkpoints import replace_whole
from dealsim.errors import InputError
from dealsim.levers import LEVERS, SHOCKS, Policy
from dealsim.parameters import RIVALS
from dealsim.places import shipped
from dealsim.scenarios import Scenario, load, same_policy, scenario_from, shipped_names
from dealsim.scenarios.explaining import range_of
from dealsim.scenarios.shape import scenario_model
from dealsim.scenarios.timetable import (
    STAFF_LEVERS,
    day_in_words,
    is_old,
    name_in_words,
    value_in_words,
)
from dealsim.show.words import count
from dealsim.text import plain, slug

_PLAIN = re.compile(r"(?!(true|false|yes|no|on|off|null)$)[a-z][\w .()?'/-]*|\d{4}-\d\d(-\d\d)?", re.IGNORECASE)
"""Text that YAML reads as itself without quotes, also inside a list."""
NOT_SAID = "no file: the old value"
"""Where a lever's value comes from when no file speaks of it."""


def shipped_rows() -> list[dict[str, str]]:
    """Name and question of every shipped scenario, by name."""
    return [{"name": name, "question": load(name).question} for name in shipped_names()]


def shipped_text() -> str:
    """The shipped scenarios, one a line."""
    rows = shipped_rows()
    width = max(len(row["name"]) for row in rows)
    return "\n".join(f"{row['name']:{width}}  {row['question']}" for row in rows)


def resolved_text(scenario: Scenario, why: bool = False, everything: bool = False) -> str:
    """A scenario with all that its parents say in it, as a file would say it.

    Parameters
    ----------
    why
        Write beside each value the file and line it came from.
    everything
        Also write the levers that stay at their old value.
    """
    lines: list[tuple[str, object]] = []
    for key in ("name", "question", "author", "date", "sources", "place", "size", "replicates"):
        value = getattr(scenario, key)
        if value not in (None, "", ()):
            lines.append((f"{key}: {_written(value)}", scenario.origins.get(key, "")))
    named = [(name, value) for name, value in scenario.levers.items() if everything or not is_old(LEVERS[name], value)]
    if named:
        lines.append(("levers:", ""))
        lines += [
            (f"  {name}: {_written(value)}", scenario.origins.get(f"levers.{name}", NOT_SAID)) for name, value in named
        ]
    for part in ("schedule", "shocks"):
        entries = getattr(scenario, part)
        if entries:
            lines.append((f"{part}:", ""))
            lines += [
                (f"  - {_written(entry)}", scenario.origins.get(f"{part}[{n}]", "")) for n, entry in enumerate(entries)
            ]
    if scenario.rivals:
        lines.append(("rivals:", ""))
        lines += [(f"  - {name}", scenario.origins.get(f"rivals.{name}", "")) for name in scenario.rivals]
    if not why:
        return "\n".join(text for text, _ in lines)
    width = min(100, max(len(text) for text, _ in lines))
    return "\n".join(f"{text:{width}}  # {origin}" if origin else text for text, origin in lines)


def _written(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_written(part)}" for key, part in value.items()) + "}"
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Sequence):
        return "[" + ", ".join(_written(part) for part in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def checked(name_or_path: str, years: int) -> tuple[str, list[str]]:
    """The name of a scenario with nothing wrong in it, and what its author may not have meant, one line each.

    Raises
    ------
    InputError
        With everything wrong in it.
    """
    made = load(name_or_path)
    weeks = years * WEEKS_A_YEAR
    places = shipped(made.place).place_names
    policy = made.policy(weeks, places)
    same = [f"for {count(years, 'year')} it does what {name} does" for name in same_as(made, policy, places)]
    notes = [*made.replaced, *late_entries(made, weeks), *idle_levers(policy), *money_gone_twice(policy), *same]
    return made.name, notes


def late_entries(scenario: Scenario, weeks: int) -> list[str]:
    """What a scenario says that begins after so many weeks, one line each."""
    return [f"week {row.week} ({row.begins}): {row.what}" for row in scenario.timetable(weeks) if row.week >= weeks]


def same_as(scenario: Scenario, policy: Policy, place_names: Sequence[str]) -> list[str]:
    """Shipped scenarios that do the very same as a scenario with that policy, in all its weeks, by name."""
    weeks = policy.demand.size
    others = (load(name) for name in shipped_names() if name != scenario.name)
    return [
        other.name
        for other in others
        if set(other.rivals) == set(scenario.rivals) and same_policy(policy, other.policy(weeks, place_names))
    ]


def money_gone_twice(policy: Policy) -> list[str]:
    """Where a cut and a shock take the same money: together they name more than the whole budget."""
    weeks = int((policy.budget_cut.max(axis=1) + policy.budget_shock > 1).sum())
    if not weeks:
        return []
    both = "the budget cut and the budget shock together come to more than the whole budget"
    return [f"in {count(weeks, 'week')} {both}; no more than all of it is lost"]


def idle_levers(policy: Policy) -> list[str]:
    """Levers that a policy moves where nothing can come of it, one line each."""
    found = []
    clarity = LEVERS["communications_clarity"].default
    if (policy.communications_clarity != clarity).any() and not policy.public_communications.any():
        found.append("communications clarity is moved, and nothing is said to the public")
    permission = LEVERS["permission_to_innovate"].default
    if policy.staff_communications.any() and (policy.permission_to_innovate == permission).all():
        found.append("staff are told of a permission that is as it was in the old regime")
    if not policy.in_deal.all(axis=1).all() and not _moves_services(policy):
        found.append("services are left out of a deal in which no lever of services is moved")
    return found


def _moves_services(policy: Policy) -> bool:
    """Whether a policy moves anything that reaches a service only while it takes part."""
    levers = (*STAFF_LEVERS, "place_based_working", "devolution", "link_workers", "offloading")
    return any((getattr(policy, name) != LEVERS[name].default).any() for name in levers)


def sentences_of(scenario: Scenario) -> dict[str, list[str]]:
    """What a scenario does, by lever and then by shock and rival: one sentence for each change."""
    said: dict[str, list[str]] = {}
    for row in scenario.timetable():
        if row.name in SHOCKS:
            sentence = f"In the week of {day_in_words(row.week)}{', ' if row.does else ''}{row.does}."
        else:
            sentence = f"From the {f'week of {day_in_words(row.week)}' if row.week else 'first week'} it {row.does}."
        said.setdefault(row.name, []).append(sentence)
    ordered = {name: said[name] for name in (*LEVERS, *SHOCKS) if name in said}
    return ordered | {rival: ["It is taken to be true."] for rival in scenario.rivals}


def _heading(name: str) -> str:
    if name in LEVERS:
        lever = LEVERS[name]
        old = value_in_words(lever.default) if not isinstance(lever.default, tuple) else "all"
        return f"{lever.label}: {lever.meaning[0].lower()}{lever.meaning[1:]} ({lever.unit}; in the old regime {old})."
    if name in SHOCKS:
        return f"{name_in_words(name).capitalize()}: {SHOCKS[name][0].lower()}{SHOCKS[name][1:]}."
    return f"Another explanation: {RIVALS[name].meaning}."


def explained(scenario: Scenario) -> str:
    """A scenario in plain sentences."""
    said = sentences_of(scenario)
    lines = [f"{scenario.name}: {scenario.question}" if scenario.question else scenario.name]
    if not said:
        lines += ["", "Nothing changes: every lever stays where it was in the old regime."]
    for name, sentences in said.items():
        lines += ["", _heading(name), *(f"  {sentence}" for sentence in sentences)]
    return "\n".join(lines)


def apart(one: Scenario, other: Scenario) -> dict[str, tuple[list[str], list[str]]]:
    """What two scenarios say of each lever, shock and rival on which they differ."""
    ours, theirs = sentences_of(one), sentences_of(other)
    found = {}
    for name in dict.fromkeys((*ours, *theirs)):
        if ours.get(name) != theirs.get(name):
            silent = ["It stays as in the old regime." if name in LEVERS else "It is not there."]
            found[name] = (ours.get(name, silent), theirs.get(name, silent))
    return found


def difference(one: Scenario, other: Scenario) -> str:
    """What tells two scenarios apart, lever by lever, in plain sentences; nothing else is said."""
    found = apart(one, other)
    names = (one.name, other.name)
    if one.name == other.name:
        names = (f"{one.name} (the first)", f"{other.name} (the second)")
    if not found:
        return f"{' and '.join(names)} do the same."
    lines = [f"Where {' and '.join(names)} differ:"]
    for name, said in found.items():
        lines += ["", _heading(name)]
        lines += [f"  {who}: {' '.join(words)}" for who, words in zip(names, said, strict=True)]
    return "\n".join(lines)


SCHEMA_BESIDE = "dealsim-scenario.schema.json"
"""The name under which `new` lays the JSON Schema beside a template, for editors that complete and check as one types."""


def schema_text() -> str:
    """The JSON Schema of a scenario file, made from the declarations of levers and shocks."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A dealsim scenario"}
    schema |= {key: value for key, value in scenario_model().model_json_schema(by_alias=True).items() if key != "title"}
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def template(name: str, parent: str) -> str:
    """A scenario file to fill in: it is whole as it stands, and every lever stands in it as a comment."""
    levers = []
    for lever in LEVERS.values():
        value = _written(lever.default)
        text = f"#   {lever.name}: {value}"
        levers.append(f"{text:44}  # {lever.meaning}; {range_of(lever)}")
    return "\n".join(
        (
            f"# yaml-language-server: $schema=./{SCHEMA_BESIDE}",
            "# Take away a `# ` to use a line. `dealsim check` says what is wrong, `dealsim explain` what it does.",
            "format: 1",
            f"name: {_written(name)}",
            "question: What happens if …?",
            "author: Your name",
            f"date: {date.today().isoformat()}",
            "sources: []        # where your numbers come from",
            f"extends: {_written(parent)}    # everything it says holds, but for the levers named below",
            "",
            "# Values from the first week on; a lever may differ by service or place: {default: 0.2, police: 0.5}",
            "# levers:",
            *levers,
            "",
            "# Changes on a date: a step (value), a step with an end (value, until), a ramp (from, to), a pulse (from, to)",
            "# schedule:",
            "#   - {lever: community_investment, from: 2015-01, value: 12, paid_by: council}",
            "#   - {lever: permission_to_innovate, from: 2013-04, to: 2015-04, ramp: [0.15, 0.8]}",
            "#   - {lever: permission_to_innovate, from: 2017-01, value: 0.15}",
            "",
            *(f"# {kind}: {meaning}" for kind, meaning in SHOCKS.items()),
            "# shocks:",
            "#   - {kind: demand_shock, at: 2018-01, weeks: 8, size: 1.3}",
            "",
        )
    )


def write_template(name: str, parent: str, folder: Path) -> Path:
    """A template and, beside it, the schema, in a folder; an existing file is never touched.

    Raises
    ------
    InputError
        For a parent there is no scenario of, a name that cannot be one, or a file that is there already.
    """
    load(parent)
    scenario_from({"name": name})
    path = folder / f"{slug(name)}.yaml"
    if os.path.lexists(path):
        raise InputError(f"{plain(path.name)} is already there and is left as it is")
    replace_whole(path, template(name, parent).encode("utf-8"))
    try:
        load(path)
    except InputError:
        path.unlink()
        raise
    if not (folder / SCHEMA_BESIDE).exists():
        replace_whole(folder / SCHEMA_BESIDE, schema_text().encode("utf-8"))
    return path
