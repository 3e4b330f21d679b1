"""The processes that live the page's lives: each a process of its own, so that none waits for another, or for the page.

Small boroughs spend half their time in Python, where threads of one process only get in each other's way. What goes to
a process is text and numbers; what comes back is a condensed life.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from typing import Any

from dealsim.engine import branch, live
from dealsim.errors import DealsimError, StoppedError
from dealsim.plans import Plan
from dealsim.scenarios import scenario_from
from dealsim.web.life import Life, Scale, condensed, plan_of
from dealsim.web.worlds import Worlds

MOST_JOBS = 512
"""Jobs that have a flag of their own; far more than can be open at the same time."""
KEPT_WORLDS = 64
"""Burnt-in worlds that each process keeps."""


class LostWorkerError(DealsimError):
    """A process that lived something has ended by itself."""


class Hand(ProcessPoolExecutor):
    """One process; `is_ready` once it has answered: until then it may be starting or compiling, which nothing can end."""

    is_ready = False

    def answered(self, future: Future[Any]) -> None:
        """Take note of an answer."""
        self.is_ready = self.is_ready or not (future.cancelled() or future.exception())


class Hands:
    """So many processes, and a flag for each job that ends what they live for it between two weeks."""

    def __init__(self, number: int, cache: bool = True) -> None:
        self._cache = cache
        self._context = multiprocessing.get_context("spawn")
        self._ended = self._context.RawArray("b", MOST_JOBS)
        self._next = 0
        self._lock = threading.Lock()
        self._pools = [self._made() for _ in range(number)]

    def __len__(self) -> int:
        return len(self._pools)

    def _made(self) -> Hand:
        return Hand(1, self._context, initializer=_begin, initargs=(self._ended, self._cache))

    def begin(self) -> int:
        """The number of a new job."""
        with self._lock:
            number = self._next
            self._next = (self._next + 1) % MOST_JOBS
            self._ended[number] = 0
        return number

    def end(self, job: int) -> None:
        """End what is lived for a job, within a week of a life."""
        self._ended[job] = 1

    def submit(self, which: int, job: int, said: str, scale: Scale, replicate: int) -> Future[Life | None]:
        """Have one of the processes live one run of a scenario, told as JSON."""
        own = self._pools[which]
        try:
            future = _submitted(own, job, said, scale, replicate)
        except BrokenProcessPool:
            own = self.mend(which, own)
            future = _submitted(own, job, said, scale, replicate)
        future.hand = own  # type: ignore[attr-defined]
        future.add_done_callback(own.answered)
        return future

    def mend(self, which: int, broken: Hand) -> Hand:
        """Put a new process in the place of one that has ended by itself, unless that was done already."""
        with self._lock:
            if self._pools[which] is broken:
                self._pools[which] = self._made()
                broken.shutdown(wait=False, cancel_futures=True)
            return self._pools[which]

    def put_down(self, which: int, stuck: Hand) -> None:
        """End a process that does not end its work when it is told to."""
        for process in list((stuck._processes or {}).values()):
            process.kill()
        self.mend(which, stuck)

    def close(self) -> None:
        """End everything."""
        for job in range(MOST_JOBS):
            self._ended[job] = 1
        for pool in self._pools:
            pool.shutdown(wait=True, cancel_futures=True)


def _submitted(hand: Hand, *what: Any) -> Future[Life | None]:
    """Give a process something to live, starting it where it has not begun.

    The page's Ctrl-C is not for it, not even while it starts: what is blocked here is blocked in a process that begins here.
    """
    if not hasattr(signal, "pthread_sigmask"):
        return hand.submit(_lived, *what)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return hand.submit(_lived, *what)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_FLAGS: Any = None
_WORLDS = Worlds(0, False)


def _begin(flags: Any, cache: bool) -> None:
    """Set up a process, which ends with the page and not by its Ctrl-C."""
    global _FLAGS, _WORLDS
    _FLAGS, _WORLDS = flags, Worlds(KEPT_WORLDS, cache)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(0)

    threading.Thread(target=follow, daemon=True).start()


def _lived(job: int, said: str, scale: Scale, replicate: int) -> Life | None:
    """One run, condensed; None when its job was ended."""

    def stop() -> bool:
        return bool(_FLAGS[job])

    if stop():
        return None
    made = _plan(said, scale)
    try:
        start = _WORLDS.of(made, 0, replicate, stop)
    except StoppedError:
        return None
    policy = made.scenarios[0].policy(made.weeks, start.borough.place_names, made.place.place_names)
    world = branch(start, policy, made.life_seed(replicate), made.weeks, made.parameters_of(0, replicate))
    live(world, made.weeks, stop)
    return None if stop() else condensed(world)


@lru_cache(maxsize=64)
def _plan(said: str, scale: Scale) -> Plan:
    scenario = scenario_from(json.loads(said))
    return plan_of([scenario], scale, scenario.rivals)
