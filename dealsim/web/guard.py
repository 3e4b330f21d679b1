"""Who may speak to the page's server: this machine and its own page, in small pieces of JSON. Everybody else is refused."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES = 64 * 1024
"""The largest request that is read."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # plotly writes the styles of its charts into the page; no style can run anything
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""What a browser lets the page load: its own files and nothing else, and no script that stands in the page itself."""
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}


class Guard:
    """Refuses what does not come from the page itself, and marks every answer."""

    def __init__(self, app: App, port: int) -> None:
        self.app = app
        names = ("127.0.0.1", "localhost", "[::1]")
        self.hosts = {f"{name}:{port}" for name in names}
        self.origins = {f"http://{host}" for host in self.hosts}
        if port == 80:
            self.hosts |= set(names)
            self.origins |= {f"http://{name}" for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError("only plain requests are answered")

        async def marked(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                kept = [pair for pair in message.get("headers", []) if pair[0].decode().lower() not in HEADERS]
                message["headers"] = [*kept, *own]
            await send(message)

        refused = self._refused(scope)
        if refused is not None:
            await _answer(marked, *refused)
            return
        await self.app(scope, _limited(receive), marked)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        host = headers.get("host", [])
        if len(host) != 1 or host[0].lower() not in self.hosts:
            return 400, "this page answers on this machine only, under 127.0.0.1 or localhost"
        for origin in headers.get("origin", []):
            if origin.lower() not in self.origins:
                return 403, "another site may not use this page"
        for site in headers.get("sec-fetch-site", []):
            is_link = scope["method"] == "GET" and headers.get("sec-fetch-mode") == ["navigate"]
            if site not in ("same-origin", "none") and not is_link:
                return 403, "another site may not use this page"
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "only GET and POST are answered"
        if scope["method"] == "POST":
            if not headers.get("origin"):
                return 403, "a request must say which page it comes from"
            kind = headers.get("content-type", [""])[0].split(";")[0].strip().lower()
            if kind != "application/json":
                return 415, "only JSON is read"
            length = headers.get("content-length", ["0"])[0]
            if not length.isdecimal() or int(length) > MOST_BYTES:
                return 413, f"a request may hold {MOST_BYTES // 1024} kB at most"
        return None


class TooLongError(Exception):
    """A request that is longer than it may be, whatever it said of its length."""


def _limited(receive: Receive) -> Receive:
    read = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MOST_BYTES:
            raise TooLongError
        return message

    return counted


async def _answer(send: Send, status: int, said: str) -> None:
    body = json.dumps({"problems": [said]}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
