"""How strongly each parameter moves a headline against how good its evidence is, and so what is red, amber or green.

The influences come from `dealsim.calibration`, the grades from the declarations; nothing is run here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dealsim import calibration
from dealsim.calibration import Influence
from dealsim.declare import GRADES, Parameter
from dealsim.metrics import HEADLINE
from dealsim.parameters import Parameters, every_parameter, with_rivals, with_values
from dealsim.results import Results
from dealsim.show.html import table
from dealsim.show.plots import with_unit
from dealsim.show.shipped import how_sure, keys_in, titled
from dealsim.show.words import between, figure, places_of, title_of, unit_shown
from dealsim.text import escaped

STRONG_FROM = 0.25
"""From this share of the largest influence on a headline on, an influence is strong."""
STRENGTHS = ("strong", "some", "none")
"""Classes of influence: at least a quarter of the largest; stands out from chance; not told from chance."""
IS_WEAK = {"official": False, "published": False, "derived": False, "calibrated": False,
           calibration.UNSETTLED: True, "claimed": True, "assumed": True, "rival": True}  # fmt: skip
"""Which grades of evidence count as weak."""
RATING = {
    ("strong", True): "red",
    ("strong", False): "amber",
    ("some", True): "amber",
    ("some", False): "green",
    ("none", True): "green",
    ("none", False): "green",
}
"""The rating of a parameter by its influence and whether its evidence is weak."""
NOT_RATED = "not rated"
"""Where nobody has measured how strongly a parameter moves the headline."""
RATINGS = ("red", "amber", "green", NOT_RATED)
"""Every rating, the worst first."""
WHAT_WOULD_CHANGE_IT = {
    "official": "a newer release of the same data",
    "published": "a better study, or one of the place in question",
    "claimed": "figures of somebody other than the council",
    "derived": "new figures for what it is worked out from",
    "calibrated": "another figure for the pattern it is set by",
    calibration.UNSETTLED: "a figure that tells the values apart that fit now",
    "assumed": "any measurement: none was found",
    "rival": "evidence that tells the two explanations apart",
}
"""What would change a value, by the grade of its evidence."""
TOP = 10
"""How many parameters a report lists."""
NONE_STANDS_OUT = "No parameter stood out from chance for this measure."
NOT_SETTLED = "Not settled means that the figure still moved as runs were added."
NOT_SHIPPED = "How strongly each parameter moves this measure has not been measured for this version of dealsim."


@dataclass(frozen=True)
class Assumption:
    """One parameter as a result rests on it.

    `strength` and `influence` are None where nothing was measured, `influence` also where it is not told from chance.
    """

    name: str
    spec: Parameter
    used: str
    default: float
    strength: str | None
    influence: Influence | None
    rating: str

    @property
    def grade(self) -> str:
        """The grade of its evidence, as it is shown."""
        return calibration.grade_shown(self.name, self.spec.grade)

    @property
    def source(self) -> str:
        """The titles of its sources."""
        return titled(self.spec.source)

    @property
    def sure(self) -> str:
        """What is said of how sure they are."""
        return how_sure(self.spec.source)

    @property
    def keys(self) -> str:
        """The keys of its sources."""
        return " ".join(keys_in(self.spec.source))


def rating_of(strength: str | None, grade: str) -> str:
    """Red, amber, green, or not rated, by the class of influence and the grade as it is shown.

    >>> rating_of("strong", "assumed"), rating_of("strong", "official"), rating_of(None, "assumed")
    ('red', 'amber', 'not rated')
    """
    return NOT_RATED if strength is None else RATING[strength, IS_WEAK[grade]]


def kind_of(results: Results) -> str:
    """Which influences fit a result: those on differences for a comparison, else those on the level."""
    return "difference" if results.is_comparison else "level"


def influences_on(of: str, metric: str) -> tuple[Influence, ...] | None:
    """What moves a metric more than chance does, the strongest first; None where that was not measured."""
    try:
        every = calibration.influences()
    except FileNotFoundError:  # made by the calibration study; a version may come without it
        return None
    found = tuple(one for one in every if one.of == of and one.metric == metric)
    return found if found or metric in HEADLINE else None


def strength_of(influence: Influence | None, largest: float) -> str:
    """The class of an influence, by the largest on the same headline."""
    if influence is None:
        return "none"
    return "strong" if influence.mu_star >= STRONG_FROM * largest else "some"


def assumptions(results: Results) -> list[Assumption]:
    """Every parameter by its influence on the first headline and the grade of its evidence, the worst first."""
    found = influences_on(kind_of(results), results.headline[0]) if results.headline else None
    by_name = {one.parameter: one for one in found or ()}
    largest = max((one.mu_star for one in by_name.values()), default=0.0)
    used = values_used(results)
    made = []
    for name, (spec, default) in every_parameter().items():
        strength = None if found is None else strength_of(by_name.get(name), largest)
        rating = rating_of(strength, calibration.grade_shown(name, spec.grade))
        made.append(Assumption(name, spec, used[name], default, strength, by_name.get(name), rating))
    weakest = {grade: -at for at, grade in enumerate(GRADES)}

    def worst_first(one: Assumption) -> tuple[int, float, int, str]:
        size = one.influence.mu_star if one.influence else 0.0
        return RATINGS.index(one.rating), -size, weakest[one.spec.grade], one.name

    return sorted(made, key=worst_first)


def counted(found: Iterable[Assumption]) -> dict[str, int]:
    """How many are red, amber, green and not rated."""
    ratings = [one.rating for one in found]
    return {rating: ratings.count(rating) for rating in RATINGS}


def values_used(results: Results) -> dict[str, str]:
    """The value each parameter had in these results: one for all scenarios, one each, or the range of an ensemble."""
    asked = results.settings
    sets = calibration.first_sets(results.sets) if results.sets else ()
    values = asked.get("values") or {}
    each = {
        name: with_values(with_rivals(Parameters(), scenario.get("rivals", ())), values)
        for name, scenario in zip(results.names, results.scenarios, strict=True)
    }
    return {name: _used(name, each, [one[name] for one in sets if name in one]) for name in every_parameter()}


def _used(name: str, each: dict[str, Parameters], of_sets: list[float]) -> str:
    if of_sets:
        return f"{min(of_sets):g} to {max(of_sets):g} over {len(of_sets)} sets"
    kind, _, own = name.partition(".")
    found = {scenario: getattr(getattr(made, kind), own) for scenario, made in each.items()}
    if len(set(found.values())) == 1:
        return f"{next(iter(found.values())):g}"
    return "; ".join(f"{value:g} in {title_of(scenario)}" for scenario, value in found.items())


def headline_of(results: Results) -> str:
    """The measure that influences are on, as a reader calls it."""
    return results.metrics[results.headline[0]].label if results.headline else "the headline"


def unit_of(results: Results) -> str:
    """The unit of that measure."""
    return results.metrics[results.headline[0]].unit if results.headline else ""


def measured_as(results: Results) -> str:
    """What the influence is, and what it is not."""
    of = (
        "what everything the Deal is made of, held from the first week, changes in years 5 and 6"
        if results.is_comparison
        else "the level under the old regime"
    )
    measure = with_unit(headline_of(results).lower(), unit_shown(unit_of(results))[1])
    return (
        f"Influence is the mean size of the change in {measure}, taken as {of}, when this one "
        "parameter moves across half of its declared range around its default. It was measured in a Wigan-like borough, "
        "not for this very scenario, so read it as a guide."
    )


def influence_in_figures(one: Influence, unit: str) -> str:
    """An influence with its interval."""
    factor, said = unit_shown(unit)
    low, high = one.low * factor, one.high * factor
    places = places_of({"low": low, "high": high})
    points = " points" if said.startswith("%") else ""
    return f"{figure(one.mu_star * factor, places=places)}{points} ({escaped(between(low, high, places=places))})"


def shown_influence(one: Influence, unit: str, longest: float) -> str:
    """An influence as a bar with its interval, and in figures."""
    settled = "" if one.converged else '<span class="meaning">not settled</span>'
    return f"{_bar(one, longest)}{influence_in_figures(one, unit)}{settled}"


def _bar(one: Influence, longest: float) -> str:
    """A bar as long as the influence, with a line over its interval; the figures beside it say the same."""
    wide = 110.0 / longest if longest > 0.0 else 0.0
    end, low, high = (round(value * wide, 1) for value in (one.mu_star, max(0.0, one.low), one.high))
    return (
        '<svg class="bar" width="112" height="14" viewBox="0 0 112 14" aria-hidden="true">'
        f'<rect x="0" y="3" width="{end}" height="8" fill="#7aa6cc"/>'
        f'<path d="M{low} 7H{high}M{low} 4V10M{high} 4V10" stroke="#1c1c1c" stroke-width="1.5"/></svg>'
    )


def reach_of(spec: Parameter) -> str:
    """The declared range of a parameter."""
    return f"{spec.low:g} to {spec.high:g}"


def named(one: Assumption) -> str:
    """A parameter in words, with the name a file uses."""
    return f'{escaped(one.spec.label)}<span class="meaning"><code>{escaped(one.name)}</code></span>'


def top_parameters(results: Results) -> str:
    """The parameters that matter most for the headline, as a table for the report."""
    if not results.headline:
        return ""
    heading = f"<h3>What moves {escaped(headline_of(results).lower())} most</h3>"
    found = influences_on(kind_of(results), results.headline[0])
    if not found:
        return f"{heading}<p>{NOT_SHIPPED if found is None else NONE_STANDS_OUT}</p>"
    first = sorted((one for one in assumptions(results) if one.influence), key=_strongest)[:TOP]
    longest = max(one.influence.high for one in first if one.influence)
    rows = [
        (named(one), f"{escaped(one.used)}<span class=\"meaning\">{escaped(one.spec.unit)}</span>",
         escaped(reach_of(one.spec)), shown_influence(one.influence, unit_of(results), longest), escaped(one.grade),
         escaped(one.source, 600))
        for one in first if one.influence
    ]  # fmt: skip
    heads = ("Parameter", "Value", "Range", "Influence (95 % interval)", "Grade", "Source")
    caption = f"The {len(rows)} parameters that matter most for {escaped(headline_of(results).lower())}"
    if len(rows) == 1:
        caption = f"The one parameter that stands out for {escaped(headline_of(results).lower())}"
    return f'{heading}<p class="muted">{escaped(measured_as(results), 900)} Only parameters that stand out from chance are listed. {NOT_SETTLED}</p>{table(heads, rows, caption)}'


def _strongest(one: Assumption) -> tuple[float, str]:
    return (-one.influence.mu_star if one.influence else 0.0, one.name)
