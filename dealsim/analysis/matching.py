"""Which parameter sets could have given what was seen: emulators, implausibility, and sampling of what is left.

It lives no run: it is given points of the unit cube and what was read off them. scikit-learn comes with the extra
`calibrate`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from dealsim.errors import InputError

FAR = 6.0
"""Values further than this many widths outside a target count as just so far: how far off is off does not matter."""
MOST_INPUTS = 8
"""Parameters a Gaussian process bends with; the others enter its mean as straight lines."""
IMPLAUSIBLE = 3.0
"""Implausibility from which a point is ruled out (three standard deviations; Pukelsheim 1994)."""
LEAST_POINTS = 20
"""Points below which no emulator is trained."""
CUT = 0.5
"""Share of a swarm that each cut leaves."""
SETTLE = 4
"""Rounds of moves inside the last cut."""
MOVES = 6
"""Moves of each point between two cuts."""
JITTER = 0.05
"""What is added to a move at random, as a share of the swarm's spread in each direction."""
MOST_ROUNDS, PATIENCE = 200, 6
"""Cuts tried at most, and rounds after which a swarm that comes no nearer is given up."""
LEAST_ACCEPTED = 0.01
"""Share of moves that stay inside below which the search is at its end."""
NARROWEST = 0.05
"""Mean spread of a swarm over the unit cube below which a search ends: going on, it would tell of one place only."""


@dataclass(frozen=True)
class Target:
    """What was seen: a range, read as two standard deviations either way from its middle."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The middle of the range."""
        return (self.low + self.high) / 2.0

    @property
    def spread(self) -> float:
        """Its standard deviation: a quarter of its width."""
        return (self.high - self.low) / 4.0

    def drawn_in(self, values: np.ndarray) -> np.ndarray:
        """Values no further outside than `FAR` widths of the range."""
        reach = FAR * (self.high - self.low)
        return np.clip(values, self.low - reach, self.high + reach)


@dataclass(frozen=True)
class Emulator:
    """A stand-in for one figure of the model: a straight-line mean and a Gaussian process for what bends.

    Attributes
    ----------
    inputs
        Columns with which the process bends.
    line, doubt
        The straight line's terms, and their covariance in units of `scale`²: where few points were, it is not known
        well, and a search must not be drawn to where it merely runs on.
    chance
        Variance of one lived figure about the model's mean: what one borough's luck does.
    left_over
        Variance of what neither line nor process follows: it counts as not knowing.
    """

    inputs: tuple[int, ...]
    line: np.ndarray
    doubt: np.ndarray
    scale: float
    lengths: np.ndarray
    height: float
    chance: float
    left_over: float
    seen: np.ndarray
    weights: np.ndarray
    solver: np.ndarray
    solved_lines: np.ndarray

    def at(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The mean of the figure at points [point, parameter] of the unit cube, and the variance of not knowing it."""
        points = np.asarray(points, float)
        near = _likeness(points[:, self.inputs], self.seen, self.lengths) * self.height
        lines = _lines(points)
        mean = lines @ self.line + near @ self.weights
        explained = np.einsum("ij,ij->i", near @ self.solver, near)
        unexplained = lines - near @ self.solved_lines
        of_line = np.einsum("ij,ij->i", unexplained @ self.doubt, unexplained)
        return mean, self.left_over + self.scale**2 * (np.maximum(self.height - explained, 1e-9) + of_line)


def _lines(points: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(points)), points])


def _likeness(one: np.ndarray, other: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    a, b = one / lengths, other / lengths
    apart = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2.0 * a @ b.T
    return np.asarray(np.exp(-0.5 * np.maximum(apart, 0.0)))


def emulator_of(points: np.ndarray, values: np.ndarray, *, chance: float | None = None) -> Emulator:
    """Train an emulator on what was lived.

    Parameters
    ----------
    points, values
        Points of the unit cube [point, parameter], and one figure read off each; NaN is left out.
    chance
        Variance of the figure between lives of the same point, where it is known. What scatters more than that is
        what the emulator cannot follow. Without it all scatter is taken for chance. Points must differ: two lives of
        one point miss alike, which would pass for knowing; give their mean, and the variance of a mean.

    Raises
    ------
    InputError
        For fewer than 20 usable points.

    Notes
    -----
    y(x) = b₀ + b·x + g(x_A) + ε, with g a Gaussian process over the active inputs A, those whose straight or bent
    part explains most, and ε the chance of one life. Mean and variance are those of universal kriging, with a little
    shrinkage of b (Rasmussen and Williams 2006, *Gaussian Processes for Machine Learning*, equation 2.41).
    """
    from scipy.linalg import cho_solve
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    points, values = np.asarray(points, float), np.asarray(values, float)
    known = np.isfinite(values)
    if known.sum() < LEAST_POINTS:
        raise InputError(f"{known.sum()} points can be used; an emulator needs at least {LEAST_POINTS}")
    x, y = points[known], values[known]
    lines = _lines(x)
    shrink = float(x.var(axis=0).sum()) * np.diag([0.0, *np.ones(x.shape[1])])
    # a line fits its own points too well: what it leaves is widened to what the points really scatter by; until that is
    # known, its slopes are shrunk as if chance were 0.3 of what a figure spreads
    drawn = np.linalg.solve(lines.T @ lines + 0.3 * shrink, lines.T)
    rest = (y - lines @ (drawn @ y)) / np.sqrt(1.0 - np.einsum("ij,ji->i", lines, drawn))
    scale = float(rest.std()) or 1.0
    inputs = _active(x, y, rest)
    kernel = ConstantKernel(0.7, (1e-3, 20.0)) * RBF(np.full(len(inputs), 1.0), (0.15, 20.0)) + WhiteKernel(
        0.3, (1e-5, 2.0)
    )
    process = GaussianProcessRegressor(kernel, optimizer=_climb)
    with warnings.catch_warnings():
        # a length at the end of its bounds says that an input hardly matters, which is an answer
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(x[:, inputs], rest / scale)
    bent, noise = process.kernel_.k1, float(process.kernel_.k2.noise_level)
    lengths = np.atleast_1d(np.asarray(bent.k2.length_scale, float))
    # slopes are thought as large as would together give the figure the spread it has
    keep = scale**2 / (float(y.var()) or 1.0) * shrink
    solver = cho_solve((process.L_, True), np.eye(len(x)))
    # line and process together (universal kriging): the line is drawn anew, since near points tell it the same thing
    solved_lines = solver @ lines
    doubt = np.linalg.inv(lines.T @ solved_lines + keep)
    line = doubt @ (solved_lines.T @ y)
    return Emulator(
        inputs=tuple(inputs),
        line=line,
        doubt=doubt,
        scale=scale,
        lengths=lengths,
        height=float(bent.k1.constant_value),
        chance=noise * scale**2 if chance is None else chance,
        left_over=0.0 if chance is None else max(0.0, noise * scale**2 - chance),
        seen=x[:, inputs],
        weights=solver @ (y - lines @ line),
        solver=solver,
        solved_lines=solved_lines,
    )


def _climb(cost: Any, start: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, float]:
    """The likeliest lengths, sought for no longer than they go on getting much likelier."""
    from scipy.optimize import minimize

    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 30, "ftol": 1e-4})
    return found.x, float(found.fun)


def _active(x: np.ndarray, y: np.ndarray, rest: np.ndarray) -> list[int]:
    """The inputs that explain most, by straight lines in `y` and by parabolas in what lines leave."""
    middle = x - x.mean(axis=0)
    bent = middle**2 - (middle**2).mean(axis=0)
    straight = np.abs(middle.T @ (y - y.mean())) / (
        np.linalg.norm(middle, axis=0) * np.linalg.norm(y - y.mean()) + 1e-12
    )
    curved = np.abs(bent.T @ (rest - rest.mean())) / (np.linalg.norm(bent, axis=0) * np.linalg.norm(rest) + 1e-12)
    return sorted(int(k) for k in np.argsort(-np.maximum(straight, curved), kind="stable")[:MOST_INPUTS])


@dataclass(frozen=True)
class Matcher:
    """Emulators of several figures and the targets they are held against.

    A figure of the world outside averages over so many boroughs that one borough's chance has no part in it.
    """

    emulators: Mapping[str, Emulator]
    targets: Mapping[str, Target]

    def implausibility(self, points: np.ndarray, give_up: float = math.inf) -> np.ndarray:
        """The largest implausibility over all targets at each point; points beyond `give_up` may be given less.

        I(x) = max over targets of |E f(x) − z| ÷ √(Var f(x) + Var z)
        """
        worst = np.zeros(len(points))
        for name in self.targets:
            still = np.flatnonzero(worst <= give_up)
            if len(still):
                worst[still] = np.maximum(worst[still], self._of(name, points[still]))
        return worst

    def expected_misses(self, points: np.ndarray) -> np.ndarray:
        """How far each point can be expected to miss each target, in the target's standard deviations [point, target].

        E(x) = √((E f(x) − z)² + Var f(x)) ÷ √Var z: where the emulator knows little, a large miss is to be expected.
        """
        found = []
        for name, target in self.targets.items():
            mean, variance = self.emulators[name].at(points)
            found.append(np.sqrt((mean - target.middle) ** 2 + variance) / target.spread)
        return np.column_stack(found)

    def _of(self, name: str, points: np.ndarray) -> np.ndarray:
        mean, variance = self.emulators[name].at(points)
        target = self.targets[name]
        return np.asarray(np.abs(mean - target.middle) / np.sqrt(variance + target.spread**2))


def points_left(matcher: Matcher, width: int, number: int, *, seed: int = 0, cut: float = IMPLAUSIBLE) -> np.ndarray:
    """Points spread over what is left of the unit cube: those whose implausibility is below the cut.

    A swarm of points is moved at random and led through ever lower cuts (subset simulation), so that even a small
    part of the cube is found. Empty where nothing is left.

    Returns
    -------
    Points [at most `number`, `width`].
    """
    draw = np.random.default_rng(seed)
    swarm = draw.random((max(4 * number, 400), width))
    level = matcher.implausibility(swarm)
    cuts: list[float] = []
    for _ in range(MOST_ROUNDS):
        now = max(cut, float(np.quantile(level, CUT)))
        inside = np.flatnonzero(level <= now)
        if now == cut:
            break
        cuts.append(now)
        if len(cuts) > PATIENCE and cuts[-1] > 0.98 * cuts[-1 - PATIENCE] > cut:
            return swarm[:0]  # the swarm has come to rest above the cut
        chosen = draw.choice(inside, len(swarm))
        swarm, level = swarm[chosen], level[chosen]
        swarm, level, _ = _moved(partial(matcher.implausibility, give_up=now), swarm, level, now, draw)
    else:
        return swarm[:0]
    # points forget where they came from
    swarm, level = swarm[level <= cut], level[level <= cut]
    swarm, level = swarm[draw.choice(len(swarm), 4 * number)], np.full(4 * number, cut)
    for _ in range(SETTLE):
        swarm, level, _ = _moved(partial(matcher.implausibility, give_up=cut), swarm, level, cut, draw)
    return swarm[draw.permutation(len(swarm))[:number]]


def reflected(points: np.ndarray) -> np.ndarray:
    """Points that left the unit cube, each sent back by the wall it met; what went two walls far is still outside."""
    return 1.0 - np.abs(1.0 - np.abs(points))


def _moved(
    level_of: Callable[[np.ndarray], np.ndarray],
    swarm: np.ndarray,
    level: np.ndarray,
    cut: float,
    draw: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Each point moved several times by the difference of two others (differential evolution), staying below the cut.

    Returns the points, their levels, and the share of moves that stayed.
    """
    swarm, level = swarm.copy(), level.copy()
    n, width = swarm.shape
    stayed, spread = 0, swarm.std(axis=0)
    for _ in range(MOVES):
        one, other = draw.integers(0, n, (2, n))
        part = draw.random((n, width)) < draw.choice([0.15, 0.4, 1.0], (n, 1))
        stretch = draw.uniform(0.3, 1.0, (n, 1)) * 2.38 / math.sqrt(2.0 * max(1.0, 0.4 * width))
        tried = swarm + part * (
            stretch * (swarm[one] - swarm[other]) + JITTER * spread * draw.standard_normal((n, width))
        )
        tried = reflected(tried)
        ok = ((tried >= 0.0) & (tried <= 1.0)).all(axis=1)
        new = np.full(n, math.inf)
        new[ok] = level_of(tried[ok])
        inside = new <= cut
        swarm[inside], level[inside] = tried[inside], new[inside]
        stayed += int(inside.sum())
    return swarm, level, stayed / (MOVES * n)


@dataclass(frozen=True)
class Posterior:
    """Particles of a likelihood-free search; all weigh alike.

    Attributes
    ----------
    points
        Particles [particle, parameter] in the unit cube.
    distance
        Of each particle: root mean square of its expected misses.
    tolerances, acceptance
        Of each generation: the distance that was asked for, and the share of moves that kept to it.
    """

    points: np.ndarray
    distance: np.ndarray
    tolerances: tuple[float, ...]
    acceptance: tuple[float, ...]


def posterior(
    matcher: Matcher,
    left: np.ndarray,
    *,
    particles: int,
    generations: int = 6,
    tolerance: float = 1.0,
    seed: int = 0,
    within: Matcher | None = None,
    led_to: Mapping[str, Target] | None = None,
) -> Posterior:
    """Likelihood-free inference inside what history matching left (ABC by subset simulation).

    The prior is even over what history matching left: the points that `within` (without it, the matcher itself) does
    not rule out, of which `left` are some. Each generation asks for a smaller distance, which the nearer of its
    particles keep to: these are drawn again and moved at random, and a move counts if it stays within the distance.
    Where emulators know little the expected miss is large, so the search is not drawn there. It ends at the tolerance,
    after the generations, when hardly a move stays inside, or when the particles have come close together
    (Chiachio, Beck, Chiachio and Rus 2014, *SIAM Journal on Scientific Computing* 36:A1339).

    Parameters
    ----------
    led_to
        Figures that must come to lie in their ranges however well the others fit; the matcher has their emulators.

    Raises
    ------
    InputError
        When nothing plausible is given to start from.
    """
    if not len(left):
        raise InputError("there is no plausible point to start from")

    def distance(points: np.ndarray) -> np.ndarray:
        found = np.sqrt((matcher.expected_misses(points) ** 2).mean(axis=1))
        if led_to:
            # two standard deviations are the ends of a range: there a figure that is led to is just at the tolerance
            missed = Matcher(matcher.emulators, led_to).expected_misses(points).max(axis=1)
            found = np.maximum(found, tolerance * missed / 2.0)
        return np.where((within or matcher).implausibility(points, IMPLAUSIBLE) <= IMPLAUSIBLE, found, math.inf)

    draw = np.random.default_rng(seed)
    swarm = left[draw.integers(0, len(left), max(particles, len(left)))]
    level = distance(swarm)
    tolerances: list[float] = []
    acceptance: list[float] = []
    for _ in range(generations):
        now = max(tolerance, float(np.quantile(level, CUT)))
        inside = np.flatnonzero(level <= now)
        chosen = draw.choice(inside, len(swarm))
        swarm, level, kept = _moved(distance, swarm[chosen], level[chosen], now, draw)
        tolerances.append(now)
        acceptance.append(kept)
        if now <= tolerance or kept < LEAST_ACCEPTED or swarm.std(axis=0).mean() < NARROWEST:
            break
    for _ in range(SETTLE):
        swarm, level, _ = _moved(distance, swarm, level, tolerances[-1], draw)
    rows = draw.permutation(len(swarm))[:particles]
    return Posterior(swarm[rows], level[rows], tuple(tolerances), tuple(acceptance))


@dataclass(frozen=True)
class Recovery:
    """How often true values lie inside the intervals of a blind match.

    `inside` is [case, parameter]; `narrowed` the mean width of a 90 % interval against that of the prior.
    """

    inside: np.ndarray
    narrowed: np.ndarray

    @property
    def rate(self) -> float:
        """Share of all true values inside."""
        return float(self.inside.mean())


def recovery(
    emulators: Mapping[str, Emulator],
    targets: Mapping[str, Target],
    prior: np.ndarray,
    true_points: np.ndarray,
    figures: Mapping[str, np.ndarray],
    *,
    level: float = 0.9,
    draws: int = 5,
    seed: int = 0,
) -> Recovery:
    """Match made-up data whose parameters are known, and see whether the intervals hold them.

    Every point of the prior is given figures by the emulators, with their doubt and one life's chance drawn. Each case
    is then matched likelihood-free: the half of the draws nearest to its figures count, the nearer the more, and each
    is moved along a straight line to where its figures would be the case's (Beaumont, Zhang and Balding 2002).

    Parameters
    ----------
    prior
        Points drawn from the prior [point, parameter]; the true points must come from the same prior.
    true_points, figures
        The parameters that gave the made-up data [case, parameter], and by name the figures [case].
    draws
        Figures drawn at each point.

    Raises
    ------
    InputError
        For a figure that is not a number.
    """
    if not all(np.isfinite(figures[name]).all() for name in targets):
        raise InputError("every figure of the made-up data must be a number")
    draw = np.random.default_rng(seed)
    points = np.repeat(prior, draws, axis=0)
    made, seen = [], []
    for name in targets:
        mean, variance = emulators[name].at(prior)
        spread = np.sqrt(variance + emulators[name].chance)
        values = np.repeat(mean, draws) + np.repeat(spread, draws) * draw.standard_normal(len(points))
        middle, scale = float(np.median(values)), max(1e-12, float(values.std()))
        made.append(np.clip((values - middle) / scale, -4.0, 4.0))
        seen.append(np.clip((figures[name] - middle) / scale, -4.0, 4.0))
    drawn, cases = np.column_stack(made), np.column_stack(seen)
    odds = _log_odds(points)
    tail = (1.0 - level) / 2.0
    inside = np.zeros(true_points.shape, bool)
    width = np.zeros(true_points.shape)
    for case, wanted in enumerate(cases):
        apart = np.sqrt(((drawn - wanted) ** 2).mean(axis=1))
        reach = np.median(apart)
        near = apart <= reach
        weight = 1.0 - (apart[near] / reach) ** 2
        lines = np.column_stack([np.ones(near.sum()), drawn[near] - wanted])
        scaled = lines * weight[:, None]
        slopes = np.linalg.lstsq(scaled.T @ lines + 1e-6 * np.eye(lines.shape[1]), scaled.T @ odds[near], rcond=None)[0]
        moved = odds[near] - (drawn[near] - wanted) @ slopes[1:]
        for j in range(true_points.shape[1]):
            order = np.argsort(moved[:, j], kind="stable")
            ladder = np.cumsum(weight[order]) / weight.sum()
            ends = [moved[order[min(len(order) - 1, int(np.searchsorted(ladder, q)))], j] for q in (tail, 1.0 - tail)]
            low, high = (1.0 / (1.0 + math.exp(-end)) for end in ends)
            inside[case, j] = low <= true_points[case, j] <= high
            width[case, j] = high - low
    whole = np.quantile(prior, 1.0 - tail, axis=0) - np.quantile(prior, tail, axis=0)
    return Recovery(inside, np.asarray((width / np.maximum(whole, 1e-12)).mean(axis=0)))


def _log_odds(points: np.ndarray) -> np.ndarray:
    inner = np.clip(points, 1e-4, 1.0 - 1e-4)
    return np.asarray(np.log(inner / (1.0 - inner)))


def weighted_correlation(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Correlation of points [parameter, parameter], whose weights sum to one.

    >>> weighted_correlation(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0.5, 0.5])).round(6).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    middle = points - weights @ points
    covariance = (middle * weights[:, None]).T @ middle
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    return np.asarray(covariance / spread[:, None] / spread[None, :])
