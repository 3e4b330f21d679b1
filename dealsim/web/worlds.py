"""Keeps the newest of what takes long to make: lives for the page, and the burnt-in boroughs in which lives begin."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from dealsim.engine import World
from dealsim.plans import Plan
from dealsim.starts import burnt_in


class Kept:
    """The newest so many things by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: OrderedDict[Any, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any) -> Any:
        """What is kept under a key, or None."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
            return self._things.get(key)

    def keep(self, key: Any, thing: Any) -> None:
        """Keep a thing, and let go of the oldest where there are too many."""
        with self._lock:
            self._things[key] = thing
            self._things.move_to_end(key)
            while len(self._things) > self._most:
                self._things.popitem(last=False)


class Worlds:
    """Burnt-in boroughs, about 3 MB each at 3,000 citizens."""

    def __init__(self, most: int, cache: bool) -> None:
        self._kept = Kept(most)
        self._cache = cache

    def of(self, made: Plan, at: int, replicate: int, stop: Callable[[], bool]) -> World:
        """The borough in which a run of a plan begins.

        Raises
        ------
        StoppedError
        """
        parameters, seed = made.parameters_of(at, replicate), made.borough_seed(replicate)
        key = (parameters, seed, made.size)
        found: World | None = self._kept.get(key)
        if found is None:
            found = burnt_in(made.place, made.size, seed, parameters, self._cache, lambda _: None, stop)
            self._kept.keep(key, found)
        return found
