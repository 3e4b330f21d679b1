"""What a piece of work would take, as data and in lines, for those who ask before they begin. It begins nothing."""

from __future__ import annotations

from typing import Any

from dealsim.show.terminal import time_in_words
from dealsim.show.words import count


def patterns_said(needed: Any, sets: int, boroughs: int, size: int) -> tuple[dict[str, Any], list[str]]:
    """What checking the model against patterns would take."""
    data = {
        "runs": needed.runs, "burn_ins": needed.burn_ins, "minutes": round(needed.minutes, 2),
        "memory_mb": round(needed.memory_mb), "size": size, "sets": sets, "boroughs": boroughs,
    }  # fmt: skip
    line = (
        f"{count(sets, 'parameter set')}, each in {count(boroughs, 'borough')} of {size:,} citizens: "
        f"{count(needed.runs, 'run')}; about {time_in_words(60 * needed.minutes)} and {needed.memory_mb:,.0f} MB of memory. "
        "Nothing was run."
    )
    return data, [line]


def sweep_said(made: Any, needed: Any, workers: int) -> tuple[dict[str, Any], list[str]]:
    """What a sweep would take."""
    asked = made.asked
    data = {
        "name": asked.name, **{name: round(value, 3) for name, value in vars(needed).items()}, "workers": workers,
        "size": asked.size, "years": asked.years, "replicates": asked.replicates, "design": asked.design.as_dict(),
        "factors": [factor.as_dict() for factor in asked.factors],
    }  # fmt: skip
    lines = [
        f"{asked.design.kind.replace('_', ' ')}: {count(needed.points, 'point')} of {count(len(asked.factors), 'factor')}, "
        f"{count(len(asked.scenarios), 'scenario')}, {count(asked.replicates, 'replicate')}: {count(needed.runs, 'run')} "
        f"of {asked.size:,} citizens over {count(asked.years, 'year')}, and {count(needed.burn_ins, 'borough')} to burn in.",
        f"About {time_in_words(3600 * needed.hours)} with {count(workers, 'worker')}, {needed.memory_mb:,.0f} MB of memory "
        f"and {needed.disk_mb:,.0f} MB of disk. Nothing was run.",
    ]
    if asked.stop_at:
        lines.append(
            f"More replicates are added until half the interval of {asked.stop_at.metric} is {asked.stop_at.error:g}."
        )
    return data, lines
