"""Paired lives for the page, a few at a time: lives are kept, and the newest wish goes first.

It has lives lived by `dealsim.web.hands` and hands them on; it knows nothing of the network or of a browser.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool

from dealsim.plans import default_workers
from dealsim.web.hands import Hands, LostWorkerError
from dealsim.web.life import Asked, Life, Scale
from dealsim.web.worlds import Kept, Worlds

KEPT_WORLDS, KEPT_LIVES = 16, 6_000
"""Burnt-in worlds that views look into, and condensed lives (about 30 kB each) that stay in memory."""
PATIENCE, PATIENCE_AT_FIRST = 5.0, 300.0
"""Seconds after which a process that was told to end a life and goes on is ended itself; longer before it first answered."""
LOOK_UP = 0.005
"""Seconds between two looks at whether anybody still wants what is lived."""


class Room:
    """Lives of the page, and the processes that live them."""

    def __init__(self, workers: int | None = None, cache: bool = True, scale: Scale | None = None) -> None:
        self.scale = scale or Scale()
        self.hands = Hands(workers or default_workers(), cache)
        self.worlds = Worlds(KEPT_WORLDS, cache)
        self._lives = Kept(KEPT_LIVES)
        self._closed = threading.Event()
        self._wished = 0
        self._quiet = threading.Condition()

    def close(self) -> None:
        """End all work between two weeks."""
        self._closed.set()
        self.hands.close()

    def pairs(self, asked: Asked, stop: Callable[[], bool] = lambda: False) -> Iterator[int]:
        """Live the pairs of a plan in their order; after each that is whole, so many are there.

        It ends early when `stop` says so. Nothing is warmed while somebody waits here.

        Raises
        ------
        LostWorkerError
            When a process ended by itself; another stands in its place for the next wish.
        """
        with self._quiet:
            self._wished += 1
        try:
            yield from self._pairs(asked, stop)
        finally:
            with self._quiet:
                self._wished -= 1
                self._quiet.notify_all()

    def _pairs(self, asked: Asked, stop: Callable[[], bool]) -> Iterator[int]:
        """As `pairs`; each parameter set has one process that lives all of its runs, so that its world is made once."""
        made, hands = asked.made, self.hands
        everyone = range(len(made.scenarios))
        todo: list[deque[tuple[int, int]]] = [deque() for _ in range(len(hands))]
        there: set[tuple[int, int]] = set()
        for replicate in range(made.replicates):
            for at in everyone:
                if self._lives.get(asked.key(at, replicate)) is not None:
                    there.add((at, replicate))
                else:
                    todo[made.set_of(replicate) % len(hands)].append((at, replicate))
        open_: dict[Future[Life | None], tuple[int, int, int]] = {}
        job, done = hands.begin(), 0
        try:
            while not (stop() or self._closed.is_set()):
                whole = done
                while whole < made.replicates and all((at, whole) in there for at in everyone):
                    whole += 1
                if whole > done:
                    done = whole
                    yield done
                busy = {which for which, _, _ in open_.values()}
                for which, queue in enumerate(todo):
                    if which not in busy and queue:
                        at, replicate = queue.popleft()
                        future = hands.submit(which, job, *asked.key(at, replicate))
                        open_[future] = (which, at, replicate)
                if not open_:
                    return
                finished, _ = wait(open_, timeout=LOOK_UP, return_when=FIRST_COMPLETED)
                for future in finished:
                    which, at, replicate = open_.pop(future)
                    life = self._came(future, which)
                    if life is not None:
                        self._lives.keep(asked.key(at, replicate), life)
                        there.add((at, replicate))
        finally:
            hands.end(job)
            for future, (which, _, _) in open_.items():
                if not future.cancel():
                    wait_for = PATIENCE if future.hand.is_ready else PATIENCE_AT_FIRST  # type: ignore[attr-defined]
                    later = threading.Timer(wait_for, self._see_to, (future, which))
                    later.daemon = True
                    later.start()

    def _see_to(self, future: Future[Life | None], which: int) -> None:
        if not future.done() and not self._closed.is_set():
            self.hands.put_down(which, future.hand)  # type: ignore[attr-defined]

    def _came(self, future: Future[Life | None], which: int) -> Life | None:
        try:
            return future.result()
        except (BrokenProcessPool, CancelledError):
            self.hands.mend(which, future.hand)  # type: ignore[attr-defined]
            raise LostWorkerError(
                "a process that lived these runs ended by itself; another stands ready, so ask again"
            ) from None

    def lives(self, asked: Asked, done: int) -> list[list[Life]]:
        """The lives of the first pairs: one list a scenario."""
        found = []
        for at in range(len(asked.made.scenarios)):
            own = [self._lives.get(asked.key(at, replicate)) for replicate in range(done)]
            if any(life is None for life in own):  # pairs that shifted would be wrong figures
                raise LostWorkerError("lives were let go of before they were told; ask again")
            found.append(own)
        return found

    def warm(self, asked: Asked) -> None:
        """Live all of a plan in the background, standing back while anybody waits for something."""

        def is_wanted() -> bool:
            return self._closed.is_set() or self._wished > 0

        def work() -> None:
            done = 0
            while done < asked.made.replicates and not self._closed.is_set():
                try:
                    for done in self._pairs(asked, is_wanted):  # noqa: B007  (how far it came is wanted)
                        pass
                except LostWorkerError:
                    return
                with self._quiet:
                    self._quiet.wait_for(lambda: self._closed.is_set() or not self._wished, 0.5)

        threading.Thread(target=work, name="warming", daemon=True).start()
