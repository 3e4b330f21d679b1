"""The commands that list, show and check scenarios: what they print is what the files say."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dealsim.errors import InputError
from dealsim.levers import LEVERS
from dealsim.places import shipped
from dealsim.scenarios import load, scenario_from, shipped_names
from dealsim.show.scenarios import (
    SCHEMA_BESIDE,
    checked,
    difference,
    explained,
    idle_levers,
    late_entries,
    money_gone_twice,
    resolved_text,
    same_as,
    schema_text,
    sentences_of,
    shipped_rows,
    write_template,
)

PLACES = shipped("wigan").place_names


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("name", shipped_names())
def test_what_is_shown_can_be_loaded_and_says_the_same(name: str, everything: bool, tmp_path: Path) -> None:
    file = tmp_path / "again.yaml"
    file.write_text(resolved_text(load(name), everything=everything) + "\n", encoding="utf-8")
    for one, other in zip(load(name).policy(520, PLACES), load(file).policy(520, PLACES), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("name", shipped_names())
def test_each_value_comes_from_the_line_that_says_it(name: str) -> None:
    folder = Path(str(load(name).path)).parent
    seen = 0
    for line in resolved_text(load(name), why=True).splitlines():
        found = re.search(r"- \{lever: (\w+), from: ([\d-]+).*# (\w+\.yaml):(\d+)$", line)
        if found:
            written = (folder / found[3]).read_text(encoding="utf-8").splitlines()[int(found[4]) - 1]
            assert f"lever: {found[1]}" in written
            seen += 1
    assert seen == len(load(name).schedule)


def test_text_that_yaml_would_misread_is_quoted(tmp_path: Path) -> None:
    odd = tmp_path / "odd.yaml"
    odd.write_text('name: "a: b # c"\nquestion: "yes"\nauthor: "- {x}"\nsources: ["1, 2", "[3]"]\n', encoding="utf-8")
    again = tmp_path / "again.yaml"
    again.write_text(resolved_text(load(odd)) + "\n", encoding="utf-8")
    one, other = load(odd), load(again)
    assert (one.name, one.question, one.author, one.sources) == (
        other.name,
        other.question,
        other.author,
        other.sources,
    )


def test_the_list_has_every_scenario_with_its_question() -> None:
    rows = shipped_rows()
    assert [row["name"] for row in rows] == list(shipped_names())
    assert all(row["question"].endswith("?") for row in rows)


def test_what_begins_after_the_end_is_told() -> None:
    assert late_entries(load("deal"), 520) == []
    late = late_entries(load("deal"), 312)
    assert late and all("no effect" in line for line in late)


@pytest.mark.parametrize("name", shipped_names())
def test_every_scenario_is_explained_in_sentences(name: str) -> None:
    text = explained(load(name))
    assert text.startswith(f"{name}: ")
    for line in text.splitlines()[1:]:
        assert not line or line.endswith("."), line
    assert "_" not in text.replace(name, "")


@pytest.mark.parametrize("name", shipped_names())
def test_a_scenario_does_not_differ_from_itself(name: str) -> None:
    assert difference(load(name), load(name)).endswith(" do the same.")


def test_a_difference_names_what_differs_and_nothing_else() -> None:
    text = difference(load("deal"), load("deal_without_permission"))
    assert "Permission to innovate" in text and "It stays as in the old regime." in text
    assert (
        "  deal: From the week of 1 April 2013 it moves from 0.15 to 0.8, which it reaches in the week of 30 March 2015."
        in text
    )
    assert "Blame" not in text and "Investment" not in text
    swapped = difference(load("overload"), load("cuts_only"))
    assert "0.3" in swapped and "budget" not in swapped.lower()


def test_a_template_is_whole_and_does_what_its_parent_does(tmp_path: Path) -> None:
    path = write_template("My plan: two", "deal", tmp_path)
    made = load(path)
    assert path.name == "my-plan-two.yaml" and made.name == "My plan: two"
    for one, other in zip(made.policy(520, PLACES), load("deal").policy(520, PLACES), strict=True):
        assert np.array_equal(one, other)
    assert f"$schema=./{SCHEMA_BESIDE}" in path.read_text(encoding="utf-8").splitlines()[0]
    assert (tmp_path / SCHEMA_BESIDE).read_text(encoding="utf-8") == schema_text()


def test_every_line_of_a_template_may_be_used(tmp_path: Path) -> None:
    path = write_template("mine", "deal", tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    used = [re.sub(r"^# ((levers|schedule|shocks):|  - )", r"\1", line) for line in lines]
    for lever in LEVERS:
        with_it = [re.sub(rf"^# (  {lever}:)", r"\1", line) for line in used]
        if lever in ("community_investment", "permission_to_innovate"):
            with_it = [line for line in with_it if f"lever: {lever}" not in line]  # scheduled in the template already
        path.write_text("\n".join(with_it) + "\n", encoding="utf-8")
        assert load(path).levers[lever] == LEVERS[lever].default or lever == "services_in_deal"


def test_a_template_touches_no_file_and_needs_a_name_and_a_parent(tmp_path: Path) -> None:
    write_template("mine", "deal", tmp_path)
    with pytest.raises(InputError, match="already there"):
        write_template("mine", "deal", tmp_path)
    with pytest.raises(InputError, match="did you mean 'deal'"):
        write_template("other", "dael", tmp_path)
    with pytest.raises(InputError, match="80"):
        write_template("x" * 81, "deal", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [SCHEMA_BESIDE, "mine.yaml"]


def test_no_shipped_scenario_does_what_another_does_or_moves_a_lever_in_vain() -> None:
    for name in shipped_names():
        policy = load(name).policy(520, PLACES)
        assert same_as(load(name), policy, PLACES) == [], name
        assert idle_levers(policy) == [] or name in ("communications_only", "deal_without_permission")


def test_a_scenario_that_changes_nothing_is_said_to() -> None:
    mine, deal = scenario_from({"name": "mine", "extends": "deal"}), load("deal")
    assert same_as(mine, mine.policy(520, PLACES), PLACES) == ["deal"]
    assert same_as(deal, deal.policy(90, PLACES), PLACES) != [], "before the Deal begins it is the cuts"


@pytest.mark.parametrize(
    ("levers", "said"),
    [
        ({"communications_clarity": 0.9}, "nothing is said to the public"),
        ({"staff_communications": 0.9}, "permission that is as it was"),
        ({"services_in_deal": ["health"]}, "no lever of services"),
        ({"services_in_deal": ["health"], "permission_to_innovate": 0.6}, ""),
        ({"communications_clarity": 0.9, "public_communications": 0.2}, ""),
    ],
)
def test_a_lever_moved_in_vain_is_named(levers: dict[str, object], said: str) -> None:
    found = idle_levers(scenario_from({"name": "mine", "levers": levers}).policy(52, PLACES))
    assert len(found) == bool(said) and (not said or said in found[0])


def test_a_child_is_told_what_of_its_parents_it_replaces(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "name: base\nextends: deal\nlevers: {nerve: 0.4}\nshocks:\n"
        "  - {kind: scandal, at: 2013-04}\n  - {kind: scandal, at: 2014-04}\n  - {kind: leader_leaves, at: 2014-04}\n"
    )
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nextends: base\nlevers: {community_investment: 2}\n"
        "schedule:\n  - {lever: nerve, from: 2014-04, value: 0.8}\n  - {lever: offloading, from: 2014-04, value: 0.1}\n"
        "shocks: [{kind: scandal, at: 2015-04}]\n"
    )
    entries = sum(entry["lever"] == "community_investment" for entry in load("deal").schedule)
    assert checked(str(tmp_path / "mine.yaml"), 10) == (
        "mine",
        [
            f"it replaces {entries} schedule entries of 'deal' on community_investment",
            "it replaces the value that 'base' gives nerve from the start",
            "it replaces 2 scandal shocks of 'base'",
        ],
    )
    assert load("cuts_only").replaced == (), "a scenario replaces nothing of the old regime"


@pytest.mark.parametrize(("cut", "shock", "weeks"), [(0.4, 0.7, 9), (0.4, 0.6, 0), (0.0, 1.0, 0)])
def test_money_that_a_cut_and_a_shock_both_take_is_named(cut: float, shock: float, weeks: int) -> None:
    strike = {"kind": "budget_shock", "at": "2011-05", "weeks": 9, "size": shock}
    mine = scenario_from({"name": "mine", "levers": {"budget_cut": cut}, "shocks": [strike]})
    found = money_gone_twice(mine.policy(52, PLACES))
    assert [line.split(" weeks")[0] for line in found] == [f"in {weeks}"] * bool(weeks)


def test_explain_and_the_timetable_tell_the_same_changes() -> None:
    for name in shipped_names():
        made = load(name)
        told = [sentence for said in sentences_of(made).values() for sentence in said]
        assert len(told) == len(made.timetable()) + len(made.rivals)
        assert all(any(row.does in sentence for sentence in told) for row in made.timetable())


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for file, nerve in (("old", 0.5), ("new", 0.6)):
        (tmp_path / f"{file}.yaml").write_text(f"name: mine\nlevers: {{nerve: {nerve}}}\n")
    text = difference(load(tmp_path / "old.yaml"), load(tmp_path / "new.yaml"))
    assert "  mine (the first): From the first week it is 0.5." in text
    assert "  mine (the second): From the first week it is 0.6." in text


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\u202eb"])
def test_a_name_that_cannot_be_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^scenario: name: "):
        write_template(name, "deal", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["true", "12", "2013-04", "a: b # c", 'x"y', "-x", "[a]", "☃", "CON", "שלום", "<b>x</b>"]
)
def test_a_template_keeps_any_name_as_it_is(name: str, tmp_path: Path) -> None:
    path = write_template(name, "deal", tmp_path)
    assert load(path).name == name
    assert re.fullmatch(r"[a-z0-9_-]+\.yaml", path.name) and path.stem != "con"


def test_a_template_is_not_written_over_a_link(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").symlink_to(tmp_path / "not_there.yaml")
    with pytest.raises(InputError, match="already there"):
        write_template("mine", "deal", tmp_path)
