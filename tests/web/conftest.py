"""What the tests of the page share: a server with tiny lives, and pages of it in a browser without a window."""

from __future__ import annotations

import threading

import pytest
import uvicorn

from dealsim.web.life import Scale
from dealsim.web.room import Room
from dealsim.web.server import application
from dealsim.web.serving import listen

TINY = Scale(size=300, years=3, sets=2, places_size=11_000, places_sets=2)


class Served:
    """A server in a thread, which a test may stop."""

    def __init__(self, scale: Scale = TINY) -> None:
        self.room = Room(2, scale=scale)
        self.socket = listen(0)
        self.port = self.socket.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        config = uvicorn.Config(
            application(self.room, self.port), log_level="critical", access_log=False, ws="none", lifespan="off",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """End the server and all that is lived."""
        self.server.should_exit = True
        self.thread.join(10)
        self.socket.close()
        self.room.close()


@pytest.fixture(scope="session")
def served():
    """A server that stays up for all tests."""
    server = Served()
    yield server
    server.stop()


class Open:
    """A page in a browser, with everything it complained of and everywhere it went."""

    def __init__(self, chromium, address: str, width: int = 1280, height: int = 720, **more) -> None:
        self.context = chromium.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **more)
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: said.type in ("error", "warning") and self.faults.append(said.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)
        self.ready()

    def ready(self) -> None:
        """Wait until the newest wish is lived."""
        self.page.locator("html[data-ready]:not([data-busy])").wait_for(state="attached")

    def move(self, lever: str, value: float) -> None:
        """Move a slider as a hand would, and wait for the answer."""
        self.page.locator(f"#lever-{lever}").evaluate(
            "(slider, value) => { slider.value = value; for (const kind of ['input', 'change']) slider.dispatchEvent(new Event(kind, {bubbles: true})); }",
            value,
        )
        self.ready()

    def text(self, name: str) -> str:
        """The text of an element by its id."""
        return self.page.locator(f"#{name}").inner_text()


@pytest.fixture
def open_page(chromium, served):
    """Opens pages of the server, and closes them after the test."""
    opened = []

    def opener(address: str = "", **more) -> Open:
        opened.append(Open(chromium, address or served.address, **more))
        return opened[-1]

    yield opener
    for one in opened:
        one.context.close()
