"""A broken scenario file is told with its line, its column and what is allowed, and never by a traceback."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from dealsim.errors import InputError
from dealsim.scenarios import load, scenario_from, shipped_names
from dealsim.scenarios.reading import read_text

HEAD = "name: mine\n"

BROKEN = {
    # what is wrong: (the file after its name line, line:column, part of the message, part of what is allowed)
    "unknown lever": ("levers: {blame_cluture: 0.2}", "2:10", "did you mean 'blame_culture'?", "nerve"),
    "unknown lever in the schedule": (
        "schedule:\n  - {lever: comunity_investment, from: 2013-04, value: 3}",
        "3:13",
        "did you mean 'community_investment'?",
        "link_workers",
    ),
    "unknown key": ("levrs: {nerve: 0.2}", "2:1", "did you mean 'levers'?", "schedule"),
    "lever at the top": ("nerve: 0.2", "2:1", "'nerve' is a lever: write it under `levers:`", "levers"),
    "unknown key in an entry": (
        "schedule:\n  - {lever: nerve, from: 2013-04, value: 0.5, untill: 2014-01}",
        "3:47",
        "did you mean 'until'?",
        "until",
    ),
    "above the range": (
        "levers:\n  blame_culture: 1.5",
        "3:18",
        "blame_culture is 1.5, above the highest",
        "0 to 1",
    ),
    "below the range": (
        "levers: {community_investment: -1}",
        "2:32",
        "below the lowest",
        "£ per resident per year",
    ),
    "out of range by service": (
        "levers: {blame_culture: {default: 0.2, police: 5}}",
        "2:48",
        "blame_culture for police is 5",
        "0 to 1",
    ),
    "not a number": ("levers: {nerve: .nan}", "2:17", "nerve wants an ordinary number", "0 to 1"),
    "infinite": ("levers: {nerve: .inf}", "2:17", "nerve", "0 to 1"),
    "text for a number": (
        "levers: {nerve: high}",
        "2:17",
        "nerve wants a number, not the text 'high'",
        "0 to 1",
    ),
    "quoted number": ("levers: {nerve: '0.5'}", "2:17", "not the text '0.5'", "0 to 1"),
    "true for a number": ("levers: {nerve: true}", "2:17", "nerve wants a number, not true", "0 to 1"),
    "list for a number": ("levers: {nerve: [1]}", "2:17", "nerve wants a number, not a list", "0 to 1"),
    "nothing for a number": ("levers:\n  nerve:", "3:3", "nerve has no value", "0 to 1"),
    "fraction for a whole number": (
        "levers: {leaders_holding_permission: 2.5}",
        "2:38",
        "wants a whole number, not 2.5",
        "a whole number 1 to 10 (people)",
    ),
    "true for a whole number": (
        "levers: {leaders_holding_permission: true}",
        "2:38",
        "whole number, not true",
        "10",
    ),
    "unknown choice": (
        "levers: {commissioning: tendr}",
        "2:25",
        "did you mean 'tender'?",
        "tender, partnership",
    ),
    "number for a choice": (
        "levers: {commissioning: 1}",
        "2:25",
        "commissioning cannot be 1",
        "tender, partnership",
    ),
    "unknown service in a list": (
        "levers: {services_in_deal: [polcie]}",
        "2:29",
        "did you mean 'police'?",
        "housing",
    ),
    "word for a list": ("levers: {services_in_deal: police}", "2:28", "wants a list", "adult_social_care"),
    "service twice": ("levers: {services_in_deal: [police, police]}", "2:37", "in the list twice", "once"),
    "unknown service": ("levers: {nerve: {polise: 0.5}}", "2:18", "did you mean 'police'?", "default"),
    "whole-borough lever by place": (
        "levers: {communications_clarity: {Leigh: 0.5}}",
        "2:34",
        "communications_clarity wants a number, not `name: value` parts",
        "0 to 1",
    ),
    "empty mapping": ("levers: {nerve: {}}", "2:17", "nerve is given for nothing", "by service"),
    "month 13": (
        "schedule:\n  - {lever: nerve, from: 2013-13, value: 1}",
        "3:26",
        "no day of the calendar",
        "YYYY-MM",
    ),
    "30 February": (
        "schedule:\n  - {lever: nerve, from: 2013-02-30, value: 1}",
        "3:26",
        "no day of the",
        "YYYY-MM",
    ),
    "date in words": (
        "schedule:\n  - {lever: nerve, from: April 2013, value: 1}",
        "3:26",
        "is no date",
        "YYYY-MM",
    ),
    "plain year": (
        "schedule:\n  - {lever: nerve, from: 2013, value: 1}",
        "3:26",
        "2013 is no date",
        "YYYY-MM",
    ),
    "before the first week": (
        "schedule:\n  - {lever: nerve, from: 2011-04-03, value: 1}",
        "3:26",
        "before the first week",
        "2011-04-04",
    ),
    "shock before the first week": (
        "shocks: [{kind: scandal, at: 2010-01}]",
        "2:30",
        "before the first",
        "2011-04-04",
    ),
    "no date": (
        "schedule:\n  - {lever: nerve, value: 1}",
        "3:5",
        "this schedule entry needs 'from'",
        "YYYY-MM",
    ),
    "no lever": (
        "schedule:\n  - {from: 2013-04, value: 1}",
        "3:5",
        "this schedule entry needs 'lever'",
        "nerve",
    ),
    "entry that is text": ("schedule:\n  - nerve", "3:5", "not the text 'nerve'", "{lever: …, from: YYYY-MM"),
    "schedule that is a mapping": ("schedule: {lever: nerve}", "2:11", "schedule wants a list", ""),
    "nothing moved": (
        "schedule: [{lever: nerve, from: 2013-04}]",
        "2:12",
        "this entry moves nothing",
        "ramp",
    ),
    "two ways at once": (
        "schedule: [{lever: nerve, from: 2013-04, to: 2014-04, value: 1, pulse: 1}]",
        "2:12",
        "both value and pulse",
        "one of",
    ),
    "ramp without end": (
        "schedule: [{lever: nerve, from: 2013-04, ramp: [0, 1]}]",
        "2:12",
        "a ramp needs 'to'",
        "to:",
    ),
    "ramp of one value": (
        "schedule: [{lever: nerve, from: 2013-04, to: 2014-04, ramp: [1]}]",
        "2:61",
        "a ramp has two values",
        "[first, last]",
    ),
    "ramp of no value, of a lever that is paid for": (
        "schedule: [{lever: link_workers, from: 2013-04, to: 2014-04, ramp: []}]",
        "2:68",
        "a ramp has two values",
        "[first, last]",
    ),
    "ramp of three values": (
        "schedule: [{lever: nerve, from: 2013-04, to: 2014-04, ramp: [0, 1, 0]}]",
        "2:61",
        "a ramp has two values",
        "[first, last]",
    ),
    "ramp that goes back in time": (
        "schedule: [{lever: nerve, from: 2014-04, to: 2013-04, ramp: [0, 1]}]",
        "2:46",
        "'to' must come at least a week after 'from'",
        "2014-04",
    ),
    "ramp of a choice": (
        "schedule: [{lever: commissioning, from: 2013-04, to: 2014-04, ramp: [tender, partnership]}]",
        "2:63",
        "commissioning is a choice: it may only step",
        "value",
    ),
    "pulse of a list": (
        "schedule: [{lever: services_in_deal, from: 2013-04, to: 2014-04, pulse: [police]}]",
        "2:66",
        "it may only step",
        "value",
    ),
    "ramp of whole numbers": (
        "schedule: [{lever: leaders_holding_permission, from: 2013-04, to: 2014-04, ramp: [1, 4]}]",
        "2:76",
        "takes whole numbers and cannot ramp",
        "value",
    ),
    "ramp between different services": (
        "schedule: [{lever: nerve, from: 2013-04, to: 2014-04, ramp: [{police: 0}, {health: 1}]}]",
        "2:61",
        "name different services",
        "the same services",
    ),
    "value with to": (
        "schedule: [{lever: nerve, from: 2013-04, to: 2014-04, value: 1}]",
        "2:42",
        "a value holds on and has no 'to'",
        "until",
    ),
    "pulse with until": (
        "schedule: [{lever: nerve, from: 2013-04, to: 2014-04, until: 2014-04, pulse: 1}]",
        "2:55",
        "a pulse has no 'until'",
        "to",
    ),
    "overlap": (
        "schedule:\n"
        "  - {lever: nerve, from: 2013-04, to: 2014-04, ramp: [0, 1]}\n"
        "  - {lever: nerve, from: 2013-10, value: 0.4}",
        "4:5",
        "overlaps another (line 3: - {lever: nerve, from: 2013-04",
        "after the one before",
    ),
    "two steps in one week": (
        "schedule:\n  - {lever: nerve, from: 2013-04-01, value: 1}\n  - {lever: nerve, from: 2013-04-07, value: 0}",
        "4:5",
        "overlaps another (line 3",
        "after the one before",
    ),
    "unknown payer": (
        "schedule: [{lever: link_workers, from: 2015-01, value: 3, paid_by: nhs}]",
        "2:68",
        "paid_by cannot be 'nhs'",
        "new_money",
    ),
    "payer of what costs nothing": (
        "schedule: [{lever: nerve, from: 2015-01, value: 1, paid_by: health}]",
        "2:52",
        "nobody pays for it",
        "value",
    ),
    "two payers at once": (
        "schedule:\n"
        "  - {lever: link_workers, from: 2015-01, value: 3, paid_by: health}\n"
        "  - {lever: link_workers, from: 2016-01, value: {Leigh: 9}}",
        "4:5",
        "two payers at once (line 3",
        "one payer",
    ),
    "another payer for one place": (
        "levers: {link_workers: 3}\n"
        "schedule: [{lever: link_workers, from: 2016-01, value: {Leigh: 9}, paid_by: health}]",
        "3:12",
        "two payers at once (line 2",
        "one payer",
    ),
    "unknown shock": (
        "shocks: [{kind: scandle, at: 2014-01}]",
        "2:17",
        "did you mean 'scandal'?",
        "leaders_stay",
    ),
    "shock without kind": ("shocks: [{at: 2014-01}]", "2:10", "this shock needs 'kind'", "scandal"),
    "shock without date": ("shocks: [{kind: scandal}]", "2:10", "this shock needs 'at'", "YYYY-MM"),
    "shock without weeks": (
        "shocks: [{kind: demand_shock, at: 2014-01, size: 2}]",
        "2:10",
        "needs 'weeks'",
        "weeks:",
    ),
    "shock with a key it lacks": (
        "shocks: [{kind: leader_leaves, at: 2014-01, weeks: 4}]",
        "2:45",
        "a leader_leaves shock has no 'weeks'",
        "size",
    ),
    "shock too large": (
        "shocks: [{kind: budget_shock, at: 2014-01, size: 3, weeks: 4}]",
        "2:50",
        "size is 3, above the highest",
        "at most 1",
    ),
    "shock in an unknown service": (
        "shocks: [{kind: scandal, at: 2014-01, service: polise}]",
        "2:48",
        "did you mean 'police'?",
        "police",
    ),
    "unknown rival": ("rivals: [fast_wrod]", "2:10", "did you mean 'fast_word'?", "listening_helps"),
    "unknown rival in a mapping": (
        "rivals: {fast_wrod: true}",
        "2:10",
        "did you mean 'fast_word'?",
        "listening_helps",
    ),
    "rival that is neither true nor false": ("rivals: {fast_word: yes}", "2:21", "wants true or false", ""),
    "unknown parent": ("extends: deel", "2:10", "did you mean 'deal'?", "cuts_only"),
    "parent outside the folder": (
        "extends: ../../../etc/passwd",
        "2:10",
        "no scenario",
        "a file beside this one",
    ),
    "itself as parent": (
        "extends: mine.yaml",
        "2:10",
        "goes round in a circle",
        "a chain of parents that ends",
    ),
    "unknown place": ("place: wiggan", "2:8", "there is no place 'wiggan'", "wigan"),
    "newer format": (
        "format: 2\nsomething: new",
        "2:9",
        "format 2, newer than this dealsim reads",
        "format 1",
    ),
    "format in words": ("format: one", "2:9", "format wants a whole number", ""),
    "no citizens": ("size: 0", "2:7", "size is 0, below the lowest", "1 or more"),
    "ten million citizens": ("size: 10000000", "2:7", "above the highest", "2,000,000"),
    "half a citizen": ("size: 0.5", "2:7", "size wants a whole number", ""),
    "huge number": (f"size: {'9' * 400}", "2:7", "size", ""),
    "sources as text": ("sources: src-x", "2:10", "sources wants a list", ""),
    "bad header date": ("date: yesterday", "2:7", "is no date", "YYYY"),
    "key twice": (
        "levers: {nerve: 0.1}\nlevers: {nerve: 0.2}",
        "3:1",
        "given twice (first on line 2",
        "once",
    ),
    "lever twice": ("levers: {nerve: 0.1, nerve: 0.2}", "2:22", "'nerve' is given twice", "once"),
    "alias": ("levers: &x {nerve: 0.1}\nmore: *x", "2:9", "&anchor", "written out"),
    "alias only": ("levers: *x", "2:9", "*alias", "written out"),
    "merge key": ("levers: {<<: {nerve: 0.1}}", "2:10", "<<", "written out"),
    "tag": ("levers: !!python/object/apply:os.system ['true']", "2:9", "!tag", "plain values"),
    "deep": ("levers: [[[[[[[[[[1]]]]]]]]]]", "2:16", "nested more than 8 deep", ""),
    "second document": ("---\nname: other", "2:1", "a second document", "one scenario"),
    "list as key": ("[a, b]: 1", "2:1", "where a name is wanted", "name: value"),
    "tab": ("levers:\n\tnerve: 0.1", "3:1", "a tab stands where spaces are wanted", "never tabs"),
    "bracket left open": ("levers: {nerve: 0.1", "2:9", "never closed", "{a: 1, b: 2}"),
    "comma left out": ("levers: {nerve: 0.1 devolution: 0.1}", "2:9", "a comma is missing", "{a: 1, b: 2}"),
    "quote left open": ('author: "A. Name', "2:9", "this quote is never closed", "the same quote"),
    "colon in a sentence": ("question: What if: nothing?", "2:18", "this `:` is one too many", "in quotes"),
    "line too far in": ("levers:\n  nerve: 0.3\n   devolution: 0.2", "4:14", "indented unlike", "one under another"),
    "line too far out": ("levers:\n    nerve: 0.3\n  devolution: 0.2", "4:3", "indented unlike", "spaces"),
    "text that begins with a sign": ("author: @me", "2:9", "text cannot begin with '@'", "in quotes"),
    "no space after a colon": ("levers:\n  nerve:0.3", "3:3", "a space is wanted after the colon", "name: value"),
    "per cent": ("levers: {nerve: 30 %}", "2:17", "not the text '30 %'; did you mean 0.3?", "0 to 1"),
    "pounds": ("levers: {community_investment: £12}", "2:32", "did you mean 12?", "0 to 20"),
    "decimal comma": ("levers:\n  community_investment: 1,5", "3:25", "did you mean 1.5?", "0 to 20"),
    "schedule without dashes": ("schedule:\n  lever: nerve", "3:3", "schedule wants a list", "- {lever: …, from:"),
    "own place in the file": ("place: mine.csv", "2:8", "there is no place 'mine.csv'", "--place"),
    "control character": ("question: \x1b[31mred", "2:11", "U+001B", "UTF-8"),
    "escaped control character": (
        'author: "a\\x1b[31m"',
        "2:9",
        "control character U+001B",
        "printable text",
    ),
    "right-to-left override": ("author: a\u202eb", "2:9", "control character U+202E", "printable text"),
}


def problems_in(text: str | bytes, folder: Path, name: str = "mine.yaml") -> list[str]:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InputError) as caught:
        load(path)
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_says_where_and_what_is_allowed(case: str, tmp_path: Path) -> None:
    text, at, message, allowed = BROKEN[case]
    problems = problems_in(HEAD + text + "\n", tmp_path)
    assert len(problems) == 1, problems
    first, *rest = problems[0].split("\n")
    assert first.startswith(f"mine.yaml:{at}: "), problems[0]
    assert message in first
    assert allowed in rest[-1]
    line = (HEAD + text + "\n").split("\n")[int(at.split(":")[0]) - 1].strip(" ")
    if line and line.isprintable() and len(line) < 90:
        assert rest[0].strip() == line
    assert all(char.isprintable() or char == "\n" for char in problems[0])


def test_one_file_reports_all_its_problems_in_order(tmp_path: Path) -> None:
    text = """question: Too much at once?
levers:
  blame_cultur: 0.5
  nerve: 7
schedule:
  - {lever: hope, from: 2010-01, valu: 3}
  - {lever: nerve, from: 2013-04, ramp: [0, 1]}
shocks:
  - {kind: flood, at: never}
rivals: [no_such]
"""
    problems = problems_in(text, tmp_path)
    lines = [int(problem.split(":")[1]) for problem in problems]
    assert lines == sorted(lines)
    assert lines == [1, 3, 4, 6, 6, 6, 6, 7, 9, 9, 10]
    assert "a scenario needs 'name'" in problems[0]


def test_a_parent_and_its_child_report_together(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("name: base\nlevers: {nerve: 2}\n")
    problems = problems_in("name: mine\nextends: base\nlevers: {nerve: 3}\n", tmp_path)
    assert [problem.split(": ")[0] for problem in problems] == ["mine.yaml:3:17", "base.yaml:2:17"]


def test_a_circle_of_parents_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: a\nextends: b.yaml\n")
    problems = problems_in("name: b\nextends: a.yaml\n", tmp_path, "b.yaml")
    assert "b.yaml → " in problems[0]
    assert "goes round in a circle" in problems[0]


def test_a_long_chain_of_parents_is_refused(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"s{number}.yaml").write_text(f"name: s{number}\nextends: s{number + 1}\n")
    problems = problems_in("name: mine\nextends: s0\n", tmp_path)
    assert "too many parents" in problems[0]


def test_a_link_out_of_the_folder_is_no_parent(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("name: outside\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    assert "no scenario 'link'" in problems_in("name: mine\nextends: link\n", inside)[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"# only a comment\n", "empty"),
        (b"- a\n- b\n", "a scenario is made of `name: value` lines, not a list"),
        (b"just words\n", "a scenario is made of `name: value` lines, not 'just words'"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not UTF-8"),
        (b"name: a\nauthor: caf\xe9\n", "mine.yaml:2:12: the byte 0xe9 is not UTF-8"),
        ("name: a\n".encode("utf-16"), "saved as UTF-16, not UTF-8"),
        (b"PK\x03\x04\x14\x00", "a Word, Excel or zip file, not UTF-8"),
        (b"name:a\n", "a space is wanted after the colon"),
        (b"name: a\x00\n", "mine.yaml:1:8: the character U+0000 is not text"),
        (b"name: a\n" + b"#" * 2_000_000, "larger than 256 KB"),
        (b"name: " + b"a" * 81, "longer than 80 characters"),
        (b"name: ''\n", "name is empty"),
        (b"name: '  '\n", "name: it is blank"),
        (b"name: 7\n", "name wants text, not 7"),
        (b"%YAML 1.1\n---\nname: a\n", "YAML rules"),
        (b"x: [" + b"1,\n" * 4000 + b"1, " * 1200 + b"]", "more than 5,000 parts"),
        (b"name: a\n" * 5001, "more than 5,000 lines"),
        (b"name: a\n#" + b"x" * 4000, "mine.yaml:2:1: this line is longer than 4,000 characters"),
    ],
)
def test_what_is_no_scenario_at_all(content: bytes, message: str, tmp_path: Path) -> None:
    problems = problems_in(content, tmp_path)
    assert len(problems) == 1
    assert message in problems[0]


def test_an_alias_bomb_is_refused_at_once(tmp_path: Path) -> None:
    bomb = 'a: &a ["lol"]\n' + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    started = time.perf_counter()
    assert "&anchor" in problems_in(bomb, tmp_path)[0]
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    "text", ["[" * 250_000, "{a: " * 60_000, "- " * 120_000, "a: '" + "x\n" * 120_000, "!" * 250_000]
)
def test_large_nonsense_is_refused_quickly(text: str, tmp_path: Path) -> None:
    started = time.perf_counter()
    problems_in(text, tmp_path)
    assert time.perf_counter() - started < 2


def test_thousands_of_problems_are_all_told_quickly(tmp_path: Path) -> None:
    text = "name: mine\nlevers:\n" + "".join(f"  nervy_thing_{n}: 1\n" for n in range(2400))
    started = time.perf_counter()
    assert len(problems_in(text, tmp_path)) == 2400
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("deel", "did you mean 'deal'?"),
        ("cuts-only", "did you mean 'cuts_only'?"),
        ("zzz", "there is no scenario 'zzz'"),
        ("", "there is no scenario ''"),
        ("a\x00b", "there is no scenario"),
        ("a\x00b.yaml", "no such file"),
        ("x" * 5000 + ".yaml", "cannot be read"),
        ("no/such/file.yaml", "no such file"),
        ("evil\x1b[31m", "\\u001b"),
    ],
)
def test_what_cannot_be_opened(name: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(name)
    assert message in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert "\x00" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_folder_and_a_pipe_are_not_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder"):
        load(tmp_path)
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(InputError, match="ordinary file"):
        load(tmp_path / "pipe.yaml")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\)"):
        load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "a scenario needs 'name'"),
        (None, "empty"),
        ([1], "not a list"),
        ({"name": "a", "levers": {"nerve": 9}}, "scenario: levers.nerve: nerve is 9, above"),
        ({"name": "a", "levers": {"nerve": object()}}, "levers.nerve: object is no part of a scenario"),
        ({"name": "a", "levers": {"nerve": float("nan")}}, "ordinary number"),
        ({"name": "a", "extends": "/etc/passwd"}, "no scenario '/etc/passwd'"),
        ({"name": "a", "schedule": [{"lever": "nerve", "from": "x", "value": 1}]}, "schedule[0].from"),
        ({"name": "a", 1: 2}, "has no '1'"),
        ({"name": "a\ud800"}, ""),
    ],
)
def test_bad_python_data_is_placed_by_name(content: object, message: str) -> None:
    if not message:
        assert scenario_from(content).name == "a?"  # type: ignore[arg-type]
        return
    with pytest.raises(InputError) as caught:
        scenario_from(content)  # type: ignore[arg-type]
    assert message in str(caught.value)


def test_python_data_that_holds_itself_is_refused() -> None:
    loop: dict[str, object] = {"name": "a"}
    loop["levers"] = loop
    with pytest.raises(InputError, match="deep"):
        scenario_from(loop)


def test_every_shipped_name_is_suggested_for_a_slip() -> None:
    for name in shipped_names():
        with pytest.raises(InputError, match=f"did you mean '{name}'"):
            load(name[1:])  # names that differ at the end only are told apart


def test_a_file_here_that_was_probably_meant_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan_b.yaml").write_text("name: b\n")
    for word, meant in (
        ("plan_b", "plan_b.yaml"),
        ("plan_b.yml", "plan_b.yaml"),
        ("paln_b.yaml", "plan_b.yaml"),
        ("deal.yaml", "deal"),
    ):
        with pytest.raises(InputError, match=f"; did you mean '{re.escape(meant)}'"):
            load(word)
    with pytest.raises(InputError, match=r"there is no such file$"):
        load("nowhere/at_all.yaml")


def test_windows_line_ends_keep_their_lines(tmp_path: Path) -> None:
    problems = problems_in(b"\xef\xbb\xbfname: a\r\nlevers:\r\n  nerve: 2\r\n", tmp_path)
    assert problems[0].startswith("mine.yaml:3:10: ")


def test_marks_are_those_of_the_text() -> None:
    document = read_text("name: x\nlevers: {nerve: 0.5, blame_culture: {police: 1}}\n", "f.yaml")
    assert document.mark(("levers", "blame_culture", "police")) == (2, 46)
    assert document.mark(("levers", "blame_culture", "police"), at_key=True) == (2, 38)
    assert document.origin(("levers", "nerve")) == "f.yaml:2"
