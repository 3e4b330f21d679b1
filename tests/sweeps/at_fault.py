"""Ways for a batch to go wrong in a worker: runs that raise, runs that kill, and one that kills only once."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from dealsim.sweeps import jobs

RAISES, KILLS, KILLS_ONCE = 0.35, 0.55, 0.75
"""Values of `blame_culture` at which a run goes wrong."""


def one_fails(context, batch, attempts=1):
    """As a batch is lived, but a run with that blame raises an error."""
    real = jobs.lived

    def lived(context, wanted):
        if RAISES in wanted.values:
            raise ArithmeticError("a run made to fail")
        return real(context, wanted)

    jobs.lived = lived
    try:
        return jobs.live_batch(context, batch, attempts)
    finally:
        jobs.lived = real


def one_kills(context, batch, attempts=1):
    """As above, and a run with another blame kills its worker each time it is tried."""
    if any(KILLS in wanted.values for wanted in batch):
        os.kill(os.getpid(), signal.SIGKILL)
    return one_fails(context, batch, attempts)


def one_kills_once(context, batch, attempts=1):
    """A run kills the worker that is first to try it."""
    mark = Path(context.asked.header["question"])
    if not mark.exists() and any(KILLS_ONCE in wanted.values for wanted in batch):
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return jobs.live_batch(context, batch, attempts)


def counted(batch):
    """No lives at all: how many there would be."""
    return str(len(batch)).encode()


def with_other_code(context, batch, attempts=1):
    """As a worker that has another dealsim installed."""
    from dataclasses import replace

    return jobs.live_batch(replace(context, engine="another"), batch, attempts)
