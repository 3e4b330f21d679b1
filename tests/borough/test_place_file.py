"""A user's own place: what a file may hold, and what it is told when it holds something else."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealsim import places
from dealsim.errors import InputError
from dealsim.people import draw_people
from dealsim.places import PlaceInput, margin_rows, read_place, shipped
from dealsim.places.make_wigan import variance_between, wigan_csv

GOOD = """name,place,population,deprivation_rank
Mill Lane,North,1650,1204
Canal Side,North,1480,30001
The Green,South,1720,15000
"""


def written(folder, text):
    file = folder / "my_place.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def problems_of(folder, text, rank_of=None):
    with pytest.raises(InputError) as caught:
        read_place(written(folder, text), rank_of)
    for line in caught.value.problems:
        assert line.startswith("my_place.csv: ")
        assert line.isprintable()
    return [line.removeprefix("my_place.csv: ") for line in caught.value.problems]


def test_a_plain_file_is_read_as_it_stands(tmp_path):
    place = read_place(written(tmp_path, GOOD))
    assert place.name == "my_place"
    assert place.names == ("Mill Lane", "Canal Side", "The Green")
    assert place.place_names == ("North", "South")
    assert place.place.tolist() == [0, 0, 1]
    assert place.population.tolist() == [1650, 1480, 1720]
    assert place.fifth.tolist() == [0, 4, 2]
    assert place.rank_of == 32844
    assert place.deprivation[0] == pytest.approx(1 - 1203.5 / 32844)
    assert place.file_name == "my_place.csv" and len(place.sha256) == 64


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n"),
        GOOD + "\n\n,,,\n",
        GOOD.replace("name,place", " Name , PLACE "),
        GOOD.replace("Mill Lane", '"Mill Lane"'),
        GOOD.replace(",1650", ", 1650 "),
    ],
    ids=["byte order mark", "Windows lines", "blank rows", "capitals in heading", "quotes", "spaces"],
)
def test_what_a_spreadsheet_may_add_changes_nothing(tmp_path, text):
    place = read_place(written(tmp_path, text))
    assert place.names[0] == "Mill Lane" and place.population.tolist() == [1650, 1480, 1720]


def test_one_neighbourhood_is_a_place(tmp_path):
    place = read_place(written(tmp_path, "name,place,population,deprivation_rank\nA,B,1,1\n"), rank_of=1)
    people = draw_people(place, 3000, seed=1, n_places=1)
    assert people.neighbourhoods.names == ("A",) and people.place_names == ("B",)


def test_optional_columns_are_used(tmp_path):
    text = (
        "name,place,area,population,deprivation_rank,rank_of,share_65_plus,share_long_term_condition,code\n"
        "A,P,X,2000,1,10,0.5,0.1,E01\nB,P,X,2000,10,10,0,0.6,E02\nC,P,Y,2000,5,10,,,E03\n"
    )
    place = read_place(written(tmp_path, text))
    assert place.rank_of == 10 and place.area_names == ("X", "Y")
    assert place.ignored_columns == ("code",)
    people = draw_people(place, 6000, seed=1, n_places=1)
    for row, older, ill in ((0, 0.5, 0.1), (1, 0.0, 0.6)):
        here = people.neighbourhood == row
        assert np.mean(people.age_band[here] >= 6) == pytest.approx(older, abs=0.002)
        assert np.mean(people.long_term_condition[here]) == pytest.approx(ill, abs=0.05)
    assert 0.1 < np.mean(people.age_band[people.neighbourhood == 2] >= 6) < 0.25


ROW_2 = "Mill Lane,North,1650,1204"
BAD = {
    "no population column": (GOOD.replace("population", "head"), ["row 1: column population is missing"]),
    "two columns missing": (
        "name,population\nA,1\n",
        ["row 1: column place is missing", "row 1: column deprivation_rank is missing"],
    ),
    "a column under another name": (
        GOOD.replace("population", "population_2011"),
        ["row 1: column population is missing; is it the one called 'population_2011'?"],
    ),
    "a misspelt optional column": (
        "name,place,population,deprivation_rank,share_65plus\nA,B,1,1,0.2\n",
        ["row 1: column 'share_65plus' is not known; did you mean share_65_plus?"],
    ),
    "a column twice": (
        "name,place,population,deprivation_rank,population\nA,B,1,1,2\n",
        ["row 1: column population stands there 2 times"],
    ),
    "text in a number": (
        GOOD.replace("1650", "many"),
        ["row 2, column population: 'many' is not a number"],
    ),
    "a number with a fraction": (
        GOOD.replace("1480", "1480.5"),
        ["row 3, column population: '1480.5' is not a whole number"],
    ),
    "an exponent": (GOOD.replace("1480", "1e3"), ["row 3, column population: '1e3' is not a whole number"]),
    "a thousands separator": (
        GOOD.replace("1650", '"1,650"'),
        ["row 2, column population: '1,650' must be written without separators"],
    ),
    "nan": (GOOD.replace("1204", "nan"), ["row 2, column deprivation_rank: 'nan' is not a number"]),
    "inf": (GOOD.replace("1650", "inf"), ["row 2, column population: 'inf' is not a number"]),
    "digits of another script": (
        GOOD.replace("1650", "١٦٥٠"),
        ["row 2, column population: '١٦٥٠' is not a number"],
    ),
    "an empty number": (GOOD.replace("1650", ""), ["row 2, column population: is empty"]),
    "nobody": (GOOD.replace("1720", "0"), ["row 4, column population: 0 is below 1"]),
    "fewer than nobody": (GOOD.replace("1720", "-5"), ["row 4, column population: -5 is below 1"]),
    "a neighbourhood too large": (
        GOOD.replace("1720", "10000000"),
        [
            "row 4, column population: 10,000,000 is above 2,000,000",
        ],
    ),
    "a number too long": (
        GOOD.replace("1720", "9" * 5000),
        [f"row 4, column population: '{'9' * 39}…' is too large"],
    ),
    "too many in all": (
        GOOD.replace("1650", "1999999"),
        ["column population: 2,003,199 residents in all; at most 2,000,000 may be"],
    ),
    "rank above rank_of": (
        GOOD.replace("30001", "32845"),
        ["row 3, column deprivation_rank: 32845 is above rank_of, 32844"],
    ),
    "rank 0": (GOOD.replace("1204", "0"), ["row 2, column deprivation_rank: 0 is below 1"]),
    "a name twice": (
        GOOD.replace("The Green", "Mill Lane"),
        ["row 4, column name: 'Mill Lane' is already in row 2"],
    ),
    "no name": (GOOD.replace("Mill Lane", " "), ["row 2, column name: is empty"]),
    "no place": (GOOD.replace("South", ""), ["row 4, column place: is empty"]),
    "a name too long": (
        GOOD.replace("Mill Lane", "x" * 81),
        ["row 2, column name: has 81 characters; at most 80 are allowed"],
    ),
    "a line break in a name": (
        GOOD.replace("Mill Lane", '"Mill\nLane"'),
        ["row 2, column name: holds a control character"],
    ),
    "a name that turns text round": (
        GOOD.replace("Mill Lane", "Mill\u202eLane"),
        ["row 2, column name: holds a control character"],
    ),
    "an escape sequence": (
        GOOD.replace("Mill Lane", "Mill\x1b[31mLane"),
        ["row 2, column name: holds a control character"],
    ),
    "a value too few": (
        GOOD.replace(ROW_2, "Mill Lane,North,1650"),
        ["row 2: has 3 values; the heading has 4"],
    ),
    "a value too many": (GOOD.replace(ROW_2, ROW_2 + ",x"), ["row 2: has 5 values; the heading has 4"]),
    "an empty file": ("", ["the file is empty"]),
    "only blanks": ("\n , ,\n", ["the file is empty"]),
    "only a heading": (GOOD.splitlines()[0], ["the file has a heading and no neighbourhoods"]),
    "semicolons": (GOOD.replace(",", ";"), ["row 1: the columns must be separated by commas"]),
    "an open quote": (
        GOOD.replace("The Green", '"The Green'),
        ["row 4: is not well-formed CSV (unexpected end of data)"],
    ),
    "another encoding": (
        GOOD.replace("The Green", "Café").encode("latin-1"),
        ["row 4: is not in UTF-8; save the file as 'CSV UTF-8'"],
    ),
    "UTF-16": (GOOD.encode("utf-16"), ["the file is in UTF-16; save it as 'CSV UTF-8'"]),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ["the file is not text; save it as 'CSV UTF-8'"]),
    "two totals of ranks": (
        "name,place,population,deprivation_rank,rank_of\nA,B,1,1,10\nC,B,1,1,20\n",
        ["row 3, column rank_of: 20 differs from 10 in row 2"],
    ),
    "a share above 1": (
        "name,place,population,deprivation_rank,share_65_plus\nA,B,1,1,18\n",
        ["row 2, column share_65_plus: '18' is not a share between 0 and 1 (write 0.18 for 18 %)"],
    ),
    "a share that is text": (
        "name,place,population,deprivation_rank,share_65_plus\nA,B,1,1,-nan\n",
        ["row 2, column share_65_plus: '-nan' is not a share between 0 and 1"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_told_what_is_wrong_and_where(tmp_path, case):
    text, expected = BAD[case]
    assert problems_of(tmp_path, text) == expected


def _documented():
    for line in (Path(__file__).parents[2] / "docs" / "place.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| `") and " | " in line:
            message = line.removeprefix("| `").split("` | ")[0]
            yield re.compile(".*".join(re.escape(part) for part in message.split("…")) + "$")


def test_every_message_is_explained_in_the_documentation():
    documented = list(_documented())
    for case, (_, expected) in BAD.items():
        for line in expected:
            assert any(message.match(line) for message in documented), f"{case}: {line}"


def test_the_example_in_the_documentation_is_a_place(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "place.md").read_text(encoding="utf-8")
    example = re.search(r"```csv[^\n]*\n(.*?)```", page, re.DOTALL).group(1)
    assert read_place(written(tmp_path, example)).place_names == ("North", "South")


def test_every_problem_is_told_at_once(tmp_path):
    text = "name,place,population,deprivation_rank\nA,P,x,0\nA,,-1,99999\nB,P,1\nC,P,2.5,7\n"
    assert problems_of(tmp_path, text) == [
        "row 2, column population: 'x' is not a number",
        "row 2, column deprivation_rank: 0 is below 1",
        "row 3, column place: is empty",
        "row 3, column name: 'A' is already in row 2",
        "row 3, column population: -1 is below 1",
        "row 4: has 3 values; the heading has 4",
        "row 5, column population: '2.5' is not a whole number",
        "row 3, column deprivation_rank: 99999 is above rank_of, 32844",
    ]


def test_a_flood_of_problems_is_cut_short_and_counted(tmp_path):
    text = "name,place,population,deprivation_rank\n" + "".join(f"n{k},P,x,1\n" for k in range(250))
    found = problems_of(tmp_path, text)
    assert len(found) == 101 and found[-1] == "and 150 more problems"


def test_rank_of_asked_for_and_rank_of_in_the_file_must_agree(tmp_path):
    text = "name,place,population,deprivation_rank,rank_of\nA,B,1,1,10\n"
    assert problems_of(tmp_path, text, 20) == ["row 2, column rank_of: 10 differs from the 20 asked for"]
    assert read_place(written(tmp_path, text), 10).rank_of == 10
    with pytest.raises(InputError, match="rank_of is 0"):
        read_place(written(tmp_path, GOOD), 0)


def test_files_that_are_none(tmp_path):
    for path, said in (
        (tmp_path / "absent.csv", "there is no such file"),
        (tmp_path, "is a folder"),
        (str(tmp_path / "a\0b"), "is not the name of a file"),
    ):
        with pytest.raises(InputError, match=said):
            read_place(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="is not an ordinary file"):
        read_place(tmp_path / "pipe.csv")


def test_a_huge_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "LARGEST_FILE", 100)
    assert problems_of(tmp_path, GOOD) == ["has more than 100 bytes"]


def test_too_many_neighbourhoods_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "MOST_NEIGHBOURHOODS", 2)
    assert problems_of(tmp_path, GOOD) == ["the file has 3 neighbourhoods; at most 2 may be"]


CELLS = st.one_of(
    st.text(max_size=12),
    st.integers(-10, 3_000_000).map(str),
    st.sampled_from(["", "nan", "inf", "-0", "1e5", "0.5", '"', "'", ",", "\n", "=1+1", "\ufeff", "😀", "A" * 90]),
)


@given(row=st.integers(0, 3), column=st.integers(0, 3), cell=CELLS)
def test_whatever_stands_in_a_cell_is_read_or_refused_with_a_reason(tmp_path_factory, row, column, cell):
    table = [line.split(",") for line in GOOD.splitlines()]
    table[row][column] = cell
    text = "\n".join(",".join(line) for line in table).encode("utf-8", "replace")
    accept(tmp_path_factory.mktemp("place"), text)


@given(raw=st.binary(max_size=200), at=st.integers(0, 140), cut=st.integers(0, 40))
def test_whatever_bytes_a_file_has_it_is_read_or_refused_with_a_reason(tmp_path_factory, raw, at, cut):
    good = GOOD.encode()
    accept(tmp_path_factory.mktemp("place"), good[:at] + raw + good[at + cut :])


def accept(folder, raw):
    try:
        place = read_place(written(folder, raw))
    except InputError as refused:
        assert refused.problems and all(line.strip() and line.isprintable() for line in refused.problems)
        return
    assert isinstance(place, PlaceInput)
    assert len(set(place.names)) == len(place.names) == len(place.population) > 0
    assert (place.population > 0).all() and place.population.sum() <= 2_000_000
    assert ((place.deprivation_rank >= 1) & (place.deprivation_rank <= place.rank_of)).all()
    assert all(0 < len(name) <= 80 for name in place.names + place.place_names)


def test_a_place_that_is_not_shipped_is_refused_by_name():
    with pytest.raises(InputError, match="no place called 'bolton' is shipped; there is wigan"):
        shipped("bolton")


def test_the_shipped_wigan_is_what_its_script_makes():
    file = places._FOLDER / "wigan.csv"
    assert file.read_text(encoding="utf-8") == wigan_csv(), "run python -m dealsim.places.make_wigan"


def test_the_shipped_wigan_matches_what_is_published():
    place = shipped("wigan")
    margins = place.margins
    assert len(place.names) == 200 and len(place.area_names) == 40 and len(place.place_names) == 7
    assert place.population.sum() == margins.population
    of_place = np.bincount(place.place, place.population)
    assert of_place.min() >= 44_000 and of_place.max() <= 50_000
    assert np.bincount(place.fifth).tolist() == [60, 46, 32, 36, 26]
    shares = np.bincount(place.fifth, place.population) / place.population.sum()
    assert np.abs(shares - margins.fifth_share).max() < 0.001
    between = variance_between(place.area.tolist(), place.deprivation_rank.tolist())
    assert between == pytest.approx(margins.rank_variance_between_areas, abs=0.05)


def test_shares_that_are_parts_of_a_whole_add_up_to_it():
    margins = shipped("wigan").margins
    for name in ("age_share", "fifth_share", "household_share", "large_household_share", "lone_parent_size"):
        assert sum(getattr(margins, name)) == pytest.approx(1, abs=0.0005), name


def test_every_margin_has_a_year_a_source_and_a_grade():
    for row in margin_rows():
        assert row.year.isdigit() and row.source.startswith("src-") and row.meaning and row.unit
        assert row.grade in ("official", "derived", "assumed")
