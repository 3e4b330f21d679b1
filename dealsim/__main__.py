"""The command line: reads words, calls the Python function behind each verb, prints, says how it ended.

Nothing heavy is loaded until a command needs it, so that help comes at once.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dealsim.version import MODEL_VERSION, __version__

if TYPE_CHECKING:
    from pathlib import Path

    from dealsim.plans import Plan
    from dealsim.results import Results

OK, FAULT, BAD_INPUT, SOME_FAILED, MISMATCH, LIMIT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

app = typer.Typer(
    name="dealsim",
    help="A model of what happens when a council and its citizens change how they treat each other.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Size = Annotated[int | None, typer.Option(help="Citizens, 1 to 2,000,000 [default: the scenario's own, or 33,000]")]
Years = Annotated[int | None, typer.Option(help="Years to live, 1 to 40 [default: 10]")]
Seed = Annotated[int, typer.Option(help="Names the people and their chances; the same seed gives the same figures")]
Replicates = Annotated[
    int | None,
    typer.Option(help="Times the weeks are lived with other chances [default: the scenario's own, or 10]"),
]
Workers = Annotated[
    int | None, typer.Option(help="Runs at the same time; never changes a figure [default: all processors]")
]
Place = Annotated[str | None, typer.Option(help="A CSV file of your own neighbourhoods [default: Wigan]")]
RankOf = Annotated[int | None, typer.Option(help="How many neighbourhoods were ranked, for --place [default: 32,844]")]
Boroughs = Annotated[int, typer.Option(help="Spread the replicates over so many differently drawn boroughs")]
Ensemble = Annotated[
    int | None,
    typer.Option(help="Spread the replicates over so many calibrated parameter sets, 2 or more (then 2 lives a set)"),
]
Out = Annotated[str, typer.Option(help="Folder in which the results folder is made")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print no progress and no table")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would take and run nothing")]


def _version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"dealsim {__version__} (model {MODEL_VERSION})")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version")
    ] = False,
) -> None:
    """A model of what happens when a council and its citizens change how they treat each other."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="Name of a shipped scenario, or a .yaml file")],
    size: Size = None,
    years: Years = None,
    seed: Seed = 1,
    replicates: Replicates = None,
    workers: Workers = None,
    place: Place = None,
    rank_of: RankOf = None,
    boroughs: Boroughs = 1,
    ensemble: Ensemble = None,
    out: Out = "results",
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> int:
    """Live one scenario several times."""
    asked = (size, years, seed, replicates, workers, place, rank_of, boroughs, None, ensemble)
    return _work("run", (scenario,), asked, out, as_json, quiet, dry_run)


@app.command()
def compare(
    base: Annotated[str, typer.Argument(help="The scenario to compare with")],
    scenarios: Annotated[list[str], typer.Argument(help="One or more scenarios")],
    size: Size = None,
    years: Years = None,
    seed: Seed = 1,
    replicates: Replicates = None,
    workers: Workers = None,
    place: Place = None,
    rank_of: RankOf = None,
    boroughs: Boroughs = 1,
    ensemble: Ensemble = None,
    out: Out = "results",
    as_json: Json = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> int:
    """Compare scenarios with a base: the same people, the same chances."""
    asked = (size, years, seed, replicates, workers, place, rank_of, boroughs, None, ensemble)
    return _work("compare", (base, *scenarios), asked, out, as_json, quiet, dry_run)


@app.command()
def report(
    folder: Annotated[str, typer.Argument(help="A results folder, the first eight characters of its id, or `latest`")],
    out: Annotated[str, typer.Option(help="Where results folders lie, to find one by its id")] = "results",
    png: Annotated[str | None, typer.Option(help="Also write every chart as a picture into this folder")] = None,
) -> int:
    """Make the report and tables of a results folder again."""
    from dealsim import store
    from dealsim.show.report import write_report

    path = store.find(folder, out)
    results = store.read(path)
    store.write_tables(path, results)
    typer.echo(store.shown(write_report(path, results)))
    if png is not None:
        from dealsim.show.pictures import write_pictures

        typer.echo(f"{len(write_pictures(results, png))} pictures in {store.shown(png)}")
    return OK


@app.command()
def verify(
    folder: Annotated[str, typer.Argument(help="A results folder, the first eight characters of its id, or `latest`")],
    out: Annotated[str, typer.Option(help="Where results folders lie, to find one by its id")] = "results",
    workers: Workers = None,
    replay: Annotated[bool, typer.Option(help="Live the runs again and compare them to the last bit")] = True,
    runs: Annotated[
        int | None, typer.Option(help="Runs of a sweep that are lived again [default: 20, evenly spread]", min=0)
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Check a results folder: every file, then every run lived again."""
    from dealsim import store
    from dealsim.show.terminal import Shown
    from dealsim.sweeps.folder import is_sweep_folder
    from dealsim.sweeps.verifying import LIVED_AGAIN, verify_sweep

    path = store.find(folder, out)
    with Shown(quiet or as_json) as progress:
        if is_sweep_folder(path):
            found = verify_sweep(path, runs=(LIVED_AGAIN if runs is None else runs) if replay else 0, progress=progress)
        else:
            found = store.verify(path, replay=replay, workers=workers, progress=progress)
    if as_json:
        _print_json(
            {
                "folder": path.as_posix(),
                "identical": found.is_identical,
                "replayed": found.replayed,
                "problems": list(found.problems),
                "notes": list(found.notes),
            }
        )
        return MISMATCH if found.problems else OK
    for line in found.notes if not quiet else ():
        typer.echo(line)
    for line in found.problems:
        _say_error(line)
    if not found.problems and not quiet:
        typer.echo(
            f"identical: {found.replayed} runs lived again to the last bit" if found.replayed else "no damage found"
        )
    return MISMATCH if found.problems else OK


@app.command()
def assure(
    folder: Annotated[str, typer.Argument(help="A results folder, the first eight characters of its id, or `latest`")],
    out: Annotated[
        str | None, typer.Option(help="Folder for the pack [default: derived/assurance in the results folder]")
    ] = None,
    results: Annotated[str, typer.Option(help="Where results folders lie, to find one by its id")] = "results",
    workers: Workers = None,
    replay: Annotated[
        bool, typer.Option(help="Live the runs and the known life again, as verify and doctor do")
    ] = True,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Write the assurance pack of a result: logs, test evidence, limits, and a statement to sign."""
    from dealsim import store
    from dealsim.show.assurance import assure as assured
    from dealsim.show.terminal import Shown

    with Shown(quiet or as_json) as progress:
        found = assured(folder, out=out, replay=replay, workers=workers, root=results, progress=progress)
    if as_json:
        logs = {log.stem: log.as_posix() for log in found.logs}
        _print_json(
            {"page": found.page.as_posix(), **logs, "ratings": found.ratings, "replayed": found.replayed,
             "problems": list(found.problems)}
        )  # fmt: skip
        return MISMATCH if found.problems else OK
    for line in found.problems:
        _say_error(line)
    if not quiet:
        typer.echo("Assumptions: " + ", ".join(f"{n} {rating}" for rating, n in found.ratings.items() if n))
        lived = (
            f"{found.replayed} runs lived again to the last bit" if found.replayed else "the runs were not lived again"
        )
        typer.echo(f"Checked: {'a mismatch was found, and the pack says so' if found.problems else lived}")
    typer.echo(f"Pack:    {store.shown(found.page)}")
    return MISMATCH if found.problems else OK


@app.command()
def sweep(
    file: Annotated[str, typer.Argument(help="A sweep file (.yaml)")],
    size: Annotated[int | None, typer.Option(help="Citizens, in place of what the file says")] = None,
    years: Annotated[int | None, typer.Option(help="Years to live, in place of what the file says")] = None,
    seed: Annotated[int | None, typer.Option(help="In place of what the file says")] = None,
    replicates: Annotated[int | None, typer.Option(help="Lives at each point, in place of what the file says")] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes of this machine, 0 for none; never changes a figure [default: all processors]"),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a dask scheduler whose workers do the work (tcp://…)")
    ] = None,
    place: Place = None,
    rank_of: RankOf = None,
    max_failures: Annotated[
        int | None, typer.Option(help="End when more runs than this fail in this call", min=0)
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try runs again that failed or were set aside before")
    ] = False,
    out: Annotated[str, typer.Option(help="Folder in which the sweep's own folder lies")] = "results",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print progress and the end as JSON, one object a line")
    ] = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
) -> int:
    """Live many runs over many points; given again, the same command goes on where it was stopped."""
    import time

    from dealsim.sweeps.plan import checked_workers, estimate_sweep, plan_sweep

    began = time.perf_counter()
    sizes = {"size": size, "years": years, "seed": seed, "replicates": replicates}
    made = plan_sweep(file, place=place, rank_of=rank_of, **sizes)
    if dry_run:
        from dealsim.show.estimates import sweep_said

        number = max(1, checked_workers(workers))
        _print_said(sweep_said(made, estimate_sweep(made, number), number), as_json)
        return OK
    from dealsim import store
    from dealsim.show.terminal import SweepShown, note
    from dealsim.sweeps.carrying_out import carry_out

    if not (quiet or as_json):
        _say_first_use()
    _halt.is_gentle = True
    with SweepShown(quiet, as_json) as progress:
        results = carry_out(
            made, workers=workers, scheduler=scheduler, out=out, max_failures=max_failures, retry_failed=retry_failed,
            progress=progress, stop=_halt.is_set,
        )  # fmt: skip
    failed = results.failed
    if as_json:
        said = {"folder": results.folder.as_posix(), "runs": len(results.runs), "points": results.n_points,
                "replicates": results.replicates, "failed": len(failed), "notices": list(results.notices)}  # fmt: skip
        _print_json({"event": "finished", **said})
    else:
        for line in results.notices:
            note(line)
        typer.echo(
            f"Sweep:   {store.shown(results.folder)} ({len(results.runs):,} runs at {results.n_points:,} points)"
        )
        if not quiet:
            typer.echo(f"Next:    dealsim analyse {store.shown(results.folder)}")
            typer.echo(f"Took {time.perf_counter() - began:.0f} s")
    if len(failed):
        _say_error(f"{len(failed):,} of {len(results.runs):,} runs failed; the first: {failed['error'].iloc[0]}")
        return SOME_FAILED
    return OK


@app.command()
def analyse(
    folder: Annotated[str, typer.Argument(help="The folder of a finished sweep")],
    outcome: Annotated[
        list[str] | None, typer.Option(help="A measure to look at; may be given again [default: all]")
    ] = None,
    error: Annotated[
        float | None, typer.Option(help="Half an interval that is small enough, in the unit of the first measure")
    ] = None,
    png: Annotated[str | None, typer.Option(help="Also write every chart as a picture into this folder")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Say which factors carry what, where it fails, what to choose, whether there are enough runs; keep it as a page."""

    from dealsim import store
    from dealsim.show.analysis_page import charts_of, sections, write_analysis
    from dealsim.show.terminal import print_sections
    from dealsim.sweeps.analysing import analyse as analysed

    found = analysed(store.find(folder, "results"), outcome or None, error=error)
    page = write_analysis(found)
    if as_json:
        says = [{"heading": said.heading, "lines": list(said.lines)} for said in sections(found)]
        tables = {name: store.as_cells(frame) for name, frame in found.tables().items()}
        _print_json({"folder": folder, "page": page.as_posix(), "says": says, "tables": tables})
    elif not quiet:
        print_sections(sections(found))
    if not as_json:
        typer.echo(f"Page:    {store.shown(page)}")
    if png is not None:
        from dealsim.show.pictures import write_charts

        every = [chart for several in charts_of(found).values() for chart in several]
        written = write_charts(every, png, found.results.name)
        if not as_json:
            typer.echo(f"{len(written)} pictures in {store.shown(png)}")
    return OK


@app.command("list")
def list_(as_json: Json = False) -> int:
    """List the shipped scenarios, each with its question."""
    from dealsim.show.scenarios import shipped_rows, shipped_text

    if as_json:
        _print_json(shipped_rows())
    else:
        typer.echo(shipped_text())
    return OK


@app.command()
def show(
    scenario: Annotated[str, typer.Argument(help="Name of a shipped scenario, or a .yaml file")],
    why: Annotated[bool, typer.Option("--why", help="Say beside each value which file and line it came from")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also show levers that stay at their old value")] = False,
) -> int:
    """Show a scenario with everything it takes from the scenarios it extends."""
    from dealsim.scenarios import load
    from dealsim.show.scenarios import resolved_text

    _print_text(resolved_text(load(scenario), why, everything))
    return OK


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="What the scenario is called")],
    extends: Annotated[str, typer.Option(help="The scenario it starts from")] = "deal",
) -> int:
    """Write a scenario file to fill in, here, with every lever in it as a comment."""
    from pathlib import Path

    from dealsim.errors import StoreError
    from dealsim.show.scenarios import SCHEMA_BESIDE, write_template
    from dealsim.store import why

    try:
        path = write_template(name, extends, Path())
    except OSError as problem:
        raise StoreError(f"it cannot be written here: {why(problem)}") from None
    typer.echo(f"{path} is written; `dealsim check {path}` says whether it is right")
    typer.echo(f"{SCHEMA_BESIDE} beside it lets an editor complete and check as you type")
    return OK


@app.command()
def explain(
    scenario: Annotated[str, typer.Argument(help="Name of a shipped scenario, or a .yaml file")],
    as_json: Json = False,
) -> int:
    """Say in plain English what a scenario does, and when."""
    from dealsim.scenarios import load
    from dealsim.show.scenarios import explained, sentences_of

    made = load(scenario)
    if as_json:
        _print_json({"name": made.name, "question": made.question, "says": sentences_of(made)})
    else:
        _print_text(explained(made))
    return OK


@app.command()
def diff(
    one: Annotated[str, typer.Argument(help="Name of a shipped scenario, or a .yaml file")],
    other: Annotated[str, typer.Argument(help="Another")],
    as_json: Json = False,
) -> int:
    """Say in plain English what tells two scenarios apart."""
    from dealsim.scenarios import load
    from dealsim.show.scenarios import apart, difference

    first, second = load(one), load(other)
    if as_json:
        names = {"one": first.name, "other": second.name}
        _print_json(names | {"differ": {what: {"one": a, "other": b} for what, (a, b) in apart(first, second).items()}})
    else:
        _print_text(difference(first, second))
    return OK


@app.command()
def check(
    scenario: Annotated[str, typer.Argument(help="Name of a shipped scenario, or a .yaml file (also of a sweep)")],
    years: Annotated[int, typer.Option(help="Years it is meant for", min=1, max=40)] = 10,
    as_json: Json = False,
) -> int:
    """Check a scenario or sweep file: every mistake at once, what it replaces, and what would have no effect."""
    from dealsim.errors import InputError
    from dealsim.show.scenarios import checked
    from dealsim.sweeps.asked import is_sweep_file
    from dealsim.sweeps.plan import plan_sweep
    from dealsim.text import plain

    try:
        name, notes = (plan_sweep(scenario).asked.name, []) if is_sweep_file(scenario) else checked(scenario, years)
    except InputError as error:
        if not as_json:
            raise
        _print_json({"name": None, "problems": error.problems, "notes": []})
        return BAD_INPUT
    if as_json:
        _print_json({"name": name, "problems": [], "notes": notes})
        return OK
    typer.echo(f"{plain(name)}: nothing is wrong with it")
    for line in notes:
        typer.echo(f"  note: {plain(line, 300)}")
    return OK


@app.command()
def params(
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a page in Markdown")] = False,
) -> int:
    """List every parameter and lever: name, unit, range, default, source and grade of evidence."""
    if markdown:
        from dealsim.show.pages import parameters_page

        typer.echo(parameters_page(), nl=False)
        return OK
    from dealsim.show.parameters import as_rows, as_text

    if as_json:
        _print_json(as_rows())
    else:
        typer.echo(as_text())
    return OK


@app.command()
def patterns(
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="Over the shipped parameter sets, and not at the defaults alone")
    ] = False,
    rival: Annotated[list[str] | None, typer.Option(help="Another explanation that holds; may be given again")] = None,
    size: Size = None,
    boroughs: Annotated[
        int | None, typer.Option(help="Boroughs in which each set is lived [default: 20; with --ensemble 1]")
    ] = None,
    seed: Seed = 1,
    workers: Workers = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Check the model against national patterns: target, what is simulated, and whether it holds."""
    from dealsim.calibration import parameter_sets
    from dealsim.patterns.reading import BOROUGHS, check_patterns, estimate
    from dealsim.plans import DEFAULT_SIZE
    from dealsim.show import patterns as shown
    from dealsim.show.terminal import Shown, print_patterns

    asked: dict[str, Any] = {
        "sets": parameter_sets() if ensemble else ({},),
        "size": DEFAULT_SIZE if size is None else size,
        "boroughs": boroughs if boroughs is not None else (1 if ensemble else BOROUGHS),
        "seed": seed,
        "rivals": rival or (),
        "workers": workers,
    }
    needed = estimate(**asked)
    if dry_run:
        from dealsim.show.estimates import patterns_said

        _print_said(patterns_said(needed, len(asked["sets"]), asked["boroughs"], asked["size"]), as_json)
        return OK
    if not (quiet or as_json):
        _say_first_use()
    with Shown(quiet or as_json) as progress:
        found = check_patterns(**asked, progress=lambda done, whole: progress("live", done, whole), stop=_halt.is_set)
    if as_json:
        _print_json(shown.as_rows(found))
    elif quiet:
        typer.echo(shown.summed_up(found))
    else:
        print_patterns(found, ensemble)
    return OK


@app.command()
def serve(
    port: Annotated[
        int | None, typer.Option(help="Port to listen on [default: the first free of 8765 to 8785]")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser")] = False,
    workers: Workers = None,
) -> int:
    """Open the interactive page on this machine: sliders, curves, lives. Nothing outside the machine can reach it."""
    from dealsim.web.serving import serve as serve_page

    _say_first_use()
    try:
        serve_page(port, open_page=not no_open, workers=workers, say=_print_text)
    except (_Stopped, KeyboardInterrupt):  # how a page is meant to end
        _print_text("The page has ended.")
    return OK


@app.command()
def pack(
    out: Annotated[str, typer.Option(help="The file to make; it must end in .html")] = "workshop.html",
    workers: Workers = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> int:
    """Pack the interactive page into one file that needs no Python and no network: for a stick."""
    import time

    from dealsim.show.terminal import Shown, time_in_words
    from dealsim.web.pack import MEGABYTES, seconds
    from dealsim.web.pack import pack as pack_page

    if dry_run:
        _print_text(f"{out} would take about {time_in_words(seconds())} on two processors, and {MEGABYTES} MB")
        return OK
    if not quiet:
        _say_first_use()
        _print_text(
            f"About {time_in_words(seconds())} on two processors; it can be stopped, and the same command goes on"
        )
    began = time.monotonic()
    _halt.is_gentle = True
    with Shown(quiet) as progress:
        made = pack_page(out, workers=workers, progress=progress, stop=_halt.is_set)
    _print_text(f"{made} is made: {made.stat().st_size / 1e6:.1f} MB, in {time_in_words(time.monotonic() - began)}")
    return OK


@app.command()
def doctor(
    clean: Annotated[bool, typer.Option("--clean", help="Remove what dealsim keeps between runs")] = False,
    as_json: Json = False,
) -> int:
    """Say whether all is well on this machine, and what is kept on it; mend nothing."""
    from dealsim import doctor as ward

    found = ward.examine(clean, None if as_json else _say_first_use)
    if as_json:
        _print_json(found)
    else:
        typer.echo(ward.in_words(found))
    return FAULT if found["problems"] else OK


def _work(
    command: str,
    scenarios: tuple[str, ...],
    asked: tuple[Any, ...],
    out: str,
    as_json: bool,
    quiet: bool,
    dry_run: bool,
) -> int:
    import time

    began = time.perf_counter()
    from dealsim import store
    from dealsim.plans import estimate, plan
    from dealsim.show.terminal import Shown

    made = plan(command, scenarios, *asked)
    needed = estimate(made)
    if dry_run:
        _print_estimate(made, needed, as_json)
        return OK
    store.prepare(out, needed.disk_mb)
    is_silent = quiet or as_json
    if not is_silent:
        _say_first_use()
    from dealsim.runs import InterruptedRun, live_plan

    loaded = time.perf_counter() - began
    code = OK
    _halt.is_gentle = True
    try:
        with Shown(is_silent) as progress:
            results = live_plan(made, progress=progress, stop=_halt.is_set)
    except InterruptedRun as stopped:
        if stopped.results is None:
            _say_error(f"{stopped}; nothing was kept")
            return INTERRUPTED
        results, code = stopped.results, INTERRUPTED
        _say_error(str(stopped))
    if results.failed and code == OK:
        code = SOME_FAILED
        first = results.failed[0]
        _say_error(f"{len(results.failed)} of {needed.runs} runs failed; the first: {first['error']}")
    return _keep_and_show(results, out, loaded, began, code, as_json, quiet)


def _say_first_use() -> None:
    from dealsim import compiled
    from dealsim.show.terminal import note

    if compiled.FIRST_USE:
        note("the model's code is compiled once on this machine; that takes about half a minute more")


def _keep_and_show(
    results: Results, out: str, loaded: float, began: float, code: int, as_json: bool, quiet: bool
) -> int:
    import tempfile
    import time
    from dataclasses import replace
    from pathlib import Path

    from dealsim import store
    from dealsim.errors import StoreError
    from dealsim.show.report import write_report
    from dealsim.show.terminal import note

    mark = time.perf_counter()
    seconds = {"load": loaded, **results.seconds}
    folder = page = None
    try:
        try:
            folder = store.save(replace(results, seconds=seconds), out)
        except StoreError as problem:
            _say_error(str(problem))
            code = code or FAULT
            folder = store.save(replace(results, seconds=seconds), Path(tempfile.gettempdir()) / "dealsim-results")
            note(f"the results were kept in {store.shown(folder)} instead")
        results = replace(results, folder=folder)
        seconds["store"] = time.perf_counter() - mark
        mark = time.perf_counter()
        if results.finished:
            store.write_tables(folder, results)
            page = write_report(folder, results)
        seconds["report"] = time.perf_counter() - mark
    except StoreError as problem:
        _say_error(str(problem))
        code = code or FAULT
    seconds["total"] = time.perf_counter() - began
    results = replace(results, seconds=seconds)
    try:
        _print_all(results, folder, page, as_json, quiet)
    except BrokenPipeError:
        _nobody_reads()
    if _halt.is_set() and code == OK:
        _say_error("stopped after the last run; everything was kept")
        code = INTERRUPTED
    return code


def _print_all(results: Results, folder: Path | None, page: Path | None, as_json: bool, quiet: bool) -> None:
    from dealsim import store
    from dealsim.show.terminal import print_results

    seconds = results.seconds
    if as_json:
        _print_json(results.as_dict())
    elif not quiet and results.finished:
        print_results(results)
    if folder is not None and not as_json:
        typer.echo(f"Results: {store.shown(folder)} (id {results.run_id[:8]})")
        if page is not None:
            typer.echo(f"Report:  {store.shown(page)}")
        if not quiet:
            typer.echo(f"Took {seconds['total']:.0f} s")
    sys.stdout.flush()


def _nobody_reads() -> None:
    """Who reads has read enough; Python would complain once more when it closes the stream."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_estimate(made: Plan, needed: Any, as_json: bool) -> None:
    from dealsim.borough import SMALLEST_TO_REPORT
    from dealsim.plans import alike
    from dealsim.results import TOO_SMALL
    from dealsim.show.terminal import print_timetable
    from dealsim.show.words import count

    notices = alike(made)
    timetables = {
        name: scenario.timetable(made.weeks) for name, scenario in zip(made.names, made.scenarios, strict=True)
    }
    if as_json:
        _print_json(
            {
                "dry_run": True,
                "runs": needed.runs,
                "burn_ins": needed.burn_ins,
                "minutes": round(needed.minutes, 2),
                "memory_mb": round(needed.memory_mb),
                "disk_mb": round(needed.disk_mb, 1),
                "size": made.size,
                "years": made.years,
                "replicates": made.replicates,
                **({"ensemble": len(made.sets)} if made.sets else {}),
                "scenarios": list(made.names),
                "notices": notices,
                "timetables": {
                    name: [{"week": row.week, "begins": row.begins.isoformat(), "what": row.what} for row in rows]
                    for name, rows in timetables.items()
                },
            }
        )
        return
    time_ = "less than a minute" if needed.minutes < 1 else f"about {needed.minutes:,.0f} minutes"
    typer.echo(
        f"{count(needed.runs, 'run')} of {made.size:,} citizens over {count(made.years, 'year')}; {time_}, about "
        f"{needed.memory_mb:,.0f} MB of memory and {needed.disk_mb:,.0f} MB of disk. Nothing was run."
    )
    if made.sets:
        typer.echo(
            f"{count(made.replicates, 'life', 'lives')} of each scenario over {len(made.sets)} parameter sets; "
            f"{count(needed.burn_ins, 'borough')} to burn in."
        )
    if made.size < SMALLEST_TO_REPORT:
        typer.echo(TOO_SMALL)
    for line in notices:
        typer.echo(f"Note: {_safe(line, 400)}")
    for name, rows in timetables.items():
        print_timetable(name, rows)


def _print_said(said: tuple[dict[str, Any], list[str]], as_json: bool) -> None:
    """What something would take, as data or in lines."""
    data, lines = said
    if as_json:
        _print_json({"dry_run": True, **data})
    else:
        typer.echo("\n".join(lines))


def _print_text(text: str) -> None:
    for line in text.splitlines():
        typer.echo(_safe(line, 4000))


def _safe(line: str, most: int) -> str:
    """A line that no terminal acts on, with its indent."""
    from dealsim.text import plain

    return " " * (len(line) - len(line.lstrip(" "))) + plain(line, most)


def _print_json(value: Any) -> None:
    import json

    typer.echo(json.dumps(value, ensure_ascii=True, allow_nan=False, default=str))


def _say_error(text: str) -> None:
    if sys.stderr is not None:
        for line in text.splitlines() or [""]:
            mark = "" if line.startswith(" ") else "error: "
            print(f"{mark}{_safe(line, 600)}", file=sys.stderr, flush=True)


def _steady_streams() -> None:
    """Text that the terminal cannot show becomes a mark, and a closed stream swallows what is written."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  (lives as long as the process)
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


class _Stopped(BaseException):
    """The user wants an end now; nothing the work can catch by mistake."""


class _Halt:
    """What a signal to stop does: at once it ends the command, or, while runs are lived and kept, asks them to end.

    Whoever asks three times gets an end at once.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As at the start of a command."""
        self.is_gentle = False
        self.times = 0

    def __call__(self, *_: object) -> None:
        self.times += 1
        if not self.is_gentle or self.times > 2:
            raise _Stopped
        if self.times == 1:
            from dealsim.show.terminal import note

            note("stopping; what is finished is kept (twice more: stop at once)")

    def is_set(self) -> bool:
        """Whether it was asked for."""
        return self.times > 0


_halt = _Halt()
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""Signals that stop the work and keep what is finished."""


def main(arguments: list[str] | None = None) -> None:
    """The `dealsim` command."""
    sys.exit(_exit_code(arguments))


def _exit_code(arguments: list[str] | None = None) -> int:
    from dealsim.errors import DealsimError

    _steady_streams()
    _halt.reset()
    for name in SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _halt)
    try:
        code = app(arguments, standalone_mode=False)
        sys.stdout.flush()
        return int(code or OK)
    except DealsimError as error:
        _say_error(str(error))
        return error.exit_code
    except (KeyboardInterrupt, _Stopped):
        is_late = _halt.times > 2
        _say_error("stopped at once; what was kept before stays kept" if is_late else "stopped; nothing was kept")
        return INTERRUPTED
    except BrokenPipeError:
        _nobody_reads()
        return OK
    except SystemExit as ended:
        if not isinstance(ended.__context__, BrokenPipeError):
            raise
        _nobody_reads()  # typer takes a reader that has read enough for a failure
        return OK
    except MemoryError:
        _say_error("the machine ran out of memory; ask for fewer citizens, replicates or workers")
        return FAULT
    except OSError as error:
        _say_error(f"the system said no: {error.strerror or type(error).__name__}")
        return FAULT
    except Exception as error:
        if hasattr(error, "format_message"):
            said = error.format_message()
            _say_error(said if said else "the command is not complete; see dealsim --help")
            return BAD_INPUT
        if type(error).__name__ == "Abort":
            _say_error("stopped; nothing was kept")
            return INTERRUPTED
        raise


if __name__ == "__main__":
    main()
