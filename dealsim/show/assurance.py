"""The assurance pack of a result: its logs of assumptions, decisions, data and tests, its limits, a statement to sign.

It follows what the UK government's Aqua Book expects of a model used for a decision. It signs nothing and judges
nothing: it gathers what is declared, stored and checked, and says what was not.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from dealsim import calibration, store
from dealsim.checkpoints import replace_whole
from dealsim.doctor import KNOWN_LIFE, end_of_known_life
from dealsim.errors import InputError, MismatchError, StoreError
from dealsim.parameters import RIVALS
from dealsim.patterns.national import FIT, PATTERNS, Pattern
from dealsim.results import Results
from dealsim.scenarios.timetable import is_old
from dealsim.show import shipped
from dealsim.show.grounds import levers, limits_said
from dealsim.show.html import page_of, table
from dealsim.show.influence import (
    NONE_STANDS_OUT,
    NOT_RATED,
    NOT_SETTLED,
    NOT_SHIPPED,
    RATINGS,
    STRONG_FROM,
    WHAT_WOULD_CHANGE_IT,
    Assumption,
    assumptions,
    counted,
    headline_of,
    influence_in_figures,
    measured_as,
    named,
    reach_of,
    shown_influence,
    unit_of,
)
from dealsim.show.patterns import simulated_in_words, target_in_words
from dealsim.show.terminal import remarks
from dealsim.show.words import count, title_of
from dealsim.text import cell, escaped, plain
from dealsim.version import MODEL_VERSION, __version__

ASSURANCE = "assurance"
PAGE = "assurance.html"
LOGS = ("assumptions", "decisions", "data", "tests")
ROLES = (
    ("Commissioner", "I asked for this analysis. The purpose above is mine, and I have read the limits."),
    ("Analyst", "I made this analysis. The logs are whole as far as I know, and I have said where I am unsure."),
    ("Analytical assurer", "I did not make this analysis. I have checked it as far as the decision calls for, as noted here."),
    ("Approver", "I am content that this analysis is used for the purpose above, within its limits."),
)  # fmt: skip
"""The roles of the Aqua Book, and what each puts a name to."""
MAY = (
    "To compare policies: which way things move, for whom, how fast, and under which conditions a policy fails.",
    "To see which assumptions a conclusion hangs on, and so what to find out first.",
    "To talk about a choice with those whom it touches.",
)
MAY_NOT = (
    "To say how large an effect will be, or to set a budget or a target for savings.",
    "To forecast what will happen in any real place.",
    "To judge a council, a team or a person: everybody in it is invented.",
    "As the only ground for a decision.",
)
KEPT = "Tests kept with the code"
NEVER_TESTED = (
    ("Comparison with what came of the Deal in Wigan", "Wigan's own outcomes are no input and were not compared"),
    ("Review by others", "the package holds no record of a review by anyone outside it"),
)
"""What no test here covers, whatever the result."""
_MARGINS = Path(calibration.__file__).parents[1] / "places" / "wigan_margins.csv"
_PATTERNS = Path(calibration.__file__).with_name("patterns.csv")
_STYLE = """
.rag { display: inline-block; font-weight: 700; padding: .05rem .5rem; border: 2px solid; border-radius: .25rem; white-space: nowrap; }
.rag-red { background: #fbe3df; color: #7a1400; } .rag-amber { background: #fff0cc; color: #5c3d00; border-style: dashed; }
.rag-green { background: #e0f2e5; color: #00432a; border-style: dotted; } .rag-not { background: #eee; color: #333; border-width: 1px; }
@media (min-width: 60rem) { #assumptions ~ .wide tbody th { min-width: 15rem; } }
.sign td { height: 3.2rem; min-width: 9rem; } .sign tbody th { max-width: 30rem; } .fill { border-bottom: 1px solid #1c1c1c; min-height: 2rem; margin: .25rem 0 1rem; max-width: 46rem; }
@page { size: A4 landscape; margin: 12mm; }
@media print { body { font-size: 8.5pt; line-height: 1.35; } th, td { padding: .1rem .6rem .1rem 0; } h2 { margin-top: 1.5rem; } #statement { break-before: page; } }
"""


@dataclass(frozen=True)
class Assurance:
    """Where a pack lies, how many parameters are red, amber, green or not rated, and what verification found wrong."""

    page: Path
    logs: tuple[Path, ...]
    ratings: dict[str, int]
    problems: tuple[str, ...]
    replayed: int


@dataclass(frozen=True)
class Check:
    """One line of the test evidence: what was asked, how it came out, and more about it."""

    kind: str
    asked: str
    outcome: str
    more: str = ""


def assure(
    folder: str | Path,
    *,
    out: str | Path | None = None,
    replay: bool = True,
    workers: int | None = None,
    root: str | Path = "results",
    progress: Callable[[str, float, float], None] | None = None,
) -> Assurance:
    """Write the assurance pack of a results folder: a page to print and sign, and its logs as tables.

    Parameters
    ----------
    folder
        A results folder, the beginning of its id, or `latest`; the last two are looked for in `root`.
    out
        Where the pack goes; without it, `derived/assurance` in the results folder.
    replay
        Whether the runs and the known life are lived again, or only the files checked.

    Raises
    ------
    InputError
        When it is no folder of a run or comparison, or the pack would be written among its data.
    MismatchError
        When its files are so damaged that they cannot be read.
    StoreError
        When the pack cannot be written.
    """
    path = store.find(folder, root)
    _check_folder(path)
    target = _target(path, out)
    try:
        found = store.verify(path, replay=replay, workers=workers, progress=progress)
    except InputError as none:  # every run failed: the pack says so, and that is worth having
        found = store.verify(path, replay=False)
        found = replace(found, notes=(*found.notes, str(none)))
    try:
        results = store.read_unchecked(path)
    except StoreError as problem:
        raise MismatchError("\n".join((*found.problems, str(problem), "no pack was written"))) from None
    known = _known_life(replay)
    problems = (*found.problems, *([known.more] if known.outcome == "not as it should" else []))
    checks = [*_checks_of_folder(found), known, *_patterns(results), *_tests_of_package(), *_not_tested(replay)]
    rated = assumptions(results)
    decided, data = _decisions(results), _data(path, results)
    tables = {
        "assumptions": pd.DataFrame(_assumption_rows(rated, results)),
        "decisions": pd.DataFrame(decided, columns=["kind", "number", "title", "chosen", "given_up", "source"]),
        "data": pd.DataFrame(data, columns=["kind", "what", "value", "source", "grade"]),
        "tests": pd.DataFrame([vars(one) for one in checks]),
    }
    page = _page(path, results, rated, decided, data, checks, problems)
    logs = _write(target, tables, page, f"{results.run_id}/{store.manifest_hash(path)[:12]}")
    return Assurance(target / PAGE, logs, counted(rated), problems, found.replayed)


def _check_folder(path: Path) -> None:
    from dealsim.sweeps.folder import is_sweep_folder

    if is_sweep_folder(path):
        raise InputError(f"{store.shown(path)} is a sweep; a pack is made of a run or a comparison")
    if not (path / store.MANIFEST).is_file():
        raise InputError(f"{store.shown(path)} has no {store.MANIFEST}: it is no results folder, or was cut short")


def _target(path: Path, out: str | Path | None) -> Path:
    if out is None:
        return path / store.DERIVED / ASSURANCE
    target, own = Path(out).resolve(), path.resolve()
    if target.is_relative_to(own) and not target.is_relative_to(own / store.DERIVED):
        raise InputError(f"{store.shown(out)} lies among the data of these results; choose another folder")
    return Path(out)


def _write(target: Path, tables: dict[str, pd.DataFrame], page: str, made_from: str) -> tuple[Path, ...]:
    logs = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in LOGS:
            frame = tables[name].map(cell).assign(results=made_from)
            content = frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")
            replace_whole(target / f"{name}.csv", content)
            logs.append(target / f"{name}.csv")
        replace_whole(target / PAGE, page.encode())
    except OSError as problem:
        raise StoreError(f"{store.why(problem)} while writing the pack into {store.shown(target)}") from None
    return tuple(logs)


def _checks_of_folder(found: store.Verification) -> list[Check]:
    """What `dealsim verify` says of the folder, line by line."""
    how = "This result, checked now"
    if found.problems:
        asked = "Is the folder as it was written, and do its runs live again to the last bit?"
        return [Check(how, asked, "differs", line) for line in found.problems]
    checks = [Check(how, "Is every file as it was written?", "yes", "; ".join(found.notes))]
    lived = f"identical: {count(found.replayed, 'run')} lived again" if found.replayed else "not done"
    return [*checks, Check(how, "Do the runs live again to the last bit?", lived)]


def _known_life(replay: bool) -> Check:
    kind, asked = "This machine, checked now", (
        f"Does the known life of model {KNOWN_LIFE.model_version} ({KNOWN_LIFE.size} citizens, {KNOWN_LIFE.weeks} weeks "
        f"of {KNOWN_LIFE.scenario}) end as it should?"
    )  # fmt: skip
    if not replay:
        return Check(kind, asked, "not done", "asked for without living anything again")
    if end_of_known_life() == KNOWN_LIFE.state_hash:
        return Check(kind, asked, "yes", f"state {KNOWN_LIFE.state_hash[:12]}")
    said = "the known life does not end as it should on this machine; `dealsim doctor` says more"
    return Check(kind, asked, "not as it should", said)


def _patterns(results: Results) -> list[Check]:
    """How the model does against the patterns it is judged by, where that is shipped."""
    kind = "Patterns from published data, at the values as shipped" + (
        " (not at the parameter sets of this run)" if results.sets else ""
    )
    if not _PATTERNS.exists():
        return [Check(kind, "Does the model give the patterns it is judged by?", "not shipped with this version")]
    with _PATTERNS.open(encoding="utf-8", newline="") as file:
        return [
            _pattern_check(kind, PATTERNS[row["name"]], row) for row in csv.DictReader(file) if row["name"] in PATTERNS
        ]


def _pattern_check(kind: str, pattern: Pattern, row: dict[str, str]) -> Check:
    simulated, low, high = (float(row[end]) for end in ("simulated", "simulated_low", "simulated_high"))
    return Check(
        kind,
        pattern.label,
        ("met" if row["passed"] == "True" else "not met")
        + (" (values were fitted to it)" if pattern.use == FIT else ""),
        f"{simulated_in_words(pattern, simulated, low, high)}, mean and 95 % interval over 20 boroughs of 33,000; "
        f"target {target_in_words(pattern)} {pattern.unit}",
    )


def _tests_of_package() -> list[Check]:
    return [
        Check(KEPT, line, "not run for this pack", folder)
        for folder, said in shipped.kept_tests().items()
        for line in said
    ]


def _not_tested(replay: bool) -> list[Check]:
    kind = "Not tested"
    checks = [Check(kind, what, "not tested", why) for what, why in NEVER_TESTED]
    if not replay:
        checks.append(Check(kind, "Whether the runs can be lived again", "not tested", "asked for without it"))
    return checks


def _assumption_rows(rated: Iterable[Assumption], results: Results) -> list[dict[str, Any]]:
    return [
        {
            "rating": one.rating,
            "parameter": one.name,
            "what": one.spec.label,
            "value_used": one.used,
            "default": one.default,
            "unit": one.spec.unit,
            "low": one.spec.low,
            "high": one.spec.high,
            "influence": one.strength or "not measured",
            "influence_on": headline_of(results),
            "influence_unit": unit_of(results),
            "influence_size": one.influence.mu_star if one.influence else None,
            "influence_low": one.influence.low if one.influence else None,
            "influence_high": one.influence.high if one.influence else None,
            "influence_converged": one.influence.converged if one.influence else None,
            "grade": one.grade,
            "source": one.source,
            "source_keys": one.keys,
            "how_sure": one.sure,
            "what_would_change_it": WHAT_WOULD_CHANGE_IT[one.grade],
        }
        for one in rated
    ] + [
        {"rating": "structural", "parameter": f"rival.{name}", "what": meaning, "value_used": held,
         "what_would_change_it": WHAT_WOULD_CHANGE_IT["rival"]}
        for name, meaning, held, _ in _rivals(results)
    ]  # fmt: skip


def _rivals(results: Results) -> list[tuple[str, str, str, str]]:
    """Every other explanation: its name, what would be true, where it holds, what it changes."""
    rows = []
    for name, rival in RIVALS.items():
        by = [
            title_of(scenario)
            for scenario, content in zip(results.names, results.scenarios, strict=True)
            if name in content.get("rivals", ())
        ]
        held = "does not hold"
        if by:
            held = "holds" if len(by) == len(results.names) else f"holds in {', '.join(by)}"
        changes = "; ".join(f"{kind}.{parameter} = {value:g}" for kind, parameter, value in rival.changes)
        rows.append((name, rival.meaning, held, changes))
    return sorted(rows, key=lambda row: row[2] == "does not hold")


def _decisions(results: Results) -> list[tuple[str, str, str, str, str, str]]:
    """The decisions behind the model, then the choices of the scenarios."""
    rows = [("model", one.number, one.title, one.chosen, one.given_up, one.page) for one in shipped.decisions()]
    for name, content in zip(results.names, results.scenarios, strict=True):
        said = [str(content["question"])] if content.get("question") else []
        by = [str(content[key]) for key in ("author", "date") if content.get(key)]
        said += [f"By {', '.join(by)}."] if by else []
        said += [f"Rivals that hold: {', '.join(content['rivals'])}."] if content.get("rivals") else []
        source = "; ".join(shipped.titled(source) for source in content.get("sources", ()))
        rows.append(("scenario", "", title_of(name), plain(" ".join(said), 900), "", source))
    rows += [("lever", "", *row) for row in _moved_levers(results)]
    asked = results.settings
    for what in ("size", "years", "replicates", "boroughs", "seed"):
        rows.append(("run", "", what.capitalize(), str(asked[what]), "", "the command that was given"))
    for parameter, value in sorted((asked.get("values") or {}).items()):
        rows.append(("run", "", f"Value of {parameter}", f"{value:g}", "", "the command that was given"))
    return rows


def _moved_levers(results: Results) -> list[tuple[str, str, str, str]]:
    from dealsim.levers import LEVERS

    rows = []
    for name, content in zip(results.names, results.scenarios, strict=True):
        scheduled = {entry.get("lever") for entry in content.get("schedule", ())}
        for lever in LEVERS.values():
            held = content.get("levers", {}).get(lever.name, lever.default)
            if lever.name in scheduled or not is_old(lever, held):
                source = f"{lever.grade}: {shipped.titled(lever.source)}"
                rows.append((f"{title_of(name)}: {lever.label}", f"moved ({lever.unit})", "", source))
    return rows


def _data(path: Path, results: Results) -> list[tuple[str, str, str, str, str]]:
    """What went in and what came out: place, figures people are drawn to, versions, seeds, hashes."""
    origin = json.loads((path / "provenance.json").read_bytes())
    asked, place = results.settings, results.settings["place"]
    rows = [("result", "Run", results.run_id, "", ""), ("result", "Made at (UTC)", origin["created"], "", ""),
            ("result", "Manifest (sha256)", store.manifest_hash(path), "", ""),
            ("result", "Last states of all runs", results.state_hash, "", "")]  # fmt: skip
    own = place.get("file_name")
    rows.append(
        ("place", place["name"], f"your own file, sha256 {place['sha256']}" if own else "shipped with dealsim",
         "the file that was given" if own else shipped.titled("src-imd"), "not graded" if own else "derived")
    )  # fmt: skip
    with _MARGINS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            what = f"{row['meaning']} ({row['margin']}, {row['group']}, {row['year']})"
            rows.append(("figure people are drawn to", what, f"{row['value']} {row['unit']}",
                         shipped.titled(row["source"]), row["grade"]))  # fmt: skip
    for name, content in zip(results.names, results.scenarios, strict=True):
        source = "; ".join(shipped.titled(one) for one in content.get("sources", ()))
        rows.append(("scenario", title_of(name), plain(content.get("question", ""), 600), source, ""))
    made = {"dealsim": "dealsim", "model_version": "model", "commit": "commit", "dirty": "files changed since the commit",
            "engine_sha256": "code of the model (sha256)", "python": "Python", "system": "system",
            "processor": "processor"}  # fmt: skip
    rows += [("version", said, _said(origin.get(key)), "", "") for key, said in made.items()]
    rows += [("version", name, number, "", "") for name, number in sorted(origin["packages"].items())]
    rows.append(("seed", "Seed that was asked for", str(asked["seed"]), "", ""))
    for run in results.runs.to_dict("records"):
        seeds = (
            f"borough {run['borough_seed']}, lives {run['life_seed']}, id {run['run_id']}, state {run['state_hash']}"
        )
        rows.append(("seed", f"{title_of(run['scenario'])}, replicate {run['replicate'] + 1}", seeds, "", ""))
    rows += [("file", name, said, "", "") for name, said in _files_written(path)]
    return [(kind, what, plain(value, 900), source, grade) for kind, what, value, source, grade in rows]


def _files_written(path: Path) -> list[tuple[str, str]]:
    """Every file with its hash and size as the manifest has them; nothing where the manifest is damaged."""
    try:
        files = json.loads((path / store.MANIFEST).read_bytes())["files"]
        return [(plain(name), f"sha256 {of['sha256']}, {of['bytes']:,} bytes") for name, of in sorted(files.items())]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _said(value: Any) -> str:
    return {None: "not known", True: "yes", False: "no"}.get(value, str(value))


def _warnings(results: Results, rated: list[Assumption], problems: Sequence[str], made_by: str) -> list[str]:
    """What the reader of this very result must know."""
    lines = [f"Verification found a mismatch: {line}" for line in problems]
    if made_by != MODEL_VERSION:
        lines.append(
            f"Model version {made_by} made this result. Values, sources and grades here are those of {MODEL_VERSION}."
        )
    lines += remarks(results)
    asked = int(results.settings["replicates"])
    if results.finished < asked:
        lines.append(f"Only {results.finished} of {count(asked, 'replicate')} were finished.")
    red = counted(rated)
    if red["red"]:
        lines.append(
            f"{count(red['red'], 'parameter')} with strong influence on {headline_of(results).lower()} rest on weak evidence."
        )
    if red[NOT_RATED]:
        lines.append(NOT_SHIPPED)
    rows = results.rows().to_dict("records") if results.is_comparison else []
    for name in results.names[1:]:
        own = [row for row in rows if row["scenario"] == name]
        unsure = [plain(row["label"]) for row in own if row["verdict"] == "cannot tell"]
        if unsure:
            lines.append(
                f"{title_of(name)} against {title_of(results.base)}: {len(unsure)} of {count(len(own), 'headline measure')} "
                f"cannot be told from {count(results.finished, 'pair')}: {'; '.join(unsure)}."
            )
    return lines


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escaped(line, 900)}</li>' for line in lines)}</ul>"


def _rag(rating: str) -> str:
    return f'<span class="rag rag-{rating.partition(" ")[0]}">{rating.capitalize()}</span>'


def _page(
    path: Path,
    results: Results,
    rated: list[Assumption],
    decided: list[tuple[str, str, str, str, str, str]],
    data: list[tuple[str, str, str, str, str]],
    checks: list[Check],
    problems: Sequence[str],
) -> str:
    origin = json.loads((path / "provenance.json").read_bytes())
    names = [title_of(name) for name in results.names]
    what = f"{'; '.join(names[1:])} against {names[0]}" if results.is_comparison else names[0]
    title = f"Assurance pack: {what}"
    stamp = f"Run <code>{results.run_id}</code>, manifest <code>{store.manifest_hash(path)}</code>"
    head = [
        f"<h1>{escaped(title, 400)}</h1>",
        f'<p class="muted hash">{stamp}. Made {escaped(origin["created"])} (UTC) by dealsim {escaped(origin["dealsim"])}, model '
        f"{escaped(origin['model_version'])}; checked and written by dealsim {__version__}, model {MODEL_VERSION}.</p>",
        "<p>This pack gathers what the Aqua Book, the UK government’s guide to good analysis, expects of a model that is "
        "used for a decision. It is filled from the code and from the checks below. It is not assured until people have "
        "read it and signed.</p>",
    ]
    if problems:
        head.append(
            '<div class="notice" role="note"><p><strong>Do not sign: verification found a mismatch.</strong></p>'
            f"{_list(problems)}</div>"
        )
    sections = [
        ("short", "In short", _in_short(results, rated, checks, problems)),
        ("assumptions", "Assumptions", _assumptions_section(results, rated)),
        ("structure", "Assumptions about structure", _structure(results)),
        ("decisions", "Decisions", _decisions_section(results, decided)),
        ("data", "Data", _data_section(data)),
        ("tests", "Test evidence", _tests_section(checks)),
        ("limits", "Limits", _limits_section(results, rated, problems, origin["model_version"])),
        ("statement", "Statement to sign", _statement(results, stamp)),
    ]
    paper = (
        '<p class="muted">The same logs lie beside this page as tables for a spreadsheet: '
        + ", ".join(f"<code>{name}.csv</code>" for name in LOGS)
        + ".</p>"
    )
    return page_of(title, "\n".join(head), paper, sections, (), None, _STYLE)


def _in_short(results: Results, rated: list[Assumption], checks: list[Check], problems: Sequence[str]) -> str:
    rows = [(_rag(rating), str(number)) for rating, number in counted(rated).items() if number]
    last = [one for one in checks if one.kind.startswith("This result")][-1]
    outcome = (
        last.outcome if last.outcome != "not done" else "every file is as it was written; the runs were not lived again"
    )
    said = f"<p>Verification: <strong>{'a mismatch was found' if problems else escaped(outcome)}</strong>.</p>"
    questions = "".join(
        f"<li><strong>{escaped(title_of(name))}</strong>: {escaped(content['question'], 600)}</li>"
        for name, content in zip(results.names, results.scenarios, strict=True)
        if content.get("question")
    )
    asked = f"<p>Questions these scenarios ask:</p><ul>{questions}</ul>" if questions else ""
    caption = f"Parameters by influence on {escaped(headline_of(results).lower())} and grade of evidence"
    return asked + said + table(("Rating", "Parameters"), rows, caption, right=(1,))


def _rule() -> str:
    return (
        "<p><strong>Red</strong>: strong influence and weak evidence. <strong>Amber</strong>: strong influence and better "
        "evidence, or some influence and weak evidence. <strong>Green</strong>: the rest. Influence is strong from "
        f"{STRONG_FROM:.0%} of the largest on this measure, some where it stands out from chance, and none where it cannot be "
        "told from chance. Evidence is weak where its grade is claimed, assumed, rival, or calibrated and not settled; "
        "official, published, derived and calibrated are better. Green does not say that a value is right.</p>"
    ).replace("25%", "a quarter")


def _assumptions_section(results: Results, rated: list[Assumption]) -> str:
    with_influence = [one.influence for one in rated if one.influence]
    longest = max((one.high for one in with_influence), default=0.0)
    lines = [_rule()]
    if with_influence:
        lines.append(f'<p class="muted">{escaped(measured_as(results), 900)} {NOT_SETTLED}</p>')
    else:
        is_missing = any(one.strength is None for one in rated)
        lines.append(f"<p>{NOT_SHIPPED + ' So nothing is rated.' if is_missing else NONE_STANDS_OUT}</p>")
    for rating in RATINGS:
        chosen = [one for one in rated if one.rating == rating]
        if not chosen:
            continue
        lines.append(f"<h3>{rating.capitalize()}: {len(chosen)}</h3>")
        if rating in ("red", "amber"):
            lines.append(_in_full(chosen, rating, unit_of(results), longest))
        else:
            lines.append(_in_brief(chosen, rating, unit_of(results)))
    return "\n".join(lines)


def _value(one: Assumption) -> str:
    default = "" if one.used == f"{one.default:g}" else f"default {one.default:g}, "
    return f'{escaped(one.used, 400)}<span class="meaning">{escaped(default + one.spec.unit)}</span>'


def _in_full(chosen: list[Assumption], rating: str, unit: str, longest: float) -> str:
    """The assumptions to worry about, with all that is known of each."""
    rows = [
        (
            named(one),
            _rag(rating),
            _value(one),
            reach_of(one.spec),
            f"{one.strength}{shown_influence(one.influence, unit, longest) if one.influence else ''}",
            f"<strong>{escaped(one.grade)}</strong>. {escaped(one.source, 600)}"
            f'<span class="meaning">How sure: {escaped(one.sure, 600)}</span>',
            escaped(WHAT_WOULD_CHANGE_IT[one.grade]),
        )
        for one in chosen
    ]
    heads = (
        "Parameter",
        "Rating",
        "Value used",
        "Range",
        "Influence (95 % interval)",
        "Evidence",
        "What would change it",
    )
    return table(heads, rows, f"Assumptions rated {rating}, the strongest first")


def _in_brief(chosen: list[Assumption], rating: str, unit: str) -> str:
    """The other assumptions, a short row each: there are some two hundred of them, and this is printed."""
    rows = [
        (
            named(one),
            _rag(rating),
            _value(one),
            reach_of(one.spec),
            f"{one.strength or 'not measured'}{f': {influence_in_figures(one.influence, unit)}' if one.influence else ''}",
            escaped(one.grade),
            escaped(one.source, 600),
        )
        for one in chosen
    ]
    heads = ("Parameter", "Rating", "Value used", "Range", "Influence", "Grade", "Source")
    said = "How sure each source is, and what would change a value, stand in <code>assumptions.csv</code>."
    return f'<p class="muted">{said}</p>' + table(
        heads, rows, f"Assumptions {'' if rating == NOT_RATED else 'rated '}{rating}"
    )


def _structure(results: Results) -> str:
    rows = [
        (f'{escaped(meaning, 400)}<span class="meaning"><code>{escaped(name)}</code></span>', escaped(held, 400),
         escaped(changes, 400))
        for name, meaning, held, changes in _rivals(results)
    ]  # fmt: skip
    said = (
        "<p>Another explanation could be true instead. Each is a switch, called a rival. To see what a result owes to one, "
        "name it under <code>rivals</code> in the scenario file and compare again.</p>"
    )
    return said + table(("What would be true", "In these results", "What it changes"), rows, "Rival explanations")


def _decisions_section(results: Results, decided: list[tuple[str, str, str, str, str, str]]) -> str:
    records = [row for row in decided if row[0] == "model"]
    first = {number: (title, chosen, given, page) for _, number, title, chosen, given, page in reversed(records)}
    rows = [
        (f"{number} {escaped(title, 300)}", escaped(chosen, 600), escaped(given, 600))
        for number, (title, chosen, given, _) in sorted(first.items())
    ]
    lines = [table(("Decision", "What was chosen", "What was given up"), rows, "Decisions on how the model is built")]
    many = [row for row in records if (row[2], row[3]) != first[row[1]][:2]]
    rows = [(escaped(chosen, 900), escaped(given, 600), escaped(title)) for _, _, title, chosen, given, _ in many]
    lines.append(
        table(("What was chosen", "What was given up", "Part of the model"), rows, "Choices that no source settles")
    )
    rows = [
        (escaped(title, 300), escaped(chosen, 900), escaped(source, 2000))
        for kind, _, title, chosen, _, source in decided
        if kind in ("scenario", "run")
    ]
    lines.append(table(("Scenario or setting", "What was chosen", "Source"), rows, "Choices made for these results"))
    return "\n".join([*lines, levers(results)])


def _data_section(data: list[tuple[str, str, str, str, str]]) -> str:
    lines = []
    captions = {
        "result": "The result", "place": "The place", "figure people are drawn to": "Published figures that the invented people are drawn to",
        "scenario": "Scenarios", "version": "What it was made with", "seed": "Seeds and runs", "file": "Files of the result",
    }  # fmt: skip
    for kind, caption in captions.items():
        rows = [row[1:] for row in data if row[0] == kind]
        has_source = any(source or grade for *_, source, grade in rows)
        heads = ("What", "Value", "Source", "Grade") if has_source else ("What", "Value")
        cells = [
            (escaped(what, 300), f'<span class="hash">{escaped(value, 900)}</span>', escaped(source, 900), escaped(grade))[: len(heads)]
            for what, value, source, grade in rows
        ]  # fmt: skip
        lines.append(table(heads, cells, caption))
    return "\n".join(lines)


def _tests_section(checks: list[Check]) -> str:
    lines = []
    for kind in dict.fromkeys(one.kind for one in checks):
        chosen = [one for one in checks if one.kind == kind]
        if kind == KEPT:
            lines.append(
                "<p>These run on every change of the code, most of them on a small part of what they can do. They were <strong>not "
                "run for this pack</strong>; in a clone, <code>python -m pytest</code> runs them.</p>"
            )
            folders = [
                (f"<code>{escaped(folder)}</code>", escaped(" ".join(said), 3000))
                for folder, said in shipped.kept_tests().items()
            ]
            lines.append(table(("Folder", "What its tests ask"), folders, KEPT))
            continue
        rows = [
            (escaped(one.asked, 600), escaped(one.outcome), escaped(one.more.replace("`", ""), 600)) for one in chosen
        ]
        lines.append(table(("What was asked", "How it came out", "More"), rows, escaped(kind)))
    return "\n".join(lines)


def _limits_section(results: Results, rated: list[Assumption], problems: Sequence[str], made_by: str) -> str:
    return (
        f"<h3>What it is for</h3><p>{escaped(' '.join(shipped.purpose()), 2000)}</p>"
        f"<h3>It may be used</h3>{_list(MAY)}<h3>It may not be used</h3>{_list(MAY_NOT)}"
        f"<h3>What the model leaves out</h3>{_list(dict.fromkeys((*shipped.limits(), *limits_said(results))))}"
        f"<h3>Warnings of this result</h3>{_list(_warnings(results, rated, problems, made_by))}"
    )


def _statement(results: Results, stamp: str) -> str:
    rows = [
        (f'{escaped(role)}<span class="meaning">{escaped(says)}</span>', "&nbsp;", "&nbsp;", "&nbsp;")
        for role, says in ROLES
    ]
    fields = ("Purpose: the decision this analysis is for", "How much rests on it, and how much checking that calls for",
              "What was checked beyond this pack, and by whom", "What remains doubtful, in the analyst’s own words")  # fmt: skip
    blanks = "".join(
        f'<p><strong>{field}</strong></p><div class="fill"></div><div class="fill"></div>' for field in fields
    )
    signed = table(("Role", "Name", "Signature", "Date"), rows, "Signatures, each dated by hand")
    return f'<p class="hash">{stamp}. A signature is for this result and no other.</p>{blanks}<div class="sign">{signed}</div>'
