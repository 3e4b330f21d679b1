"""Which policy to choose when the future is not known: regret, targets met, and the cheapest that meets them.

It compares outcomes that are there, future by future; it prefers nothing that its tables do not show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dealsim.analysis.intervals import share_interval
from dealsim.errors import InputError
from dealsim.summary import interval

NINE_TENTHS = 0.9
"""The share of futures beyond whose regret only one in ten goes."""
WANTED_SHARE = 0.9
"""The share of futures in which a mix must meet its targets, where nothing else is asked."""
AFTERTHOUGHT = (
    "This choice was made after looking at these runs, so it looks better than it is: confirm it with fresh seeds, "
    "beside its runners-up."
)


def regret_table(
    values: np.ndarray, names: Sequence[str], good: str, *, at_best_guess: np.ndarray | None = None
) -> pd.DataFrame:
    """How far each policy falls behind the best one, future by future.

    Parameters
    ----------
    values
        Outcomes [policies, futures], means over replicates; NaN where runs failed.
    names
        The policies.
    good
        'up' where more is better, 'down' where less is.
    at_best_guess
        The outcome of each policy in the future thought most likely, if there is one.

    Returns
    -------
    pandas.DataFrame
        policy, best_guess, mean, largest_regret, regret_90, mean_regret, times_best (share of futures), futures,
        futures_left_out. A future in which any policy lacks its outcome is left out for all of them, so that all
        are held against the same futures.

    Examples
    --------
    >>> found = regret_table(np.array([[5.0, 1.0], [3.0, 3.0]]), ["bold", "steady"], "up")
    >>> found["largest_regret"].tolist(), found["mean"].tolist()
    ([2.0, 2.0], [3.0, 3.0])
    """
    values = _table(values, names)
    sign = _sign(good)
    guess = _beside(at_best_guess, len(names))
    is_whole = np.isfinite(values).all(axis=0)
    whole = values[:, is_whole]
    regret = sign * (whole.max(axis=0) - whole if sign > 0 else whole.min(axis=0) - whole) if whole.size else whole
    regret = regret + 0.0  # where less is better, no regret would read as -0
    rows = []
    for at, name in enumerate(names):
        own = regret[at]
        has_any = bool(len(own))
        rows.append(
            {
                "policy": name,
                "best_guess": float(guess[at]),
                "mean": float(whole[at].mean()) if has_any else math.nan,
                "largest_regret": float(own.max()) if has_any else math.nan,
                "regret_90": float(np.quantile(own, NINE_TENTHS)) if has_any else math.nan,
                "mean_regret": float(own.mean()) if has_any else math.nan,
                "times_best": float((own == 0.0).mean()) if has_any else math.nan,
                "futures": int(is_whole.sum()),
                "futures_left_out": int((~is_whole).sum()),
            }
        )
    return pd.DataFrame(rows)


def satisficing(meets: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """In what share of futures each policy meets all targets, with its 95 % interval by Wilson.

    `meets` is true or false, [policies, futures]; NaN where runs failed, and such a future is left out for all. The
    table has policy, futures, met, share, share_low, share_high, futures_left_out.

    >>> satisficing(np.array([[True, True], [True, False]]), ["deal", "cuts"])["share"].tolist()
    [1.0, 0.5]
    """
    asked = _table(np.asarray(meets, dtype=float), names)
    is_whole = np.isfinite(asked).all(axis=0)
    rows = []
    for at, name in enumerate(names):
        met, of = int((asked[at, is_whole] > 0.0).sum()), int(is_whole.sum())
        share, low, high = share_interval(met, of)
        rows.append(
            {
                "policy": name, "futures": of, "met": met, "share": share, "share_low": low, "share_high": high,
                "futures_left_out": int((~is_whole).sum()),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class RobustChoice:
    """Three ways to choose, side by side: at the best guess, by least regret, by targets met. Empty if not asked."""

    best_at_best_guess: str
    least_regret: str
    most_often_met: str
    table: pd.DataFrame
    """`regret_table`, and the shares of `satisficing` where targets were given."""
    words: tuple[str, ...]


def robust_choice(
    values: np.ndarray,
    names: Sequence[str],
    good: str,
    *,
    meets: np.ndarray | None = None,
    at_best_guess: np.ndarray | None = None,
) -> RobustChoice:
    """Which policy is best at the best guess, which has the least largest regret, which meets its targets most often.

    Parameters are those of `regret_table` and `satisficing`. The first policy of the list is named where several do
    equally well.

    >>> values = np.array([[9.0, 0.0], [5.0, 5.0]])
    >>> robust_choice(values, ["bold", "steady"], "up", at_best_guess=np.array([9.0, 5.0])).least_regret
    'steady'
    """
    table = regret_table(values, names, good, at_best_guess=at_best_guess)
    sign = _sign(good)
    guess = _first_best(table, table["best_guess"] * sign)
    regret = _first_best(table, -table["largest_regret"])
    often, is_apart = "", False
    if meets is not None:
        met = satisficing(meets, names)
        table = table.join(met[["met", "share", "share_low", "share_high"]])
        often = _first_best(table, table["share"])
        is_apart = _meets_more_often(meets, list(names), often, guess or regret)
    words = _choice_in_words(table, guess, regret, often, is_apart)
    return RobustChoice(guess, regret, often, table, words)


def _meets_more_often(meets: np.ndarray, names: list[str], often: str, beside: str) -> bool:
    """Whether one policy meets its targets more often than another, future by future, beyond doubt."""
    if not often or not beside:
        return False
    asked = np.asarray(meets, dtype=float)
    whole = asked[:, np.isfinite(asked).all(axis=0)]
    _, low, _ = interval(whole[names.index(often)] - whole[names.index(beside)])
    return low > 0.0


def _choice_in_words(table: pd.DataFrame, guess: str, regret: str, often: str, is_apart: bool) -> tuple[str, ...]:
    told = table.set_index("policy")
    words: list[str] = []
    if not regret:
        return ("There is no future in which all policies have an outcome, so nothing can be compared.",)
    if guess:
        words.append(f"At the best guess, {guess} does best.")
        own, least = float(told.loc[guess, "largest_regret"]), float(told.loc[regret, "largest_regret"])
        if guess == regret:
            words.append(f"It also has the least largest regret ({least:.3g}).")
        elif own == least:
            words.append(f"Its largest regret ({own:.3g}) is as small as any.")
        else:
            words.append(
                f"{regret} has the least largest regret: {least:.3g}, where {guess} may fall {own:.3g} behind."
            )
    else:
        words.append(f"{regret} has the least largest regret ({told.loc[regret, 'largest_regret']:.3g}).")
    if often:
        words.append(_often_in_words(told, often, guess or regret, is_apart))
    named = {name for name in (guess, regret, often) if name}
    if len(named) == 1:
        words.append("All ways of choosing name the same policy." if guess or often else "")
    else:
        words.append("The ways of choosing differ: which to follow is a judgement about risk, not a finding.")
    words.append("Largest regrets are of means over replicates: the fewer replicates, the more chance is in them.")
    left_out = int(table["futures_left_out"].iloc[0])
    if left_out:
        words.append(_left_out_in_words(left_out))
    return tuple(word for word in words if word)


def _often_in_words(told: pd.DataFrame, often: str, beside: str, is_apart: bool) -> str:
    if not float(told.loc[often, "share"]) > 0.0:
        return "No policy meets its targets in any future."
    said = f"{often} meets its targets most often, in {_share_in_words(told.loc[often])} of futures"
    if often != beside:
        said += f"; {beside} in {_share_in_words(told.loc[beside])}"
        said += "" if is_apart else ", which these futures do not tell apart"
    return f"{said}."


def _left_out_in_words(n: int) -> str:
    return f"{n} {'future is' if n == 1 else 'futures are'} left out, since a policy has no outcome there."


def _share_in_words(row: pd.Series) -> str:
    return f"{100 * row['share']:.0f} % ({100 * row['share_low']:.0f} to {100 * row['share_high']:.0f} %)"


CHOSEN, AS_CHEAP, MAY_DO, DEARER, FALLS_SHORT = (
    "chosen", "as cheap as can be told", "cheaper, and may do", "does, and costs more", "falls short",
)  # fmt: skip
"""How a policy stands beside the one chosen."""


@dataclass(frozen=True)
class CheapestMix:
    """The cheapest policy that meets all targets often enough. Empty names where none does."""

    chosen: str
    is_sure: bool
    """Whether the whole interval of its share of futures lies at or above the share asked for."""
    runners_up: tuple[str, ...]
    """Policies that these futures do not tell from the chosen one: as cheap, or cheaper and perhaps good enough."""
    at_best_guess: str
    table: pd.DataFrame
    """policy, cost, cost_low, cost_high, share, share_low, share_high, extra_cost, extra_low, extra_high, standing;
    extra costs are over the chosen policy's, future by future."""
    words: tuple[str, ...]


def cheapest_mix(
    costs: np.ndarray,
    meets: np.ndarray,
    names: Sequence[str],
    *,
    share: float = WANTED_SHARE,
    costs_at_best_guess: np.ndarray | None = None,
    meets_at_best_guess: np.ndarray | None = None,
) -> CheapestMix:
    """The cheapest policy, on average over futures, that meets all targets in at least a share of them.

    Parameters
    ----------
    costs, meets
        [policies, futures]; NaN where runs failed. A future with a gap is left out for all policies.
    names
        The policies.
    share
        The share of futures asked for.
    costs_at_best_guess, meets_at_best_guess
        The same in the future thought most likely, one number a policy.

    Examples
    --------
    >>> costs = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    >>> meets = np.array([[True, False], [True, True], [True, True]])
    >>> cheapest_mix(costs, meets, ["cuts", "deal", "bold"]).chosen
    'deal'
    """
    costs, asked = _table(costs, names), _table(np.asarray(meets, dtype=float), names)
    if costs.shape != asked.shape:
        raise InputError(f"costs {costs.shape} and targets met {asked.shape} are not of the same futures")
    if not 0.0 < share <= 1.0:
        raise InputError(f"the share of futures must be above 0 and at most 1, not {share}")
    is_whole = (np.isfinite(costs) & np.isfinite(asked)).all(axis=0)
    costs, asked = costs[:, is_whole], asked[:, is_whole]
    met = satisficing(asked, names)
    does = (met["share"] >= share).to_numpy()
    mean = costs.mean(axis=1) if costs.shape[1] else np.full(len(names), math.nan)
    at = int(np.argmin(np.where(does, mean, math.inf))) if does.any() else -1
    rows = []
    for j, name in enumerate(names):
        cost, cost_low, cost_high = interval(costs[j])
        extra = interval(costs[j] - costs[at]) if at >= 0 else (math.nan,) * 3
        about = met.iloc[j]
        rows.append(
            {
                "policy": name, "cost": cost, "cost_low": cost_low, "cost_high": cost_high,
                "share": float(about["share"]), "share_low": float(about["share_low"]),
                "share_high": float(about["share_high"]), "extra_cost": extra[0], "extra_low": extra[1],
                "extra_high": extra[2],
                "standing": CHOSEN if j == at else _standing(extra, bool(does[j]), float(about["share_high"]), share),
            }
        )  # fmt: skip
    table = pd.DataFrame(rows)
    runners_up = tuple(str(name) for name in table["policy"][table["standing"].isin([AS_CHEAP, MAY_DO])])
    chosen = names[at] if at >= 0 else ""
    is_sure = at >= 0 and bool(met["share_low"].iloc[at] >= share)
    guess = _cheapest_at(costs_at_best_guess, meets_at_best_guess, names)
    is_guessed = costs_at_best_guess is not None and meets_at_best_guess is not None
    words = _mix_in_words(table, chosen, is_sure, runners_up, guess, is_guessed, share, int((~is_whole).sum()))
    return CheapestMix(chosen, is_sure, runners_up, guess, table, words)


def _standing(extra: tuple[float, float, float], does: bool, share_high: float, share: float) -> str:
    """How a policy stands beside the chosen one, by its extra cost and its share of futures."""
    cost, low, high = extra
    if math.isnan(cost):
        return FALLS_SHORT
    # without an interval (one future) only equal costs cannot be told apart
    is_as_cheap = cost == 0.0 if math.isnan(low) else low <= 0.0 <= high
    if does:
        return AS_CHEAP if is_as_cheap else DEARER
    return MAY_DO if cost < 0.0 and share_high >= share else FALLS_SHORT


def _cheapest_at(costs: np.ndarray | None, meets: np.ndarray | None, names: Sequence[str]) -> str:
    if costs is None or meets is None:
        return ""
    price, met = _beside(costs, len(names)), _beside(np.asarray(meets, dtype=float), len(names))
    does = np.isfinite(price) & (met > 0.0)
    return names[int(np.argmin(np.where(does, price, math.inf)))] if does.any() else ""


def _mix_in_words(
    table: pd.DataFrame,
    chosen: str,
    is_sure: bool,
    runners_up: Sequence[str],
    guess: str,
    is_guessed: bool,
    share: float,
    left_out: int,
) -> tuple[str, ...]:
    told = table.set_index("policy")
    asked = f"{100 * share:.0f} % of futures"
    words: list[str] = []
    if chosen:
        row = told.loc[chosen]
        words.append(
            f"{chosen} is the cheapest that meets all targets in at least {asked}: it does in {_share_in_words(row)}."
        )
        if not is_sure:
            words.append("Its interval reaches below what is asked for, so more futures may show that it falls short.")
        if runners_up:
            words.append(f"These futures do not tell it from {' or '.join(runners_up)}.")
    elif table["share"].notna().any():
        best = str(table["policy"][table["share"].idxmax()])
        words.append(
            f"No policy meets all targets in {asked}. The one that comes nearest, {best}, does in "
            f"{_share_in_words(told.loc[best])}."
        )
    else:
        words.append("There is no future in which all policies have an outcome, so nothing can be compared.")
    if guess:
        same = "the same one" if guess == chosen else f"{guess}, which"
        here = "" if guess == chosen else f" meets them in {_share_in_words(told.loc[guess])} of all futures"
        words.append(f"At the best guess alone, the cheapest that meets all targets is {same}{here}.")
    elif is_guessed:
        words.append("At the best guess, no policy meets all targets.")
    if left_out:
        words.append(_left_out_in_words(left_out))
    if chosen:
        words.append(AFTERTHOUGHT)
    return tuple(words)


def _first_best(table: pd.DataFrame, score: pd.Series) -> str:
    """The policy with the highest score, the first of equals; empty where none has one."""
    return str(table["policy"][score.idxmax()]) if score.notna().any() else ""


def _sign(good: str) -> float:
    if good not in ("up", "down"):
        raise InputError(f"good is 'up' or 'down', not '{good}'")
    return 1.0 if good == "up" else -1.0


def _table(values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Values as numbers, one row a policy."""
    found = np.asarray(values, dtype=float)
    if found.ndim != 2 or len(found) != len(names) or not len(names):
        raise InputError(f"{len(names)} policies do not fit values {found.shape}")
    if len(set(names)) < len(names):
        raise InputError("two policies have one name")
    return found


def _beside(values: np.ndarray | None, n: int) -> np.ndarray:
    """One number a policy; NaN for all where none are given."""
    found = np.full(n, math.nan) if values is None else np.asarray(values, dtype=float)
    if found.shape != (n,):
        raise InputError(f"there must be one number for each of {n} policies, not {found.shape}")
    return found
