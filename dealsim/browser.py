"""Finds a browser that can draw pictures of a report without a window. Nothing else in dealsim needs one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "microsoft-edge-stable", "msedge",
)  # fmt: skip
"""What Chromium, Chrome and Edge are called on the search path."""

_MAC = ("Google Chrome", "Chromium", "Microsoft Edge")
_WINDOWS = (
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)


def find() -> str | None:
    """The path of Chromium, Chrome or Edge on this machine; None where there is none."""
    named = (shutil.which(name) for name in NAMES)
    usual = (str(path) for path in usual_places(sys.platform, os.environ) if path.is_file())
    return next((path for path in (*named, *usual) if path), None)


def usual_places(system: str, environment: Mapping[str, str]) -> Iterator[Path]:
    """Where browsers are put that are not on the search path, by system (as `sys.platform` names it)."""
    if system == "win32":
        for root in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            if environment.get(root):
                yield from (Path(environment[root], name) for name in _WINDOWS)
    elif system == "darwin":
        for home in ("/", environment.get("HOME", "/")):
            yield from (Path(home, "Applications", f"{name}.app", "Contents", "MacOS", name) for name in _MAC)
    else:
        yield from (Path("/snap/bin/chromium"), Path("/opt/google/chrome/chrome"), Path("/opt/microsoft/msedge/msedge"))
