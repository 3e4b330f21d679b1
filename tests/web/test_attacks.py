"""What another site, a wrong request or a hostile name may not do to the page's server."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
from concurrent.futures import Future

import pytest

from dealsim.web.guard import MOST_BYTES

GOOD = {"base": "cuts_only", "scenarios": [{"begins": "cuts_only", "levers": {"nerve": 0.5}}], "rivals": []}
CLIENT = "0123456789abcdef"


def ask(served, method="POST", path="/api/runs", body=GOOD, **headers):
    """A request as somebody could send it; a header that is None is left out."""
    own = {
        "Host": f"127.0.0.1:{served.port}",
        "Origin": f"http://127.0.0.1:{served.port}",
        "Content-Type": "application/json",
        "X-Dealsim-Client": CLIENT,
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in own.items():
        if value is not None:
            connection.putheader(name, value)
    if method == "POST" and "Content-Length" not in own and "Transfer-Encoding" not in own:
        connection.putheader("Content-Length", str(len(text)))
    connection.endheaders(text if method == "POST" else None)
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    return answer.status, said, answer


def test_a_good_wish_is_answered_to_its_end(served):
    status, said, _ = ask(served)
    messages = [json.loads(line) for line in said.splitlines()]
    assert status == 200 and messages[-1] == {"kind": "ended"}
    assert messages[-2]["kind"] == "told" and messages[-2]["done"] == messages[-2]["of"] == 4


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 400),
        ({"Host": "127.0.0.1"}, 400),
        ({"Host": "127.0.0.1.evil.example:80"}, 400),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": None}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Type": None}, 415),
        ({"X_Dealsim_Client": None}, 400),
        ({"X_Dealsim_Client": "../../etc"}, 400),
        ({"Content_Length": str(MOST_BYTES + 1)}, 413),
    ],
)
def test_who_may_not_speak_is_refused(served, headers, status):
    found, said, _ = ask(served, **headers)
    assert found == status
    assert headers == {"Host": None} or json.loads(said)["problems"], (
        "no Host at all is refused before the page is asked"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 20_000,
        b"null",
        b"[]",
        b"3",
        b'{"base": "cuts_only"}',
        b'{"base": "cuts_only", "scenarios": []}',
        b'{"base": "../../etc/passwd", "scenarios": [{}]}',
        b'{"base": "cuts_only", "scenarios": [{"begins": "/etc/passwd"}]}',
        b'{"base": "cuts_only", "scenarios": [{"levers": {"nerve": NaN}}]}',
        b'{"base": "cuts_only", "scenarios": [{"levers": {"nerve": 1e999}}]}',
        b'{"base": "cuts_only", "scenarios": [{"levers": {"nerve": true}}]}',
        b'{"base": "cuts_only", "scenarios": [{"levers": {"nerve": -5}}]}',
        b'{"base": "cuts_only", "scenarios": [{"levers": {"__class__": 1}}]}',
        b'{"base": "cuts_only", "scenarios": [{"levers": {"leaders_holding_permission": 99999999999999999999999}}]}',
        b'{"base": "cuts_only", "scenarios": [{}], "rivals": ["no such"]}',
        b'{"base": "cuts_only", "scenarios": [{}], "rivals": "fast_word"}',
        b'{"base": "cuts_only", "scenarios": [{}], "rivals": [{"a": 1}]}',
        b'{"base": "cuts_only", "scenarios": [{"name": {"a": 1}}]}',
        b'{"base": "cuts_only", "scenarios": [{"size": 100000000}]}',
        b'{"base": "cuts_only", "scenarios": [{"name": "x", "levers": {}}, {"name": "x", "levers": {}}]}',
        b'{"base": "cuts_only", "scenarios": [{}, {}, {}, {}]}',
        b'{"base": "cuts_only", "scenarios": [{}], "extra": 1}',
        b'{"base": "cuts_only", "scenarios": [{"name": "' + b"x" * 5_000 + b'"}]}',
        b'{"base": ["cuts_only"], "scenarios": [{}]}',
        b'{"base": "cuts_only", "scenarios": [{"begins": ["deal"]}]}',
    ],
)
def test_a_wrong_wish_gets_a_kind_answer(served, body):
    status, said, _ = ask(served, body=body)
    problems = json.loads(said)["problems"]
    assert status == 400 and problems and all(isinstance(one, str) and len(one) < 600 for one in problems)
    assert "Traceback" not in said


@pytest.mark.parametrize("which", [-1, 1, 7, True, "0", None, 0.5])
def test_which_scenario_is_checked(served, which):
    status, _, _ = ask(served, path="/api/why", body={**GOOD, "which": which})
    assert status == 400


@pytest.mark.parametrize(
    "path",
    [
        "/page/../__init__.py", "/page/%2e%2e/server.py", "/page/..%2fserver.py", "/page/main.js%00.css", "/page/server.py",
        "/page/", "/page/.git", "/etc/passwd", "//etc/passwd", "/page/index.html", "/api/", "/api/nothing",
    ],
)  # fmt: skip
def test_only_the_page_s_own_files_are_given(served, path):
    status, said, _ = ask(served, "GET", path)
    assert status in (400, 404, 405) and "import" not in said


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"])
def test_other_methods_are_refused(served, method):
    assert ask(served, method, "/api/runs")[0] in (400, 405)


def test_no_get_lives_anything(served):
    assert ask(served, "GET", "/api/runs")[0] == 405


def test_a_body_that_lies_about_its_length_is_cut_off(served):
    piece = b"x" * 10_000
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for _ in range(12)) + b"0\r\n\r\n"
    status, said, _ = ask(served, body=body, Transfer_Encoding="chunked")
    assert status == 413 and "too long" in said


def test_every_answer_is_marked(served):
    for method, path in (("GET", "/"), ("GET", "/page/main.js"), ("GET", "/nothing"), ("POST", "/api/runs")):
        _, _, answer = ask(served, method, path, body={})
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy and "unsafe-eval" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["access-control-allow-origin"] is None


def test_it_listens_on_this_machine_only(served):
    assert served.socket.getsockname()[0] == "127.0.0.1"
    for found in {one[4][0] for one in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}:
        if not found.startswith("127."):
            with pytest.raises(OSError), socket.create_connection((found, served.port), timeout=2):
                pass


def last_of(said):
    return json.loads(said.splitlines()[-1])


def test_an_error_of_the_model_is_said_and_the_server_lives_on(served, monkeypatch):
    def broken(*_):
        future = Future()
        future.set_exception(ZeroDivisionError("the model broke"))
        future.hand = served.room.hands._pools[0]
        return future

    monkeypatch.setattr(served.room.hands, "submit", broken)
    wish = {**GOOD, "scenarios": [{"levers": {"nerve": 0.9}}]}
    status, said, _ = ask(served, body=wish)
    assert status == 200 and last_of(said)["kind"] == "failed" and "the model broke" in last_of(said)["said"]
    monkeypatch.undo()
    assert last_of(ask(served, body=wish)[1]) == {"kind": "ended"}


def test_a_killed_process_is_said_and_another_takes_its_place(served):
    wish = {**GOOD, "scenarios": [{"levers": {"nerve": 0.95}}]}
    for pool in served.room.hands._pools:
        for number in list(pool._processes):
            os.kill(number, signal.SIGKILL)
    kinds = [last_of(ask(served, body=wish)[1])["kind"] for _ in range(3)]
    assert set(kinds) <= {"failed", "ended"} and kinds[-1] == "ended"
