"""The response curves every rule shares: one exponential, one logistic, one inverse normal.

The library functions of these names round their last bit differently from one processor to the next, and one
bit can flip one decision. These are plain arithmetic, so they give the same bits everywhere.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from dealsim.compiled import compiled

EXP_LIMIT = 60.0
"""Beyond ±60 the exponential stays at its end value."""
EXP_ERROR = 1e-9
"""Largest relative error of `exponential` between −60 and 60."""
NORMAL_ERROR = 6e-3
"""Largest absolute error of `inverse_normal` for draws between 1/2048 and 2047/2048."""

_POWERS = np.array([2.0**k for k in range(-90, 91)])
_STEPS = 4096
_TAIL = NormalDist().inv_cdf(1 / (3.2 * _STEPS))  # keeps the spread of a normal draw within 0.1 % of 1
# Rounded to 2^-30: the library's inverse normal may differ in its last bit between processors.
_QUANTILES = np.array(
    [round(z * 2**30) / 2**30 for z in [_TAIL, *(NormalDist().inv_cdf(k / _STEPS) for k in range(1, _STEPS)), -_TAIL]]
)


@compiled
def exponential(x):
    """e to the power x, by arithmetic alone: split off whole powers of two, then a polynomial."""
    x = min(EXP_LIMIT, max(-EXP_LIMIT, x))
    k = np.floor(x * 1.4426950408889634 + 0.5)
    r = x - k * 0.6931471805599453
    series = 1.0 + r * (
        1.0
        + r
        * (
            0.5
            + r
            * (
                0.16666666666666666
                + r
                * (
                    0.041666666666666664
                    + r
                    * (
                        0.008333333333333333
                        + r * (0.001388888888888889 + r * (0.0001984126984126984 + r * 2.48015873015873e-05))
                    )
                )
            )
        )
    )
    return series * _POWERS[int(k) + 90]


@compiled
def logistic(x):
    """1 / (1 + e^−x): turns any number into a share between 0 and 1."""
    return 1.0 / (1.0 + exponential(-x))


@compiled
def inverse_normal(u):
    """The standard normal value below which a share u of people lie, read from a table of 4,096 steps."""
    at = u * _STEPS
    k = int(at)
    low = _QUANTILES[k]
    return low + (at - k) * (_QUANTILES[k + 1] - low)


@compiled
def clipped(x, low, high):
    """x, but never below low or above high."""
    return min(high, max(low, x))


@compiled
def cube_root(x):
    """The cube root of a share between 0 and 1, by Newton's steps (24 of them reach full precision)."""
    if x <= 0.0:
        return 0.0
    root = 1.0
    for _ in range(40):
        root = root - (root - x / (root * root)) / 3.0
    return root
