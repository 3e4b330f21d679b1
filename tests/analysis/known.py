"""Functions whose indices are known, and designs to ask them at."""

from __future__ import annotations

import numpy as np

ISHIGAMI_FIRST = np.array([0.3139, 0.4424, 0.0])
ISHIGAMI_TOTAL = np.array([0.5576, 0.4424, 0.2437])
"""For a = 7 and b = 0.1; from the closed form."""
ISHIGAMI_VARIANCE = 13.8446


def ishigami(unit):
    """The Ishigami function of points in the unit cube (last axis: three factors)."""
    x = np.pi * (2.0 * unit - 1.0)
    return np.sin(x[..., 0]) + 7.0 * np.sin(x[..., 1]) ** 2 + 0.1 * x[..., 2] ** 4 * np.sin(x[..., 0])


def sobol_rows(n, n_factors, seed=1, is_even=True):
    """The points of base rows [n, factors + 2, factors]: A, A with one column after another of B, B."""
    if is_even:
        from SALib.sample import sobol

        problem = {"num_vars": n_factors, "names": list("abcdef"[:n_factors]), "bounds": [[0.0, 1.0]] * n_factors}
        drawn = sobol.sample(problem, n, calc_second_order=False, scramble=True, seed=seed)
        return drawn.reshape(n, n_factors + 2, n_factors)
    rng = np.random.default_rng(seed)
    a, b = rng.random((n, n_factors)), rng.random((n, n_factors))
    rows = np.repeat(a[:, None, :], n_factors + 2, axis=1)
    for j in range(n_factors):
        rows[:, 1 + j, j] = b[:, j]
    rows[:, -1] = b
    return rows


def with_chance(values, replicates, spread, shared=0.0, seed=2):
    """Replicates of a function: chance at each point, and a push that all points of one seed share."""
    rng = np.random.default_rng(seed)
    own = rng.normal(scale=spread, size=(*values.shape, replicates))
    return values[..., None] + own + rng.normal(scale=shared, size=replicates)


def trajectories(n, n_factors, seed=1, step=0.5):
    """Points of Morris trajectories [n, factors + 1, factors]: each step changes one factor, in a drawn order."""
    rng = np.random.default_rng(seed)
    found = np.empty((n, n_factors + 1, n_factors))
    for row in found:
        row[0] = rng.integers(0, 4, n_factors) / 3.0
        for at, factor in enumerate(rng.permutation(n_factors)):
            row[at + 1] = row[at]
            row[at + 1, factor] += step if row[at, factor] < 0.5 else -step
    return found
