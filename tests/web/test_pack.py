"""The page as one file: opened from disk with the network off, it shows real runs and says when they are not what was asked."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re

import numpy as np
import pytest

from dealsim.errors import InputError, StoppedError
from dealsim.scenarios import load
from dealsim.web import pack as packing
from dealsim.web.dials import BASES, DIALS, PRESETS
from dealsim.web.pack import LEVELS, MODULES, PLACEHOLDER, pack, point_scenario, script_of
from dealsim.web.server import PAGE
from dealsim.web.understand import moved_parts
from tests.web.conftest import TINY, Open

FEW = 6


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A file with a few points, stopped once on the way and gone on with."""
    out = tmp_path_factory.mktemp("pack") / "workshop.html"
    told = itertools.count()
    with pytest.raises(StoppedError):
        pack(out, scale=TINY, points=FEW, workers=2, stop=lambda: next(told) > 3_000)
    assert not out.exists(), "half a file was left"
    pack(out, scale=TINY, points=FEW, workers=2)
    return out


def test_stopping_and_going_on_gives_the_same_bytes(packed, tmp_path):
    again = tmp_path / "again.html"
    pack(again, scale=TINY, points=FEW, workers=1)
    assert again.read_bytes() == packed.read_bytes()
    assert not again.with_name("again-parts").exists()


def test_it_opens_from_disk_with_no_network_and_no_fault(chromium, packed):
    own = Open(chromium, packed.as_uri(), offline=True)
    assert not own.faults, own.faults
    assert all(url.startswith(("file:", "data:", "blob:")) for url in own.asked)
    assert "Nothing is moved yet" in own.text("headline")
    own.page.locator("#begins").select_option(PRESETS[-1])
    own.ready()
    assert PLACEHOLDER not in own.page.content().split('id="packed"')[0]
    assert "10 of 10" in own.text("count") or f"{TINY.pairs} of {TINY.pairs}" in own.text("count")
    own.page.locator("[data-shows=view-people]").check()
    own.page.locator("#people .notice, #people [role=status]").first.wait_for()
    own.page.locator("[data-shows=view-network]").check()
    own.page.locator("#network figure").first.wait_for()
    assert not own.faults, own.faults
    own.context.close()


def test_views_that_follow_each_other_fast_are_no_fault(chromium, packed):
    """A chart is let go of only when it has been drawn."""
    own = Open(chromium, packed.as_uri(), offline=True)
    for view in ("people", "why", "network", "flows"):
        own.page.locator(f"[data-shows=view-{view}]").check()
        for name in PRESETS[-2:] * 3:
            own.page.locator("#begins").select_option(name)
            own.page.wait_for_timeout(20)
    own.ready()
    own.page.wait_for_timeout(500)
    assert not own.faults, own.faults
    own.context.close()


def test_between_its_points_it_says_which_runs_it_shows(chromium, packed):
    own = Open(chromium, packed.as_uri(), offline=True)
    chosen = next(at for at in range(1, len(LEVELS)) if _holds(packed, at))
    for dial, level in zip(DIALS.values(), LEVELS[chosen], strict=True):
        own.move(dial.name, dial.levels[level])
    assert own.page.locator("#near").is_hidden() and "under A" in own.text("headline")
    first = next(iter(DIALS.values()))
    level = LEVELS[chosen][0]
    own.move(first.name, first.levels[level] + 0.05)
    assert "nearest real runs" in own.text("near") and first.label in own.text("near")
    assert "nearest real runs" in own.page.locator("#figure-contacts_per_1000 .chart").text_content()
    own.context.close()


def test_a_ready_scenario_is_told_apart_by_lever(chromium, packed):
    own = Open(chromium, packed.as_uri(), offline=True)
    own.page.locator("#begins").select_option(PRESETS[-1])
    own.ready()
    own.page.locator("[data-shows=view-why]").check()
    own.page.locator("#why figure").first.wait_for()
    found = {part["label"] for measure in _data(packed)["points"][-1]["why"] for part in measure["parts"]}
    assert found == set(moved_parts(load(BASES[0]), load(PRESETS[-1])))
    own.context.close()


def _data(packed):
    return json.loads(re.search(r'id="packed">(.*?)</script>', packed.read_text(encoding="utf-8"), re.DOTALL)[1])


def _holds(packed, at):
    return _data(packed)["points"][at] is not None


def test_what_it_does_not_hold_it_refuses_and_keeps_what_is_shown(chromium, packed):
    own = Open(chromium, packed.as_uri(), offline=True)
    own.page.locator("#begins").select_option(PRESETS[-1])
    own.ready()
    own.move("blame_culture", 0.5)
    assert "only as it is" in own.text("trouble")
    own.context.close()


def test_the_one_script_is_allowed_by_its_hash(packed):
    text = packed.read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text and "unsafe-eval" not in text
    assert not re.search(r'(src|href)="(?!data:|#)', text.split('id="packed"')[0])


def test_the_modules_of_the_page_are_all_joined_and_no_name_is_used_twice():
    assert sorted(MODULES) == sorted(path.stem for path in PAGE.glob("*.js"))
    names: dict[str, str] = {}
    seen: list[str] = []
    for module in MODULES:
        text = (PAGE / f"{module}.js").read_text(encoding="utf-8")
        for other in re.findall(r'^import .* from "\./(\w+)\.js";$', text, re.MULTILINE):
            assert other in seen, f"{module} comes before {other}"
        seen.append(module)
        for name in re.findall(r"^(?:export )?(?:async )?(?:const|let|class|function) (\w+)", text, re.MULTILINE):
            assert name not in names, f"{name} is in {module} and {names[name]}"
            names[name] = module
    assert "import " not in script_of().rsplit('"use strict";', 1)[1].split("\n")[1]


def test_curves_keep_four_figures_in_sixteen_bits():
    values = np.random.default_rng(1).normal(500, 40, (30, 12))
    rows = values.tolist()
    rows[3][4] = None
    told = packing._packed(rows, 12)
    whole = np.frombuffer(base64.b64decode(told["values"]), "<u2").astype(float)
    back = np.where(whole == 65_535, np.nan, told["low"] + whole * told["step"]).reshape(30, 12)
    assert np.isnan(back[3, 4])
    back[3, 4] = values[3, 4]
    assert np.abs(back - values).max() <= told["step"] / 2 + 1e-9


def test_the_grid_is_every_mix_of_three_levels():
    assert len(LEVELS) == 729 == len(set(LEVELS))
    assert point_scenario(0).as_dict()["levers"] == point_scenario(0).as_dict()["levers"]
    far = point_scenario(728)
    assert all(far.levers[name] == dial.levels[2] for dial in DIALS.values() for name in dial.moves)


@pytest.mark.parametrize("name", ["x.txt", "no/such/folder/x.html", "x"])
def test_a_file_that_cannot_be_is_refused_before_anything_is_lived(tmp_path, name):
    with pytest.raises(InputError):
        pack(tmp_path / name, scale=TINY)
