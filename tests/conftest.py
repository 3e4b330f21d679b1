"""What every test shares: how hypothesis behaves, and small boroughs."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# The first call of a rule compiles it, which trips the usual limit of 200 ms and would look like a flaky test.
settings.register_profile("dealsim", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dealsim"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dealsim")


# ---- shared fixtures: small boroughs and short runs ------------------------------------------------------------


def pytest_collection_modifyitems(items):
    """A known defect, open: budgets are read once a quarter, so a shock inside a quarter is missed."""
    for item in items:
        if item.name in [f"test_a_shock_of_four_weeks_is_felt_whenever_it_comes[budget_shock-{w}]" for w in (5, 27)]:
            item.add_marker(pytest.mark.xfail(reason="budgets are read quarterly: defect, open", strict=True))
