"""The front page keeps its word: its commands are well formed, and what it says holds. `test_pages.py` runs it."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dealsim.scenarios import load
from dealsim.scenarios.shape import SHOCK_MODELS, scenario_model
from dealsim.version import __version__

if TYPE_CHECKING:
    from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def command_after(marker: str) -> str:
    """The one line of the shell block that follows a marker."""
    found = re.search(rf"<!-- {marker} -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    assert found, f"README.md has no block after <!-- {marker} -->"
    return found.group(1)


@pytest.mark.parametrize("marker", ["the main job", "the tests"])
def test_a_command_is_one_line_that_a_shell_can_read(marker):
    command = command_after(marker)
    assert "\n" not in command, "paste must be one line"
    assert command.startswith("python3 -m venv .venv && ")
    assert "-c constraints.txt" in command, "installs what was tested"
    subprocess.run(["bash", "-n", "-c", command], check=True)


def test_the_first_command_does_the_main_job_and_the_second_tests():
    assert command_after("the main job").endswith(".venv/bin/dealsim compare cuts_only deal")
    assert command_after("the tests").endswith(".venv/bin/python -m pytest -n 2")
    assert README.index("<!-- the main job -->") < README.index("<!-- the tests -->") < README.index("\n## ")


def test_the_check_on_a_bare_machine_uses_the_same_words():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "<!-- the tests -->" in script
    assert ".venv/bin/python -m pytest" not in script, "the command is read from README.md, not copied"
    program = re.search(r"awk '(.+?)' README\.md", script)
    assert program
    told = subprocess.run(["awk", program.group(1), "README.md"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert told.stdout.rstrip("\n") == command_after("the tests")


def test_the_powershell_forms_say_the_same_and_that_they_are_untested():
    blocks = re.findall(r"```powershell\n(.*?)\n```", README, re.DOTALL)
    assert len(blocks) == 2
    assert "(untested)" in README
    assert "dealsim compare cuts_only deal" in blocks[0]
    assert "-m pytest" in blocks[1]
    for block in blocks:
        assert "\n" not in block and "constraints.txt" in block


def test_the_front_page_says_what_the_figures_are_not():
    assert "not fitted to Wigan" in README and "effects of a Deal are not validated" in README


def test_verbs_on_the_front_page_exist():
    from dealsim.__main__ import app

    verbs = {command.name or command.callback.__name__ for command in app.registered_commands}
    for verb in re.findall(r"`dealsim (\w+)", README):
        assert verb in verbs, f"README.md names `dealsim {verb}`"


def test_one_version_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = project.get("version", __version__)
    assert told == __version__
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_the_changelog_can_say_that_results_change():
    assert "### Results change" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def pinned() -> dict[str, str]:
    """Every package the constraints pin for this Python."""
    from packaging.requirements import Requirement

    found = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            wanted = Requirement(line)
            assert str(wanted.specifier).startswith("=="), f"constraints.txt does not pin {wanted.name} exactly"
            if wanted.marker is None or wanted.marker.evaluate():
                found[plain(wanted.name)] = str(wanted.specifier)[2:]
    return found


def needs(extra: str = "") -> list[Requirement]:
    """What the package asks for, or an extra of it, extras that it takes in included."""
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = []
    for line in project["optional-dependencies"][extra] if extra else project["dependencies"]:
        need = Requirement(line)
        if need.name == project["name"]:
            found += [inner for name in sorted(need.extras) for inner in needs(name)]
        else:
            found.append(need)
    return found


def plain(name: str) -> str:
    return name.lower().replace("_", "-")


@pytest.mark.parametrize("extra", ["", "pictures", "sweep", "dev"])
def test_everything_the_package_needs_is_pinned_within_its_bounds(extra):
    for need in needs(extra):
        name = plain(need.name)
        assert name in pinned(), f"constraints.txt does not pin {name}"
        assert need.specifier.contains(pinned()[name]), f"{name} is pinned outside {need.specifier}"


@pytest.mark.parametrize("extra", ["", "sweep", "dev"])
def test_what_that_needs_in_turn_is_pinned_too(extra):
    from importlib.metadata import PackageNotFoundError, requires

    from packaging.requirements import Requirement

    seen: set[tuple[str, str]] = set()
    todo = needs(extra)
    while todo:
        need = todo.pop()
        if (plain(need.name), str(need.extras)) in seen:
            continue
        seen.add((plain(need.name), str(need.extras)))
        assert plain(need.name) in pinned(), f"constraints.txt does not pin {need.name}"
        try:
            lines = requires(need.name) or []
        except PackageNotFoundError:
            print(f"{need.name} is not installed, so what it needs is not looked at")
            continue
        for inner in map(Requirement, lines):
            named = need.extras or {""}
            if inner.marker is None or any(inner.marker.evaluate({"extra": one}) for one in named):
                todo.append(inner)


def test_whoever_tests_has_what_sweeps_and_pictures_need():
    names = {need.name for need in needs("dev")}
    assert {need.name for extra in ("sweep", "pictures") for need in needs(extra)} <= names


def test_what_no_sweep_can_do_without_is_in_the_extra():
    from dealsim.sweeps.plan import EXTRA, INSTALL_EXTRA

    assert {plain(name) for name in EXTRA} <= {plain(need.name) for need in needs("sweep")}
    assert "[sweep]" in INSTALL_EXTRA and "constraints.txt" in INSTALL_EXTRA


def test_a_sweep_without_the_extra_says_how_to_get_it(monkeypatch, tmp_path, capsys):
    import importlib.util

    from dealsim import __main__ as command
    from dealsim.sweeps.plan import INSTALL_EXTRA

    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "SALib" else there(name, *more)
    )
    file = tmp_path / "one.yaml"
    file.write_text("name: one\nbase: deal\nfactors: {nerve: {}}\ndesign: {kind: morris, trajectories: 2}\n")
    assert command._exit_code(["sweep", str(file)]) == 2
    assert capsys.readouterr().err.splitlines() == [f"error: sweeps need more than is installed: {INSTALL_EXTRA}"]


def test_the_core_is_small():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    core = text.split("# To run")[1].split("\n# ")[0]
    names = {line.split("==")[0] for line in core.splitlines() if "==" in line}
    assert len(names) < 40


def scenario_page() -> str:
    return (ROOT / "docs" / "scenario.md").read_text(encoding="utf-8")


def test_the_scenario_of_the_page_does_what_it_says(tmp_path):
    block = re.search(r"```yaml title=\"my_scenario.yaml\"\n(.*?)```", scenario_page(), re.DOTALL).group(1)
    file = tmp_path / "my_scenario.yaml"
    file.write_text(block, encoding="utf-8")
    scenario = load(file)
    policy = scenario.policy(520, ("Leigh",))
    assert policy.permission_to_innovate[207, 0] == pytest.approx(0.15) and policy.permission_to_innovate[313, 0] == 0.8
    assert policy.asset_based_training[200].tolist() == [16, 8, 8, 8, 8, 8]
    assert policy.demand.max() == 1.3


@pytest.mark.parametrize("entry", re.findall(r"`(\{lever: .*?\})`", scenario_page()))
def test_a_form_of_the_page_is_a_form(entry, tmp_path):
    file = tmp_path / "one.yaml"
    file.write_text(f"name: one\nschedule:\n  - {entry}\n", encoding="utf-8")
    policy = load(file).policy(520, ("Leigh",))
    assert set(policy.nerve[:104, 0]) == {0.3} and policy.nerve[104:, 0].max() == pytest.approx(0.8)


def test_the_page_of_scenarios_knows_every_part_and_shock():
    page = scenario_page()
    for name in scenario_model().model_fields:
        if name != "format":
            assert f"`{name}`" in page, f"docs/scenario.md does not say what `{name}` is"
    for kind, model in SHOCK_MODELS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{kind}`"))
        for field in model.model_fields:
            assert field in ("kind", "at") or f"`{field}`" in row, f"{kind} has a part `{field}`"
