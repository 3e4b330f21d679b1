"""Where a life starts: a borough after burn-in, from the ones kept on this machine or lived anew.

It knows no scenario; `dealsim.engine` burns in and `dealsim.checkpoints` keeps.
"""

from __future__ import annotations

from collections.abc import Callable

from dealsim import checkpoints
from dealsim.engine import BURN_IN_WEEKS, World, burn_in, restore, state_arrays
from dealsim.parameters import Parameters
from dealsim.places import PlaceInput


def burnt_in(
    place: PlaceInput,
    size: int,
    borough_seed: int,
    parameters: Parameters,
    cache: bool,
    notice: Callable[[str], None],
    stop: Callable[[], bool] | None = None,
    count: Callable[[int], None] | None = None,
) -> World:
    """A borough at week 0, the same to the bit whether it was kept or is burnt in now.

    `notice` is told of a kept borough that was damaged, `count` of weeks of burn-in as they are lived.

    Raises
    ------
    StoppedError
        When `stop` says so before it is ready.
    """
    if not cache:
        return burn_in(place, size, borough_seed, parameters, stop=stop, count=count)
    key = checkpoints.key_of(place, size, borough_seed, parameters, BURN_IN_WEEKS)
    arrays = checkpoints.fetch(key, notice)
    if arrays is not None:
        return restore(arrays, parameters, borough_seed)
    world = burn_in(place, size, borough_seed, parameters, stop=stop, count=count)
    checkpoints.keep(key, state_arrays(world))
    return world
