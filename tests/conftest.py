"""What every test shares: how hypothesis behaves, small boroughs, and a browser."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from dealsim import browser as browsers

# The first call of a rule compiles it, which trips the usual limit of 200 ms and would look like a flaky test.
settings.register_profile("dealsim", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dealsim"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dealsim")


@pytest.fixture(scope="session")
def chromium():
    """A browser without a window; where there is none, only the tests that need one are left out."""
    found = browsers.find()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no browser was found, and this machine must have one")
        pytest.skip("no Chromium, Chrome or Edge was found")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()
