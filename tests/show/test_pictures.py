"""Pictures of a report's charts, drawn by a browser on this machine."""

from __future__ import annotations

import pytest

from dealsim import browser
from dealsim.errors import InputError
from dealsim.show import pictures
from dealsim.show.report import Charts


@pytest.mark.browser
def test_every_chart_becomes_a_picture_named_for_it_and_its_run(chromium, lived, tmp_path, monkeypatch):
    few = Charts(lived)
    monkeypatch.setattr(pictures, "Charts", lambda results: few)
    few.every = lambda: [few.groups[0], few.flows[0], few.lives[0].chart]  # one of each kind is enough here
    written = pictures.write_pictures(lived, tmp_path / "png")
    assert len(written) == 3
    for path in written:
        assert path.name.endswith(f"-{lived.run_id[:8]}.png")
        assert path.read_bytes().startswith(b"\x89PNG")


def test_a_picture_carries_its_own_title_and_the_mark_of_its_run(lived):
    for chart in Charts(lived).every():
        layout = pictures.titled(chart)["layout"]
        assert chart.title[:20].split("<")[0] in layout["title"]["text"]
        assert any(lived.run_id[:8] in note["text"] for note in layout["annotations"])


def test_without_a_browser_it_says_what_is_missing(lived, tmp_path, monkeypatch):
    monkeypatch.setattr(browser, "find", lambda: None)
    with pytest.raises(InputError, match="no Chromium, Chrome or Edge"):
        pictures.write_pictures(lived, tmp_path)
