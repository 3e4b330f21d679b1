"""Starts the page's server on this machine and stops it again; nothing outside the machine can reach it."""

from __future__ import annotations

import multiprocessing
import os
import socket
import webbrowser
from collections.abc import Callable
from types import FrameType

from dealsim import compiled
from dealsim.engine import burn_in
from dealsim.errors import InputError
from dealsim.places import shipped
from dealsim.web.dials import BASES, ready
from dealsim.web.life import asked_of
from dealsim.web.room import Room

ADDRESS = "127.0.0.1"
PORT = 8765
"""The port that is tried first."""
MORE_PORTS = 20
"""So many after it are tried, where none was asked for."""
BEGINS = "deal"
"""The scenario that is lived in the background while the room finds its seats."""
MOST_AT_ONCE = 64


def serve(
    port: int | None = None,
    *,
    open_page: bool = True,
    workers: int | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the interactive page on this machine until it is stopped (Ctrl-C).

    Parameters
    ----------
    port
        The port to listen on; without one, the first free of 8765 to 8785.
    open_page
        Whether a browser is opened.
    workers
        Lives at the same time; all processors.
    say
        Called with the address, once it can be opened.

    Raises
    ------
    InputError
        For a port that is none, or that something else listens on.
    """
    import uvicorn

    from dealsim.web.server import Jobs, application

    class Server(uvicorn.Server):
        """A server that ends what it lives before it waits for whoever listens."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            jobs.end()
            super().handle_exit(sig, frame)

    jobs = Jobs()
    must_be_first("dealsim.serve")
    listening = listen(port)
    number = int(listening.getsockname()[1])
    address = f"http://{ADDRESS}:{number}/"
    room = Room(workers)
    try:
        config = uvicorn.Config(
            application(room, number, jobs), log_level="warning", access_log=False, ws="none", lifespan="off",
            server_header=False, limit_concurrency=MOST_AT_ONCE, timeout_keep_alive=30, timeout_graceful_shutdown=2,
        )  # fmt: skip
        prepare()
        room.warm(asked_of(BASES[0], [ready(BEGINS)], room.scale))
        say(f"The page is at {address} (this machine only; Ctrl-C ends it)")
        if open_page:
            webbrowser.open(address)
        Server(config).run(sockets=[listening])
    finally:
        listening.close()
        room.close()


def must_be_first(verb: str) -> None:
    """Refuse to begin in a process that was started to live something: it would begin without end.

    Raises
    ------
    InputError
    """
    if multiprocessing.parent_process() is not None:
        raise InputError(f"{verb} starts processes; in a script call it under `if __name__ == '__main__':`")


def prepare() -> None:
    """Compile what has never run on this machine, before anything that has to be quick."""
    if compiled.FIRST_USE:
        burn_in(shipped("wigan"), 100, 1, weeks=8)


def listen(port: int | None) -> socket.socket:
    """A socket that listens on this machine only.

    Raises
    ------
    InputError
    """
    if port is not None and (isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65_535):
        raise InputError(f"port is {port!r}; it must be a whole number from 0 (any free one) to 65535")
    for number in [port] if port is not None else range(PORT, PORT + MORE_PORTS + 1):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":  # or a page that was open keeps the port for a minute; elsewhere it would let two listen
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((ADDRESS, number))
            found.listen(128)
        except OSError as problem:
            found.close()
            if port is not None:
                raise InputError(f"port {number} cannot be used: {problem.strerror or problem}; name another") from None
            continue
        return found
    raise InputError(f"the ports {PORT} to {PORT + MORE_PORTS} are all in use; name another with --port")
