"""The command line as a stranger meets it: exit codes, words, JSON, and nothing heavy for help."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dealsim import __main__ as command
from dealsim import runs, store
from dealsim.version import __version__

ROOT = Path(__file__).resolve().parents[2]
TINY = ["--size", "400", "--years", "1", "--replicates", "2", "--workers", "2"]


@pytest.fixture
def called(capsys):
    """Call the command in this process: exit code, what it printed, what it complained of."""

    def call(*words):
        code = command._exit_code(list(words))
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("results")
    assert command._exit_code(["compare", "cuts_only", "deal", *TINY, "--quiet", "--out", str(root)]) == 0
    return next(root.iterdir())


def _process(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "dealsim", *words],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=False,
        **options,
    )


def test_help_loads_nothing_heavy():
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "dealsim", "--help"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in found.stderr.splitlines()}
    assert not loaded & {"numpy", "pandas", "numba", "mesa", "plotly", "pydantic", "scipy", "rich", "pyarrow"}
    for verb in ("run", "compare", "report", "verify", "assure", "params", "doctor"):
        assert re.search(rf"^\s+{verb}\b", found.stdout, re.M)


def test_importing_the_package_loads_nothing_heavy():
    code = "import dealsim, sys; print(sorted({'numpy', 'pandas', 'numba', 'typer'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_public_names_are_these():
    import dealsim

    assert set(dealsim.__all__) == {
        *("DealModel", "MODEL_VERSION", "Results", "__version__", "check_patterns", "compare", "load_scenario"),
        *(
            "analyse",
            "assure",
            "pack",
            "read",
            "read_sweep",
            "run",
            "save",
            "serve",
            "sweep",
            "verify",
            "verify_sweep",
            "write_report",
        ),
    }
    with pytest.raises(AttributeError):
        dealsim.nothing


def test_version(called):
    code, out, _ = called("--version")
    assert code == 0
    assert __version__ in out


def test_no_words_means_help(called):
    code, out, _ = called()
    assert code == 0
    assert "compare" in out


def test_a_comparison_prints_its_table_and_where_it_is_kept(called, tmp_path):
    code, out, err = called("compare", "cuts_only", "deal", *TINY, "--out", str(tmp_path))
    assert code == 0
    assert "deal against cuts_only" in out
    assert "Difference (95 % interval)" in out
    assert "Fitted to national figures" in " ".join(out.split())
    assert "Too small to report" in out
    assert "100 % done" in err
    kept = next(tmp_path.iterdir())
    assert kept.name in out
    assert (kept / "derived" / "report.html").exists()


def test_json_is_one_object_and_nothing_else(called, tmp_path):
    code, out, err = called("compare", "cuts_only", "deal", *TINY, "--json", "--out", str(tmp_path))
    assert code == 0
    assert err == ""
    told = json.loads(out)
    assert {"run_id", "folder", "state_hash", "seconds", "scenarios", "calibrated"} <= set(told)
    assert told["calibrated"] is True
    assert re.fullmatch(r"[0-9a-f]{64}", told["state_hash"])
    assert {"load", "burn_in", "live", "summarise", "store", "report", "total"} <= set(told["seconds"])
    for name, metrics in told["scenarios"].items():
        for entry in metrics.values():
            assert {"mean", "interval"} <= set(entry)
            assert (name == "cuts_only") or {"difference", "difference_interval", "pairs_needed"} <= set(entry)
    assert Path(told["folder"]).is_dir()


def test_quiet_prints_only_where_the_results_are(called, tmp_path):
    code, out, err = called("run", "cuts_only", *TINY, "--quiet", "--out", str(tmp_path))
    assert (code, err) == (0, "")
    assert [line.split(":")[0] for line in out.splitlines()] == ["Results", "Report"]


def test_a_dry_run_runs_nothing(called, tmp_path):
    words = ("compare", "cuts_only", "deal", "--dry-run", "--out", str(tmp_path / "none"))
    code, out, _ = called(*words)
    assert code == 0
    assert "20 runs of 33,000 citizens" in out and "MB of memory" in out
    code, out, _ = called(*words, "--json")
    assert {"runs", "minutes", "memory_mb", "disk_mb"} <= set(json.loads(out))
    assert not (tmp_path / "none").exists()


def test_a_dry_run_of_an_ensemble_says_sets_lives_and_burn_ins(called, tmp_path):
    words = ("compare", "cuts_only", "deal", "--ensemble", "4", "--dry-run", "--out", str(tmp_path / "none"))
    code, out, _ = called(*words)
    assert code == 0
    assert "16 runs of 33,000 citizens" in out
    assert "8 lives of each scenario over 4 parameter sets; 4 boroughs to burn in" in out
    told = json.loads(called(*words, "--json")[1])
    assert (told["ensemble"], told["replicates"], told["burn_ins"]) == (4, 8, 4)
    assert "ensemble" not in json.loads(called("run", "deal", "--dry-run", "--json")[1])


def test_an_ensemble_is_shown_in_the_table_and_in_json(called, tmp_path):
    words = ("compare", "cuts_only", "deal", "--size", "400", "--years", "1", "--ensemble", "2", "--out", str(tmp_path))
    code, out, _ = called(*words)
    assert code == 0
    assert "4 pairs of lives over 2 calibrated parameter sets" in " ".join(out.split())
    told = json.loads(called(*words, "--seed", "2", "--json")[1])
    assert told["ensemble"]["sets"] == 2
    entry = told["scenarios"]["deal"]["mean_trust"]
    parts = {"chance", "chance_interval", "doubt", "range_over_sets"}
    assert parts <= set(entry["sure"]) and {*parts, "sets_agreeing"} == set(entry["difference_sure"])
    assert called("verify", "latest", "--out", str(tmp_path))[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run", "dael"], 2, "did you mean 'deal'"),
        (["run", "deal", "--size", "0"], 2, "size is 0"),
        (["run", "deal", "--size", "-5"], 2, "size is -5"),
        (["run", "deal", "--size", "many"], 2, "--size"),
        (["run", "deal", "--size", "9999999"], 2, "between 1 and 2,000,000"),
        (["run", "deal", "--years", "41"], 2, "between 1 and 40"),
        (["run", "deal", "--replicates", "0"], 2, "replicates is 0"),
        (["run", "deal", "--workers", "0"], 2, "workers is 0"),
        (["run", "deal", "--seed", "-1"], 2, "seed is -1"),
        (["run", "deal", "--seed", "9" * 30], 2, "seed is"),
        (["run", "deal", "--place", "no such.csv"], 2, "no such file"),
        (["run", "deal", "--place", "."], 2, "folder"),
        (["run", "deal", "--rank-of", "10"], 2, "place file"),
        (["run", "deal", "--ensemble", "1"], 2, "ensemble is 1; it must be a whole number from 2"),
        (["run", "deal", "--ensemble", "1", "--dry-run"], 2, "ensemble is 1; it must be a whole number from 2"),
        (["run", "deal", "--ensemble", "999999"], 2, "ensemble is 999999"),
        (["run", "deal", "--ensemble", "few"], 2, "--ensemble"),
        (["run", "deal", "--ensemble", "5", "--replicates", "9", "--dry-run"], 2, "needs 10 or more"),
        (["run", "nothing.yaml"], 2, "nothing.yaml"),
        (["run", "\x1b[31mred"], 2, "no scenario"),
        (["run", "a\x00b"], 2, "error"),
        (["run", "\udcff"], 2, "error"),
        (["run", "../../../etc/passwd"], 2, "error"),
        (["run", ""], 2, "error"),
        (["run"], 2, "error"),
        (["compare", "deal"], 2, "error"),
        (["compare", "deal", "deal"], 2, "name of its own"),
        (["fly"], 2, "fly"),
        (["run", "deal", "--fast"], 2, "--fast"),
        (["run", "deal", "--size", "2000000", "--years", "40", "--replicates", "9000"], 5, "fewer"),
        (["verify", "nowhere"], 2, "no results folder"),
        (["verify", "."], 1, "no manifest.json"),
        (["report", "nowhere"], 2, "no results folder"),
    ],
)
def test_bad_input_ends_with_a_line_and_a_code(called, words, code, said):
    found, out, err = called(*words)
    assert found == code
    assert out == ""
    assert err.startswith("error: ")
    assert said in err
    assert "Traceback" not in err
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", err)


def test_every_problem_is_a_line(called):
    _, _, err = called("compare", "dael", "cust_only", "--size", "0", "--years", "0")
    assert len(re.findall("^error: ", err, re.M)) >= 4


def test_out_that_is_a_file_is_said_before_anything_is_run(called, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "live_plan", lambda *_, **__: pytest.fail("it ran"))
    (tmp_path / "taken").write_text("mine")
    code, _, err = called("run", "deal", *TINY, "--out", str(tmp_path / "taken"))
    assert code == 1
    assert "nothing was run" in err
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_full_disk_keeps_the_results_elsewhere_and_says_so(called, tmp_path, monkeypatch):
    real = store.save

    def full(results, root):
        if Path(root) == tmp_path / "out":
            raise store.StoreError("the disk is full while writing series.parquet")
        return real(results, root)

    monkeypatch.setattr(store, "save", full)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    code, out, err = called("run", "cuts_only", *TINY, "--out", str(tmp_path / "out"))
    assert code == 1
    assert "the disk is full" in err and "instead" in err
    assert "Fitted to national figures" in " ".join(out.split())
    assert len(list((tmp_path / "temp" / "dealsim-results").iterdir())) == 1


def test_failed_runs_end_with_three(called, tmp_path, monkeypatch):
    lived = runs._live_one

    def sometimes(start, policy, parameters, life_seed, weeks, watch, is_first, *rest):
        if is_first:
            raise ArithmeticError("broken on purpose")
        return lived(start, policy, parameters, life_seed, weeks, watch, is_first, *rest)

    monkeypatch.setattr(runs, "_live_one", sometimes)
    code, out, _ = called("run", "cuts_only", *TINY, "--out", str(tmp_path))
    assert code == 3
    assert "Failed: cuts_only, replicate 1: ArithmeticError: broken on purpose" in out
    assert (next(tmp_path.iterdir()) / "failed.json").exists()


def test_ctrl_c_keeps_what_is_finished_and_ends_with_130(called, tmp_path, monkeypatch):
    from dealsim.show import terminal

    real, pressed = terminal.Shown.__call__, []

    def press(self, stage, done, whole):
        real(self, stage, done, whole)
        if stage == "live" and done >= 0.4 * whole and not pressed:
            pressed.append(1)
            raise KeyboardInterrupt

    monkeypatch.setattr(terminal.Shown, "__call__", press)
    words = ("--size", "600", "--years", "2", "--replicates", "40", "--workers", "1")
    code, out, err = called("run", "cuts_only", *words, "--out", str(tmp_path))
    assert code == 130
    assert re.search(r"stopped; \d+ of 40 runs finished", err)
    assert store.damage(next(tmp_path.iterdir())) == []
    assert "stopped early" in out


SMALL = ("run", "cuts_only", "--size", "600", "--years", "2", "--replicates", "20", "--workers", "1")


def signalled(monkeypatch, place, name, when=lambda *_: True, times=1):
    """Sends the process a signal the first time a function is called."""
    real, sent = getattr(place, name), []

    def sends(*words, **more):
        if not sent and when(*words):
            sent.append(1)
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)
        return real(*words, **more)

    monkeypatch.setattr(place, name, sends)


def test_a_real_ctrl_c_while_weeks_are_lived_keeps_what_is_finished(called, tmp_path, monkeypatch):
    from dealsim.show import terminal

    signalled(
        monkeypatch, terminal.Shown, "__call__", lambda _, stage, done, whole: stage == "live" and done > whole / 3
    )
    code, out, err = called(*SMALL, "--out", str(tmp_path))
    assert code == 130 and "what is finished is kept" in err and re.search(r"stopped; \d+ of 20 runs finished", err)
    assert store.damage(next(tmp_path.iterdir())) == [] and "Results:" in out


@pytest.mark.parametrize("quietly", [(), ("--quiet",), ("--json",)])
def test_a_ctrl_c_while_results_are_saved_loses_nothing(called, tmp_path, monkeypatch, quietly):
    signalled(monkeypatch, store, "save", times=2)
    code, out, err = called(*SMALL, "--out", str(tmp_path), *quietly)
    assert code == 130 and "everything was kept" in err
    (folder,) = tmp_path.iterdir()
    assert store.read(folder).finished == 20 and (folder / "derived" / "report.html").exists()
    assert folder.name in out


def test_a_ctrl_c_before_anything_is_lived_says_so(called, tmp_path, monkeypatch):
    from dealsim import plans

    signalled(monkeypatch, plans, "estimate")
    code, out, err = called(*SMALL, "--out", str(tmp_path), "--json")
    assert (code, out) == (130, "") and "nothing was kept" in err and not list(tmp_path.iterdir())


def test_when_every_run_fails_there_is_an_error_and_no_report(called, tmp_path, monkeypatch):
    from dealsim import runs

    def broken(*_):
        raise ArithmeticError("broken on purpose")

    monkeypatch.setattr(runs, "_live_one", broken)
    code, out, err = called(*SMALL, "--out", str(tmp_path), "--quiet")
    assert code == 3 and "20 of 20 runs failed" in err and "broken on purpose" in err
    assert "Report" not in out


def test_verify_says_identical(called, folder):
    code, out, _ = called("verify", str(folder))
    assert code == 0
    assert "identical: 4 runs" in out


def test_verify_ends_with_four_and_names_the_file(called, folder, tmp_path):
    import shutil

    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    raw = bytearray((copy / "series.parquet").read_bytes())
    raw[100] ^= 4
    (copy / "series.parquet").write_bytes(raw)
    code, _, err = called("verify", str(copy))
    assert code == 4
    assert "series.parquet" in err
    assert called("report", str(copy))[0] == 4


def test_assure_writes_a_pack_and_says_where(called, folder, tmp_path, monkeypatch):
    code, out, _ = called("assure", str(folder), "--out", str(tmp_path / "pack"), "--workers", "2")
    assert code == 0
    assert "4 runs lived again to the last bit" in out
    assert (tmp_path / "pack" / "assurance.html").is_file() and "assurance.html" in out
    root = folder.parent
    code, out, err = called("assure", "latest", "--results", str(root), "--out", str(tmp_path), "--no-replay", "--json")
    said = json.loads(out)
    assert (code, err) == (0, "")
    assert all(Path(said[name]).is_file() for name in ("page", "assumptions", "decisions", "data", "tests"))
    assert set(said["ratings"]) == {"red", "amber", "green", "not rated"} and said["problems"] == []


def test_assure_ends_with_four_when_a_file_differs_and_writes_the_pack(called, folder, tmp_path):
    import shutil

    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "hashes.json").write_text("{}")
    code, out, err = called("assure", str(copy), "--no-replay")
    assert code == 4
    assert "hashes.json" in err
    assert "the pack says so" in out
    assert "Do not sign" in (copy / "derived" / "assurance" / "assurance.html").read_text(encoding="utf-8")


def test_assure_refuses_what_is_no_result(called, tmp_path):
    code, _, err = called("assure", str(tmp_path))
    assert code == 2
    assert "it is no results folder" in err


def test_a_report_is_made_again_without_living_a_week(called, folder):
    page = folder / "derived" / "report.html"
    before = page.read_bytes()
    page.unlink()
    code, out, _ = called("report", str(folder))
    assert code == 0
    assert "report.html" in out
    assert page.read_bytes() == before


def test_params_lists_every_parameter(called):
    from dealsim.levers import LEVERS
    from dealsim.parameters import every_parameter

    code, out, _ = called("params", "--json")
    rows = json.loads(out)
    assert code == 0
    assert {row["name"] for row in rows} == {*every_parameter(), *(f"lever.{name}" for name in LEVERS)}
    assert all(row[key] not in ("", None) for row in rows for key in ("label", "unit", "source", "grade"))
    code, out, _ = called("params")
    assert code == 0
    assert all(name in out for name in every_parameter())


def test_doctor_lists_what_is_kept_and_removes_only_that(called, monkeypatch, tmp_path):
    from dealsim import checkpoints

    monkeypatch.setattr(checkpoints, "usable_cache_root", lambda: tmp_path)
    ours, theirs = tmp_path / "checkpoints" / f"{'0' * 32}.npz", tmp_path / "checkpoints" / "mine.txt"
    ours.parent.mkdir()
    ours.write_bytes(b"x" * 2_000_000)
    theirs.write_text("mine")
    code, out, _ = called("doctor")
    assert code == 0
    assert "2.0 MB" in out and tmp_path.as_posix() in out
    code, out, _ = called("doctor", "--clean")
    assert code == 0
    assert "removed" in out
    assert not ours.exists()
    assert theirs.exists()


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize("ending", ["| head -n 1", ">&-", "> /dev/full", "2>&-"])
def test_a_reader_that_goes_away_causes_no_traceback(ending):
    line = f"{sys.executable} -m dealsim params {ending}"
    found = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in found.stderr
    assert "Exception ignored" not in found.stderr


@pytest.mark.skipif(os.name != "posix", reason="pipes end otherwise elsewhere")
@pytest.mark.parametrize("words", [("compare", "cuts_only", "deal", "--dry-run"), ("show", "deal"), ("params",)])
def test_a_reader_that_has_read_enough_is_no_failure(words):
    reading, writing = os.pipe()
    os.close(reading)
    line = [sys.executable, "-m", "dealsim", *words]
    found = subprocess.run(line, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, timeout=120, check=False)
    os.close(writing)
    assert (found.returncode, found.stderr) == (0, b"")


def test_scenarios_are_listed_shown_and_checked(called, tmp_path):
    code, out, _ = called("list")
    assert code == 0 and "deal_without_permission" in out and "?" in out
    code, out, _ = called("show", "overload", "--why")
    assert code == 0 and re.search(r"  - \{lever: offloading.*# overload.yaml:\d+", out)
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "name: mine\nextends: deal\nschedule: [{lever: nerve, from: 2035-01, value: 0.5}]\n", encoding="utf-8"
    )
    code, out, _ = called("check", str(mine))
    assert code == 0 and "nothing is wrong" in out and "no effect" in out
    mine.write_text("name: mine\nlevers: {nerv: 1}\n", encoding="utf-8")
    code, _, err = called("check", str(mine))
    assert code == 2 and "did you mean 'nerve'" in err


def test_a_new_scenario_is_written_here_once(called, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = called("new", "Money doubled", "--extends", "cuts_only")
    assert code == 0 and "money-doubled.yaml is written" in out
    assert called("check", "money-doubled.yaml")[0] == 0
    code, _, err = called("new", "Money doubled")
    assert code == 2 and "already there" in err


def test_a_comparison_of_a_scenario_with_itself_is_said_to_find_nothing(called, tmp_path):
    files = []
    for name, rest in (("twin", ""), ("one", "levers: {nerve: 0.4}"), ("two", "levers: {nerve: 0.4}")):
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text(f"name: {name}\nextends: deal\n{rest}\n", encoding="utf-8")
    late = tmp_path / "late.yaml"
    late.write_text("name: late\nextends: deal\nrivals: [fast_word]\n", encoding="utf-8")
    words = ("compare", "deal", *map(str, files), str(late))
    said = [
        "twin does the same as deal in the one year: every difference will be nothing",
        "two does the same as one in the one year: they will differ alike from deal",
    ]
    code, out, _ = called(*words, "--years", "1", "--dry-run", "--json")
    assert code == 0 and json.loads(out)["notices"] == said, (
        "a rival makes a scenario another, though its levers are the same"
    )
    code, out, _ = called(*words, *TINY, "--out", str(tmp_path / "out"))
    results = store.read(next((tmp_path / "out").iterdir()))
    assert list(results.notices[:2]) == said and all(f"Note: {line}" in out for line in said)
    apart = results.summary[results.summary["scenario"] == "twin"]["difference"]
    assert (apart.dropna() == 0).all()
    assert "does the same" not in called("compare", "cuts_only", "deal", "--dry-run")[1]
    assert "does the same" in called("compare", "cuts_only", "training_only", "--years", "1", "--dry-run")[1]


def test_check_explain_and_diff_say_the_same_in_json(called, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("name: mine\nextends: deal\nlevers: {nerve: 0.4}\n", encoding="utf-8")
    told = [json.loads(called(*words, "--json")[1]) for words in (("check", str(mine)), ("explain", str(mine)))]
    assert told[0] == {"name": "mine", "problems": [], "notes": ["it replaces 1 schedule entry of 'deal' on nerve"]}
    assert told[1]["says"]["nerve"] == ["From the first week it is 0.4."]
    _, out, _ = called("diff", "deal", str(mine), "--json")
    assert json.loads(out)["differ"] == {
        "nerve": {"one": ["From the week of 1 April 2013 it is 0.8."], "other": ["From the first week it is 0.4."]}
    }
    mine.write_text("name: mine\nlevers: {nerv: 1}\nsize: 0\n", encoding="utf-8")
    code, out, err = called("check", str(mine), "--json")
    assert (code, err) == (2, "") and len(json.loads(out)["problems"]) == 2
