"""Results and progress on a terminal or in a log."""

from __future__ import annotations

import json
import math
import sys
import textwrap
import time
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from dealsim.patterns.reading import Reading
from dealsim.results import TOO_SMALL, Results
from dealsim.show.patterns import in_words as in_table
from dealsim.show.patterns import summed_up
from dealsim.show.words import between, count, figure, in_words, places_of, scaled
from dealsim.text import plain

WIDE = 110
"""Signs on a line of running text."""
_STAGES = {"burn_in": "Preparing the borough", "live": "Living the weeks", "summarise": "Adding up"}


class Shown:
    """Progress on the error stream: a bar on a terminal, a line every tenth of the way elsewhere."""

    def __init__(self, is_quiet: bool) -> None:
        self._is_quiet = is_quiet
        self._began = 0.0
        self._tenth = 0
        self._stage = ""
        self._has_lived = False
        self._bar: Progress | None = None
        self._task: Any = None

    def __enter__(self) -> Shown:
        self._began = time.perf_counter()
        if not self._is_quiet and sys.stderr is not None and sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(_STAGES["burn_in"], total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, stage: str, done: float, whole: float) -> None:
        if self._is_quiet:
            return
        now = time.perf_counter()
        if self._bar is not None:
            if stage != self._stage:
                self._bar.reset(self._task, total=None)
            self._bar.update(
                self._task,
                description=_STAGES.get(stage, stage),
                total=whole if done else None,
                completed=done,
            )
        elif stage != self._stage and not self._has_lived and stage == "burn_in":
            note(_STAGES[stage])
        if not self._has_lived and stage == "live":
            self._began = now  # burn-ins that come between lives, set by set, count towards what is left
        self._has_lived = self._has_lived or stage == "live"
        self._stage = stage
        tenth = int(10 * done / whole) if whole and stage == "live" else 0
        if self._bar is None and tenth > self._tenth:
            self._tenth = tenth
            left = (now - self._began) * (whole - done) / done
            note(f"{10 * tenth} % done" + (f", about {left:,.0f} s left" if tenth < 10 else ""))


class SweepShown:
    """Progress of a sweep on the error stream: a bar on a terminal, now and then a line elsewhere; or JSON lines.

    JSON lines go to the standard output, at most one a second.
    """

    LINE_SECONDS = 30.0
    JSON_SECONDS = 1.0

    def __init__(self, is_quiet: bool, as_json: bool) -> None:
        self._is_quiet, self._as_json = is_quiet, as_json
        self._said_at = -math.inf
        self._tenth = 0
        self._bar: Progress | None = None
        self._task: Any = None

    def __enter__(self) -> SweepShown:
        if not self._is_quiet and not self._as_json and sys.stderr is not None and sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=Console(stderr=True),
                transient=True,
            )  # fmt: skip
            self._bar.start()
            self._task = self._bar.add_task("Starting the workers", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, seen: Any) -> None:
        now, is_last = time.perf_counter(), seen.done == seen.wanted
        if self._as_json:
            if is_last or now - self._said_at >= self.JSON_SECONDS:
                self._said_at = now
                try:
                    print(json.dumps({"event": "progress", **seen.as_dict()}), flush=True)
                except BrokenPipeError:
                    self._as_json, self._is_quiet = False, True  # nobody reads on; the work goes on all the same
        elif self._bar is not None:
            self._bar.update(self._task, description=self._words(seen), total=seen.wanted, completed=seen.done)
        elif not self._is_quiet:
            tenth = 10 * seen.done // max(1, seen.wanted)
            if tenth > self._tenth or now - self._said_at >= self.LINE_SECONDS:
                self._tenth, self._said_at = tenth, now
                note(self._words(seen))

    @staticmethod
    def _words(seen: Any) -> str:
        parts = [f"{seen.done:,} of {count(seen.wanted, 'run')}"]
        if seen.failed or seen.set_aside:
            parts.append(f"{seen.failed:,} failed, {seen.set_aside:,} set aside")
        if seen.rate:
            parts.append(f"{seen.rate:,.1f} a second" if seen.rate >= 1 else f"{60 * seen.rate:,.1f} a minute")
            parts.append(f"about {time_in_words(seen.seconds_left)} left")
        return ", ".join(parts)


def time_in_words(seconds: float) -> str:
    """A stretch of time, roughly.

    >>> time_in_words(40), time_in_words(1500), time_in_words(9000)
    ('40 s', '25 minutes', '2.5 hours')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 6000 else f"{seconds / 3600:,.1f} hours"


def note(line: str) -> None:
    """One line on the error stream."""
    if sys.stderr is not None:
        print(f"dealsim: {plain(line, 500)}", file=sys.stderr, flush=True)


class _Steady(Console):
    """A console that leaves it to the command line to end when nobody reads on."""

    def on_broken_pipe(self) -> None:
        """As without this library: rich would end the program as failed."""
        raise BrokenPipeError


def _console() -> Console:
    is_terminal = sys.stdout.isatty()
    return _Steady(width=None if is_terminal else 118, highlight=False, emoji=False, markup=False)


def print_results(results: Results) -> None:
    """The headline figures as a table, and everything a reader must know before passing them on."""
    console = _console()
    last = results.settings["outcome_weeks"] // 52
    span = "the last two years" if last == 2 else "the last year"
    size = f"{results.settings['size']:,} citizens, {count(results.settings['years'], 'year')}"
    for name in results.names[1:] if results.is_comparison else results.names:
        table = Table(title_justify="left", title_style="bold")
        if results.is_comparison:
            table.title = f"{plain(name)} against {plain(results.base)}: mean of {span}; {size}"
            for head in (
                "Measure",
                plain(results.base, 30),
                plain(name, 30),
                "Difference (95 % interval)",
                "Shows",
            ):
                table.add_column(head, overflow="fold")
        else:
            table.title = f"{plain(name)}: mean of {span}; {size}, {count(results.finished, 'replicate')}"
            for head in ("Measure", "Mean", "95 % interval"):
                table.add_column(head, overflow="fold")
        rows = pd.DataFrame([scaled(row) for row in results.rows().to_dict("records")])
        if rows.empty:
            break
        base = rows[rows["scenario"] == results.base].set_index("metric")["mean"].to_dict()
        for row in rows[rows["scenario"] == name].to_dict("records"):
            what = Text(plain(row["label"]) + (f" ({plain(row['unit'])})" if row["unit"] else ""))
            places = places_of(row)
            mean = figure(row["mean"], places=places)
            if results.is_comparison:
                apart = figure(row["difference"], signed=True, places=places)
                interval = between(row["difference_low"], row["difference_high"], signed=True, places=places)
                before = figure(base.get(row["metric"]), places=places)
                table.add_row(what, before, mean, f"{apart} ({interval})", in_words(row), end_section=True)
            else:
                table.add_row(what, mean, between(row["low"], row["high"], places=places))
        console.print(table)
    for line in remarks(results):
        console.print(Text(line))


def print_timetable(name: str, rows: list[Any]) -> None:
    """What a scenario changes when, by week and date."""
    if not rows:
        print(f"{plain(name)}: nothing changes; its levers stay as they are.")
        return
    table = Table(title=f"{plain(name)}: what changes when", title_justify="left", title_style="bold")
    for head in ("Week", "Begins on", "What"):
        table.add_column(head, justify="right" if head == "Week" else "left", overflow="fold")
    for row in rows:
        table.add_row(str(row.week), f"{row.begins:%a %d %b %Y}", Text(plain(row.what, 300)))
    _console().print(table)


def print_sections(sections: Iterable[Any]) -> None:
    """What an analysis says: headings, sentences, and tables where figures are many."""
    console = _console()
    for said in sections:
        console.print(Text(f"\n{plain(said.heading)}", style="bold"))
        for line in said.lines:
            folded = textwrap.wrap(plain(line, 4000), WIDE, initial_indent="  - ", subsequent_indent="    ")
            console.print(Text("\n".join(folded)))
        if said.rows:
            table = Table()
            for head in said.heads:
                table.add_column(head, overflow="fold")
            for row in said.rows:
                table.add_row(*(Text(plain(part, 400)) for part in row), end_section=True)
            console.print(table)
    console.print()


def print_patterns(found: Sequence[Reading], is_over_sets: bool) -> None:
    """The pattern table, and what it says."""
    console = _console()
    interval = "median, middle 90 % of sets" if is_over_sets else "mean, 95 % interval over boroughs"
    table = Table(title="The model against national patterns", title_justify="left", title_style="bold")
    for head in ("Pattern", "Target", f"Simulated ({interval})", "Holds"):
        table.add_column(head, overflow="fold")
    for one in found:
        table.add_row(*(Text(part) for part in in_table(one)))
    console.print(table)
    console.print(Text(summed_up(found)))


def lives_of(results: Results) -> str:
    """How many lives, or pairs of lives, were finished."""
    one, many = ("pair of lives", "pairs of lives") if results.is_comparison else ("life", "lives")
    return count(results.finished, one, many)


def drawn_boroughs(results: Results) -> str:
    """In how many drawn boroughs the results were lived."""
    boroughs = int(results.settings["boroughs"])
    return "one drawn borough" if boroughs == 1 else count(boroughs, "drawn borough")


def sure_of(results: Results) -> str:
    """What intervals span when the replicates are spread over an ensemble of parameter sets."""
    where = drawn_boroughs(results)
    return (
        f"{lives_of(results)} over {results.sets_lived} calibrated parameter sets: an interval is for the average over sets, with chance "
        f"within {where} in it, and more sets narrow it. How far single sets lie apart stands under 'How sure'; doubt about "
        "what the sets leave alone, or about the model itself, is in neither."
    )


def remarks(results: Results) -> list[str]:
    """What must be said with any figure of these results."""
    lines = [results.standing]
    if results.is_too_small:
        lines.append(TOO_SMALL)
    if results.finished < 2:
        lines.append("With fewer than two replicates there is no interval: ask for more with --replicates.")
    if results.sets:
        lines.append(sure_of(results))
    elif results.settings["boroughs"] == 1:
        lines.append("Intervals show chance within one drawn borough, not doubt about the model's numbers.")
    else:
        lines.append("Intervals show chance over boroughs and lives, not doubt about the model's numbers.")
    for run in results.failed[:5]:
        lines.append(f"Failed: {plain(run['scenario'])}, replicate {run['replicate'] + 1}: {plain(run['error'])}")
    if len(results.failed) > 5:
        lines.append(f"… and {len(results.failed) - 5} more failed runs; failed.json has them all")
    lines += [f"Note: {plain(line, 400)}" for line in results.notices]
    return lines
