"""Beginning and ending: ports, wrong words, Ctrl-C, and nothing that goes on after the page has ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest

from dealsim.errors import InputError
from dealsim.web.serving import PORT, listen


@pytest.mark.parametrize("port", [-1, 65_536, True, "80", 1.5])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(InputError, match="whole number"):
        listen(port)


def test_a_port_that_is_taken_is_refused_by_name_and_passed_over_where_none_was_asked_for():
    with listen(0) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {number} cannot be used"):
            listen(number)
    with listen(None) as first, listen(None) as second:
        assert PORT <= first.getsockname()[1] < second.getsockname()[1]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["serve", "--port", "70000"], 2, "65535"),
        (["pack", "--out", "page.txt"], 2, "must end in .html"),
        (["pack", "--out", "no/such/page.html"], 2, "there is no folder"),
        (["pack", "--dry-run"], 0, "minutes"),
    ],
)
def test_wrong_words_are_told_before_anything_is_lived(words, code, said, tmp_path):
    done = subprocess.run([sys.executable, "-m", "dealsim", *words], capture_output=True, text=True, cwd=tmp_path, timeout=120)  # fmt: skip
    assert done.returncode == code and said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr and not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_ctrl_c_ends_the_page_and_all_its_processes():
    command = [sys.executable, "-m", "dealsim", "serve", "--port", "0", "--no-open", "--workers", "1"]
    served = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    line = served.stdout.readline()
    address = line.split()[4]
    assert address.startswith("http://127.0.0.1:") and "this machine only" in line
    assert urllib.request.urlopen(address, timeout=10).status == 200
    for _ in range(100):
        children = psutil.Process(served.pid).children(recursive=True)
        if children:
            break
        time.sleep(0.1)
    os.killpg(served.pid, signal.SIGINT)  # as a terminal does: every process hears it, even one that is only starting
    out, err = served.communicate(timeout=30)
    assert served.returncode == 0 and "has ended" in out and "Traceback" not in err
    gone, alive = psutil.wait_procs(children, timeout=10)  # Python's own helper ends a moment after the page
    assert gone and not alive


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_a_killed_page_leaves_no_process_behind():
    command = [sys.executable, "-m", "dealsim", "serve", "--port", "0", "--no-open", "--workers", "1"]
    served = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    served.stdout.readline()
    children = []
    for _ in range(200):
        children = psutil.Process(served.pid).children(recursive=True)
        if any("spawn_main" in " ".join(child.cmdline()) for child in children):
            break
        time.sleep(0.1)
    time.sleep(4)  # a process begins to follow the page once it is up
    os.kill(served.pid, signal.SIGKILL)
    served.wait(10)
    served.stdout.close()
    gone, alive = psutil.wait_procs(children, timeout=15)
    assert gone and not alive


def test_it_begins_only_in_the_first_process(tmp_path):
    """A script without a guard: its processes would each begin a page of their own, without end."""
    script = tmp_path / "script.py"
    script.write_text("import dealsim\ndealsim.pack('x.html', workers=1, points=1)\n", encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path, timeout=180)
    assert done.returncode != 0 and "__main__" in done.stderr
    assert not (tmp_path / "x.html").exists()


def test_nothing_else_on_the_network_can_reach_it():
    with listen(0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"
        other = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        with other, pytest.raises(OSError):
            other.settimeout(1)
            other.connect(("127.0.0.2", listening.getsockname()[1]))
