"""The charts of a report as PNG pictures, drawn by a browser on this machine, each with its title and its run's mark.

It needs the `pictures` extra and a Chromium, Chrome or Edge; nothing else in dealsim does.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dealsim import browser
from dealsim.errors import InputError, StoreError
from dealsim.results import Results
from dealsim.show.plots import Chart
from dealsim.show.report import Charts
from dealsim.store import shown, why
from dealsim.text import label, slug

WIDTH, SCALE = 900, 2
_HEAD = 66
"""Pixels above a chart for its title and subtitle."""


def write_pictures(results: Results, folder: str | Path) -> list[Path]:
    """Write every chart of a report into a folder, named for what it shows and the run it comes from.

    Raises
    ------
    InputError, StoreError
        As `write_charts` does.
    """
    return write_charts(Charts(results).every(), folder, results.run_id[:8])


def write_charts(charts: Sequence[Chart], folder: str | Path, made_from: str) -> list[Path]:
    """Write charts into a folder, each named for what it shows and what it comes from.

    Raises
    ------
    InputError
        When there is no browser, or kaleido is not installed.
    StoreError
        When a picture cannot be drawn or written.
    """
    found = browser.find()
    if found is None:
        raise InputError("pictures are drawn by a browser, and no Chromium, Chrome or Edge was found; install one")
    os.environ.setdefault("BROWSER_PATH", found)
    try:
        import kaleido
    except ImportError:
        raise InputError('pictures need kaleido: python -m pip install -c constraints.txt -e ".[pictures]"') from None
    target = Path(folder)
    paths = [target / f"{slug(chart.key, 60)}-{slug(made_from, 30)}.png" for chart in charts]
    try:
        target.mkdir(parents=True, exist_ok=True)
        # kaleido would fetch MathJax from a server; nothing here needs it
        kaleido.write_fig_from_object_sync(list(map(_wanted, charts, paths)), kopts={"mathjax": False})
    except OSError as problem:
        raise StoreError(
            f"{why(problem)} while writing pictures into {shown(target)}; the data files are whole"
        ) from None
    return paths


def _wanted(chart: Chart, path: Path) -> dict[str, Any]:
    figure = titled(chart)
    size = {"format": "png", "width": WIDTH, "height": figure["layout"]["height"], "scale": SCALE}
    return {"fig": figure, "path": str(path), "opts": size}


def titled(chart: Chart) -> dict[str, Any]:
    """A chart as a figure that carries its own title and subtitle, since a picture leaves its page."""
    layout = chart.layout
    subtitle = "<br>".join(textwrap.wrap(label(chart.subtitle, 300), 120)[:2])
    title = {
        "text": f"<b>{label(chart.title, 120)}</b>", "subtitle": {"text": subtitle, "font": {"size": 12}},
        "x": 0.01, "xanchor": "left", "y": 0.98, "yanchor": "top", "font": {"size": 17}, "yref": "container",
    }  # fmt: skip
    margin = {**layout["margin"], "t": layout["margin"]["t"] + _HEAD}
    height = layout.get("height", 340) + _HEAD
    return {
        "data": chart.data,
        "layout": {**layout, "title": title, "margin": margin, "height": height, "width": WIDTH},
    }
