"""A sweep file is read whole or refused with every mistake, its line and what is allowed."""

from __future__ import annotations

import contextlib
import random

import pandas as pd
import pytest

from dealsim.errors import DealsimError, InputError, LimitError
from dealsim.sweeps.asked import read_asked
from dealsim.sweeps.plan import estimate_sweep, plan_sweep
from tests.sweeps.conftest import SMALL

GOOD = """\
name: blame_by_permission
question: What does blame do where staff may act?
base: deal
scenarios: [cuts_only]
size: 800
years: 3
seed: 3
replicates: 3
design: {kind: latin_hypercube, points: 10}
factors:
  blame_culture: {low: 0.0, high: 0.9}
  permission_to_innovate: {low: 0.2, high: 1.0, from: 2013-04}
  citizen.trust_gain:
  commissioning: [tender, partnership]
outputs: {metrics: [mean_trust, contacts_per_1000], groups: [all], every: 52}
targets:
  - {metric: contacts_per_1000, change_at_most: -10}
  - {metric: mean_trust, at_least: 0.5}
"""


def asked(text, tmp_path):
    file = tmp_path / "sweep.yaml"
    file.write_text(text, encoding="utf-8")
    return read_asked(file)


def refused(text, tmp_path):
    with pytest.raises(InputError) as said:
        asked(text, tmp_path)
    return str(said.value)


def test_a_good_file_is_read(tmp_path):
    found = asked(GOOD, tmp_path)
    assert [scenario.name for scenario in found.scenarios] == ["deal", "cuts_only"]
    assert [factor.name for factor in found.factors][-1] == "commissioning"
    assert (found.factors[0].low, found.factors[0].high) == (0.0, 0.9)
    assert found.factors[1].since == "2013-04"
    assert found.factors[2].high > found.factors[2].low > 0, "the range is the declared one"
    assert found.factors[3].values == ("tender", "partnership")
    assert found.outputs.metrics == ("contacts_per_1000", "mean_trust"), "in the order of the metrics"
    assert found.targets[0].is_change and found.targets[0].reached(440.0 - 455.0)
    assert "at most -10" in found.targets[0].in_words


def test_a_mapping_says_the_same_as_a_file(tmp_path):
    from ruamel.yaml import YAML

    mapping = YAML(typ="safe").load(GOOD)
    one, other = asked(GOOD, tmp_path), read_asked(mapping)
    assert (one.factors, one.design, one.targets, one.outputs) == (
        other.factors,
        other.design,
        other.targets,
        other.outputs,
    )


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("name: blame_by_permission\n", "", "a sweep needs 'name'"),
        ("base: deal\n", "", "a sweep needs 'base'"),
        ("base: deal", "base: dael", "did you mean 'deal'"),
        ("scenarios: [cuts_only]", "scenarios: [deal]", "two of the scenarios are called 'deal'"),
        ("size: 800", "size: 0", "size is 0"),
        ("size: 800", "size: 1e3", "size wants a whole number"),
        ("years: 3", "years: 41", "years is 41"),
        ("replicates: 3", "replicates: '3'", "did you mean 3?"),
        ("seed: 3", "seed: -1", "seed is -1"),
        ("seed: 3", "sede: 3", "did you mean 'seed'"),
        ("seed: 3", "boroughs: 9", "at least as many replicates as boroughs"),
        ("design: {kind: latin_hypercube, points: 10}\n", "", "a sweep needs 'design'"),
        ("latin_hypercube, points: 10", "latin, points: 10", "there is no design 'latin'"),
        ("latin_hypercube, points: 10", "latin_hypercube", "needs 'points'"),
        ("latin_hypercube, points: 10", "latin_hypercube, points: 0", "points is 0"),
        ("latin_hypercube, points: 10", "sobol, points: 10", "only for powers of two"),
        ("latin_hypercube, points: 10", "quasi_random, points: [8, 8]", "has one size"),
        ("latin_hypercube, points: 10", "morris, points: 10", "needs 'trajectories'"),
        ("latin_hypercube, points: 10", "factorial", "how many levels?"),
        ("latin_hypercube, points: 10", "factorial, levels: 2, futures: 3", "has no 'futures'"),
        ("latin_hypercube, points: 10", "points", "no points are given"),
        ("latin_hypercube, points: 10", "points, file: ../p.csv", "must lie beside this one"),
        ("latin_hypercube, points: 10", "points, file: p.csv", "cannot be read"),
        ("blame_culture:", "blame_cultur:", "did you mean 'blame_culture'"),
        ("citizen.trust_gain:", "citizen.trust_gian:", "did you mean 'citizen.trust_gain'"),
        ("{low: 0.0, high: 0.9}", "{low: 0.9, high: 0.0}", "a low below the high"),
        ("{low: 0.0, high: 0.9}", "{low: 0.0, high: 1.5}", "blame_culture, high is 1.5"),
        ("{low: 0.0, high: 0.9}", "{low: .nan, high: 0.9}", "wants a number"),
        ("{low: 0.0, high: 0.9}", "{low: 30%, high: 0.9}", "did you mean 0.3"),
        ("{low: 0.0, high: 0.9}", "0.5", "wants its range or its values"),
        ("{low: 0.0, high: 0.9}", "[0.1, 0.1]", "twice"),
        ("{low: 0.0, high: 0.9}", "{values: []}", "values wants a list"),
        ("from: 2013-04", "from: 2013-13", "no day of the calendar"),
        ("citizen.trust_gain:", "citizen.trust_gain: {from: 2013-04}", "has no 'from'"),
        ("[tender, partnership]", "[tender, grants]", "commissioning cannot be 'grants'"),
        ("[tender, partnership]", "{low: 0}", "is no number"),
        ("[mean_trust, contacts_per_1000]", "[mean_trst]", "did you mean 'mean_trust'"),
        ("groups: [all]", "groups: [everyone]", "there is no group 'everyone'"),
        ("every: 52", "every: 13", "another whole number of four weeks"),
        ("every: 52", "every: 520", "longer than the run"),
        ("change_at_most: -10", "at_most: low", "at_most wants a number"),
        ("change_at_most: -10", "at_most: 1, at_least: 0", "one bound"),
        ("scenarios: [cuts_only]\n", "", "there is no scenario beside the base"),
        ("targets:\n", "stop_at: {metric: mean_hope, error: 0.1}\ntargets:\n", "mean_hope is not among the metrics kept"),
        ("targets:\n", "stop_at: {metric: mean_trust}\ntargets:\n", "stop_at needs 'error'"),
        ("targets:\n", "format: 2\ntargets:\n", "newer than this dealsim reads"),
        ("name: blame", "name: *blame", "by *alias"),
        ("factors:\n", "factors: 3\nextra:\n", "factors wants `name:"),
        ("from: 2013-04", "from: 2999-01", "after the last week"),
        ("metric: mean_trust, at_least", "metric: cost_per_head, at_least", "cost_per_head is not among the metrics kept"),
        ("metric: mean_trust, at_least", "metric: [mean_trust], at_least", "there is no metric"),
        ("[tender, partnership]", "[[tender], {a: 1}]", "commissioning cannot be"),
        ("targets:\n", "format: abc\ntargets:\n", "format is 'abc'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(old, new, said, tmp_path):
    assert old in GOOD
    message = refused(GOOD.replace(old, new, 1), tmp_path)
    assert said in message and "sweep.yaml:" in message and "allowed:" in message


def test_all_mistakes_are_told_at_once(tmp_path):
    text = GOOD.replace("size: 800", "size: 0").replace("blame_culture", "blame").replace("every: 52", "every: 3")
    assert refused(text, tmp_path).count("allowed:") == 3


@pytest.mark.parametrize("text", ["", "name\n", "- a\n", "name: a\n", "\x00", "name: [\n"])
def test_what_is_no_sweep_is_said(text, tmp_path):
    assert "sweep.yaml" in refused(text, tmp_path)


def test_two_factors_that_set_the_same_thing_are_refused(tmp_path):
    text = GOOD.replace("  citizen.trust_gain:\n", "  strong_peers:\n  no_peer_pressure:\n")
    assert "both set staff.by_norm" in refused(text, tmp_path)


def test_a_scenario_is_no_sweep():
    with pytest.raises(InputError, match="'deal' is a scenario"):
        read_asked("deal")


def test_a_scenario_file_beside_the_sweep_is_found(tmp_path):
    (tmp_path / "mine.yaml").write_text("name: mine\nlevers: {nerve: 0.9}\n", encoding="utf-8")
    assert asked(GOOD.replace("base: deal", "base: mine"), tmp_path).scenarios[0].name == "mine"


def test_points_may_be_listed_in_a_file_or_a_table_or_a_csv(tmp_path):
    rows = [{"blame_culture": 0.1, "commissioning": "tender"}, {"blame_culture": 0.5, "commissioning": "partnership"}]
    (tmp_path / "p.csv").write_text("blame_culture,commissioning\n0.1,tender\n0.5,partnership\n", encoding="utf-8")
    head = GOOD[: GOOD.index("design:")]
    from_file = asked(head + "design: {kind: points, file: p.csv}\n", tmp_path)
    inline = "design:\n  kind: points\n  points:\n" + "".join(
        f"    - {{blame_culture: {row['blame_culture']}, commissioning: {row['commissioning']}}}\n" for row in rows
    )
    in_file = asked(head + inline, tmp_path)
    from_table = read_asked({"name": "t", "base": "deal", "design": {"kind": "points", "points": pd.DataFrame(rows)}})
    assert from_file.design.listed == in_file.design.listed == from_table.design.listed
    assert [factor.name for factor in from_table.factors] == ["blame_culture", "commissioning"]


def test_a_listed_point_that_is_wrong_is_named():
    rows = [{"blame_culture": 0.1}, {"blame_culture": 7}, {"nerve": 0.1}]
    with pytest.raises(InputError, match="point 3 must give the same factors"):
        read_asked({"name": "t", "base": "deal", "design": {"kind": "points", "points": rows}})


def test_thousands_of_points_may_come_from_python():
    rows = [{"blame_culture": k / 20_000} for k in range(20_000)]
    asked = read_asked({"name": "t", "base": "deal", "design": {"kind": "points", "points": rows}})
    assert len(asked.design.listed) == 20_000


def test_what_it_takes_is_told_and_too_much_refused():
    made = plan_sweep(SMALL)
    needed = estimate_sweep(made, 2)
    assert (needed.points, needed.runs, needed.burn_ins) == (4, 16, 4)
    assert 0 < needed.hours < 0.01 and needed.disk_mb > 0
    assert estimate_sweep(plan_sweep({**SMALL, "factors": {"nerve": {}}}), 2).burn_ins == 1
    with pytest.raises(LimitError, match="the limits are"):
        plan_sweep({**SMALL, "replicates": 10_000, "design": {"kind": "quasi_random", "points": 4096}})
    with pytest.raises(InputError, match="size is 'x'"):
        plan_sweep(SMALL, size="x")


@pytest.mark.parametrize(
    "design", [{"kind": "factorial", "levels": 1000}, {"kind": "morris", "trajectories": 5_000_000},
               {"kind": "latin_hypercube", "points": 100_000, "futures": 100_000}],
)  # fmt: skip
def test_too_large_a_design_is_refused_before_it_is_made(design):
    factors = dict.fromkeys(["blame_culture", "nerve", "permission_to_innovate", "citizen.trust_gain"])
    with pytest.raises(LimitError, match="the limits are"):
        plan_sweep({**SMALL, "factors": factors, "design": design})


def test_run_ids_know_what_they_depend_on():
    """Another seed, size, policy or parameter is another run; another name, question or output is not."""
    ids = set(plan_sweep(SMALL).run_ids.ravel().tolist())
    assert len(ids) == 16
    for change in ({"seed": 4}, {"size": 301}, {"years": 2}):
        assert not ids & set(plan_sweep({**SMALL, **change}).run_ids.ravel().tolist())
    for change in ({"name": "other"}, {"question": "why?"}, {"outputs": {}}):
        assert ids == set(plan_sweep({**SMALL, **change}).run_ids.ravel().tolist())


def test_a_run_of_a_sweep_is_the_run_of_a_comparison():
    """The same scenario, people and chances have one id and one last state, whoever lives them."""
    from dealsim.runs import compare
    from dealsim.sweeps.carrying_out import sweep

    asked = {"name": "one", "base": "cuts_only", "scenarios": ["deal"], "size": 300, "years": 1, "seed": 3,
             "replicates": 2, "design": {"kind": "points", "points": [{"citizen.trust_gain": 0.25}]}}  # fmt: skip
    import tempfile

    found = sweep(asked, workers=0, out=tempfile.mkdtemp()).runs.set_index("run_id")["state_hash"].sort_index()
    lived = compare("cuts_only", "deal", size=300, years=1, seed=3, replicates=2, values={"citizen.trust_gain": 0.25})
    assert found.to_dict() == lived.runs.set_index("run_id")["state_hash"].to_dict()


def test_mutilated_files_end_in_a_message_and_never_in_a_traceback(tmp_path):
    chance = random.Random(5)
    for _ in range(300):
        text = list(GOOD)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(text))
            text[at : at + chance.randrange(3)] = chance.choice(
                ["", "x", ":", "[", "}", "\t", "-", "9" * 9, "\n", "null", "é"]
            )
        with contextlib.suppress(DealsimError):
            plan_sweep(asked("".join(text), tmp_path))
