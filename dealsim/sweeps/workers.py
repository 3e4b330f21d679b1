"""Who lives the batches: this process, or dask's workers on this machine or on a cluster.

It knows batches and how they end; what is in them is not its business.
"""

from __future__ import annotations

import logging
import pickle
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from dealsim.errors import DealsimError, InputError, StoreError
from dealsim.store import shown

CONNECT_SECONDS = 20
"""How long a scheduler may take to answer."""


STARTS = 3
"""How often workers of this machine are started before it is given up."""
START_SECONDS = 120
PATIENCE_SECONDS = 20.0
"""How long a worker that died may take to come back by itself."""
LOOPBACK = "127.0.0.1:0"
"""Dask serves pages of its own wherever it is not told otherwise; here only this machine can see them."""


_ADDRESS = re.compile(r"(tcp|tls|ucx|wss?)://[^\s/]+:[0-9]{1,5}")


@dataclass(frozen=True)
class Ended:
    """How a batch ended: with what its work gave back, or (`content` none) with its worker."""

    batch: Any
    content: bytes | None
    why: str = ""


class Workers(Protocol):
    """Who takes batches and gives back what comes of them, in any order."""

    @property
    def slots(self) -> int:
        """Batches worked on at the same time."""

    def give(self, batch: Any, *arguments: Any) -> None:
        """Hand over a batch, with the arguments of its work."""

    def take(self, seconds: float) -> list[Ended]:
        """What has ended; waits for so long at most."""

    def close(self) -> None:
        """Let the workers go, whatever they are at."""


Work = Callable[..., bytes]


class Here:
    """No workers at all: each batch is lived in this process as it is asked for."""

    slots = 1

    def __init__(self, work: Work) -> None:
        self._work = work
        self._given: deque[tuple[Any, tuple[Any, ...]]] = deque()

    def give(self, batch: Any, *arguments: Any) -> None:
        """Keep a batch until it is asked for."""
        self._given.append((batch, arguments))

    def take(self, seconds: float) -> list[Ended]:
        """Live one batch."""
        if not self._given:
            return []
        batch, arguments = self._given.popleft()
        return [Ended(batch, self._work(*arguments))]

    def close(self) -> None:
        """Forget what was not lived."""
        self._given.clear()


class Dask:
    """Dask's workers: `count` processes of this machine, or those of the scheduler at an address.

    A batch whose worker dies comes back at once as such: dask is told never to try it again by itself.

    Raises
    ------
    InputError
        When no scheduler answers at the address, or it has no workers.
    """

    def __init__(
        self, work: Work, count: int, address: str | None = None, prepare: Callable[[], None] | None = None
    ) -> None:
        if address is not None and not _ADDRESS.fullmatch(address):
            raise InputError(f"{shown(address)!r} is no scheduler's address; one looks like tcp://192.168.0.10:8786")
        import dask
        from distributed import Client

        self._work = work
        self._futures: dict[Any, Any] = {}
        self._cluster: Any = None
        self._allowed: int | None = None
        _silence()
        self._settings: Any = dask.config.set(
            {
                "distributed.scheduler.allowed-failures": 0,
                # one batch at a worker and none waiting there, so that a death can be laid at one batch's door
                "distributed.scheduler.worker-saturation": 1.0,
                "distributed.comm.timeouts.connect": f"{CONNECT_SECONDS}s",
                "distributed.admin.log-format": "%(message)s",
                # dask remembers its last 1,000 steps, and with them what was sent: up to 100 MB that nobody reads
                "distributed.admin.low-level-log-length": 10,
            }
        )
        self._settings.__enter__()
        self._count = count
        self._short_since: float | None = None
        try:
            if address is None:
                self._cluster = _local_cluster(count)
                self._client = Client(self._cluster, set_as_default=False)
                self._client.wait_for_workers(1, timeout=START_SECONDS)
            else:
                self._client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
                self._allowed = self._client.run_on_scheduler(_allow_failures, 0)
                if not self._client.scheduler_info(n_workers=-1)["workers"]:
                    raise InputError(f"the scheduler at {address} has no workers")
        except (OSError, TimeoutError, ValueError, RuntimeError) as problem:
            self.close()
            if address:
                raise InputError(f"no scheduler answers at {address} ({type(problem).__name__})") from None
            raise StoreError(
                f"the workers did not start ({type(problem).__name__}); what was finished is kept. A script of your own "
                "must call `sweep` below `if __name__ == '__main__':`, since every worker reads it first"
            ) from None
        except BaseException:
            self.close()
            raise
        if prepare is not None:
            self._client.submit(prepare, pure=False).result()

    @property
    def slots(self) -> int:
        """Threads of all the workers there are now, at least one: a worker that died may be on its way back.

        Raises
        ------
        StoreError
            When the scheduler is gone.
        """
        try:
            there = sum(self._client.nthreads().values())
        except (OSError, TimeoutError, RuntimeError, ValueError):
            raise _gone() from None
        self._bring_back(there)
        return max(1, there)

    def _bring_back(self, there: int) -> None:
        """Ask for workers of this machine that died for good: whoever brings a worker back can fail with it."""
        if self._cluster is None or there >= self._count:
            self._short_since = None
        elif self._short_since is None:
            self._short_since = time.monotonic()
        elif time.monotonic() - self._short_since > PATIENCE_SECONDS:
            self._short_since = None
            self._cluster.scale(there)
            self._cluster.scale(self._count)

    def give(self, batch: Any, *arguments: Any) -> None:
        """Hand a batch to the scheduler."""
        self._futures[batch] = self._client.submit(self._work, *arguments, pure=False, retries=0)

    def take(self, seconds: float) -> list[Ended]:
        """What has ended; waits for so long at most."""
        from distributed import CancelledError, wait

        if self._client.status != "running":
            raise _gone()
        try:
            with self._client.as_current():
                wait(list(self._futures.values()), timeout=seconds, return_when="FIRST_COMPLETED")
        except TimeoutError:
            return []
        except CancelledError:
            pass
        ended = []
        for batch, future in list(self._futures.items()):
            if future.status in ("finished", "error", "cancelled", "lost"):
                del self._futures[batch]
                ended.append(self._end_of(batch, future))
        return ended

    @staticmethod
    def _end_of(batch: Any, future: Any) -> Ended:
        try:
            return Ended(batch, future.result(timeout=60))
        except DealsimError:
            raise  # what a user must mend, such as a worker with other code
        except Exception as error:
            # the worker died, was shut down, or could not carry the batch: whatever it was, the batch was not lived
            return Ended(batch, None, type(error).__name__)

    def close(self) -> None:
        """Let the workers go, whatever they are at."""
        client, cluster = getattr(self, "_client", None), self._cluster
        if client is not None and client.status == "running":
            try:
                client.cancel(list(self._futures.values()), force=True)
                if self._allowed is not None:
                    client.run_on_scheduler(_allow_failures, self._allowed)
            except (OSError, TimeoutError, pickle.PickleError):
                pass
        for part in (client, cluster):
            if part is not None:
                try:
                    part.close(timeout=10)
                except (OSError, TimeoutError):
                    continue
        self._settings.__exit__(None, None, None)


def _gone() -> StoreError:
    return StoreError("the scheduler is gone; what was finished is kept, and the same command goes on from there")


def _local_cluster(count: int) -> Any:
    """Workers of this machine, heard by nobody else; tried again where one of them dies as it starts."""
    from distributed import LocalCluster

    attempts = range(STARTS)
    for attempt in attempts:
        try:
            return LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                dashboard_address=LOOPBACK,
                worker_dashboard_address=LOOPBACK,
                silence_logs=logging.CRITICAL,
                host="127.0.0.1",
            )
        except (RuntimeError, TimeoutError):
            if attempt == attempts[-1]:
                raise
    return None


def _allow_failures(number: int, dask_scheduler: Any = None) -> int:
    """Tell a scheduler how often to try a batch whose worker died; give back what it did before."""
    before = int(dask_scheduler.allowed_failures)
    dask_scheduler.allowed_failures = number
    return before


def _silence() -> None:
    """Dask tells of every worker that dies, at length; what matters of it is told by whoever waits for the batch."""
    for name in ("distributed", "distributed.nanny", "distributed.scheduler", "distributed.worker", "distributed.core",
                 "distributed.comm", "distributed.client", "tornado.application"):  # fmt: skip
        logging.getLogger(name).setLevel(logging.CRITICAL)
