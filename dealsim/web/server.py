"""The page's server: on this machine only, one job a client, the newest wish first.

What may be asked is checked by `dealsim.web.dials`, what is lived is `dealsim.web.room`'s.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from dealsim.errors import DealsimError, InputError
from dealsim.show.html import plotly_script
from dealsim.text import plain
from dealsim.web.guard import App, Guard, TooLongError
from dealsim.web.room import Room
from dealsim.web.stage import stage
from dealsim.web.views import VIEWS

PAGE = Path(__file__).parent / "page"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
LONGEST_SECONDS = 60.0
"""After so long a job is ended; what it has found stays."""
MOST_CLIENTS = 160
"""Views of pages that may be open at the same time (five a page); the oldest is forgotten first, and its job ended."""

ENDED = "dealsim was stopped; the last result stays. Start it again with `dealsim serve`, then move a slider"

_CLIENT = re.compile(r"[0-9a-f]{16}")


class Jobs:
    """One job a client: a new one ends the one before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stops: OrderedDict[str, threading.Event] = OrderedDict()
        self.is_ending = False

    def end(self) -> None:
        """End every job, and say so to whoever waits. It may be called from a signal, so it waits for no lock."""
        self.is_ending = True
        for stop in list(self._stops.values()):
            stop.set()

    def begin(self, client: str) -> threading.Event:
        """The stop of a new job; the client's older job is told to end."""
        stop = threading.Event()
        with self._lock:
            before = self._stops.pop(client, None)
            if before is not None:
                before.set()
            self._stops[client] = stop
            while len(self._stops) > MOST_CLIENTS:
                self._stops.popitem(last=False)[1].set()
        return stop


def application(room: Room, port: int, jobs: Jobs | None = None) -> App:
    """The server's application, behind its guard."""
    jobs = jobs or Jobs()

    async def index(_: Request) -> Response:
        return FileResponse(PAGE / "index.html", media_type="text/html")

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name == "plotly.js":
            return Response(plotly_script(), media_type="text/javascript", headers={"cache-control": "no-store"})
        path = PAGE / name
        if not re.fullmatch(r"[a-z_]+\.(css|js|svg)", name) or not path.is_file():
            return JSONResponse({"problems": ["there is no such file"]}, 404)
        return FileResponse(path, media_type=KINDS[path.suffix])

    async def told_stage(_: Request) -> Response:
        return JSONResponse(finite(stage(room.scale)))

    async def view(request: Request) -> Response:
        name = request.path_params["view"]
        if name not in VIEWS:
            return JSONResponse({"problems": ["there is no such view"]}, 404)
        client = request.headers.get("x-dealsim-client", "")
        if not _CLIENT.fullmatch(client):
            return JSONResponse({"problems": ["the page must say which it is"]}, 400)
        try:
            content = json.loads(await request.body())
        except TooLongError:
            return JSONResponse({"problems": ["the request is too long"]}, 413)
        except (ValueError, RecursionError):
            return JSONResponse({"problems": ["the request is no JSON"]}, 400)
        try:
            begin = VIEWS[name](room, content)  # everything that can be wrong is found before anything is lived
        except InputError as error:
            return JSONResponse({"problems": [plain(one, 500) for one in error.problems]}, 400)
        stop = jobs.begin(f"{client}/{name}")
        return StreamingResponse(_streamed(begin, stop, jobs), media_type="application/x-ndjson")

    routes = [
        Route("/", index),
        Route("/page/{name}", file),
        Route("/api/stage", told_stage),
        Route("/api/{view}", view, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes), port)


async def _streamed(
    begin: Callable[[Callable[[], bool]], Iterator[dict[str, Any]]], stop: threading.Event, jobs: Jobs
) -> AsyncIterator[bytes]:
    """Every message of a job as a line of JSON, as it comes; the job ends when nobody listens any more."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
    ends = time.monotonic() + LONGEST_SECONDS

    def tell(message: dict[str, Any] | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(queue.put_nowait, message)

    def is_over() -> bool:
        return stop.is_set() or time.monotonic() > ends

    def work() -> None:
        try:
            for message in begin(is_over):
                tell(message)
            if jobs.is_ending:
                tell({"kind": "failed", "said": ENDED})
            elif stop.is_set():
                tell({"kind": "stopped"})
            elif time.monotonic() > ends:
                tell({"kind": "late", "said": f"Stopped after {LONGEST_SECONDS:.0f} seconds; what was found stays."})
            else:
                tell({"kind": "ended"})
        except DealsimError as error:
            tell({"kind": "failed", "said": ENDED if jobs.is_ending else plain(error, 500)})
        except Exception as error:  # whatever the model does, the page must hear of it
            tell({"kind": "failed", "said": f"The model stopped: {type(error).__name__}: {plain(error, 300)}"})
        finally:
            tell(None)

    thread = threading.Thread(target=work, name="job", daemon=True)
    thread.start()
    try:
        while (message := await queue.get()) is not None:
            yield json.dumps(finite(message), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    finally:
        stop.set()


def finite(value: Any) -> Any:
    """Plain data in which what is no number is none: JSON has no word for it."""
    if isinstance(value, dict):
        return {str(key): finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
