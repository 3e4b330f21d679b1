"""Makes `wigan.csv`: synthetic neighbourhoods that together match what is published about Wigan.

None of them is a real neighbourhood. Run `python -m dealsim.places.make_wigan` to write the file anew.
"""

from __future__ import annotations

from pathlib import Path

from dealsim.chance import BUILD_PLACE, chance
from dealsim.curves import inverse_normal
from dealsim.places import read_margins

SEED = 2011
RANK_OF = 32844
"""Neighbourhoods ranked in England (2011 boundaries)."""
PLACES = (
    # Name, residents, pull towards deprivation, larger areas, neighbourhoods. The seven footprints are
    # published; their near-equal sizes (44–50 thousand) are assumed, their pull is read from ward scores.
    ("Wigan North", 44600, -0.9, 5, 28),
    ("Wigan Central", 46300, 0.5, 6, 29),
    ("Hindley", 46000, 0.8, 6, 29),
    ("South Wigan and Ashton", 46200, 0.2, 6, 29),
    ("Lowton and Golborne", 44100, -0.6, 6, 28),
    ("Leigh", 46500, 0.7, 6, 29),
    ("Tyldesley and Atherton", 44149, -0.1, 5, 28),
)
AREA_SPREAD = 0.7
"""Spread of the larger areas of one place, in the same unit as the pull."""
SIZE_SPREAD = 0.165
"""Spread of the residents of a neighbourhood, as a share of their mean (published: 270 of 1,643)."""


def _normal(id: int, n: int) -> float:
    return float(inverse_normal(chance(SEED, BUILD_PLACE, 0, id, n)))


def _members() -> list[tuple[int, int]]:
    """The place and the larger area (numbered within its place) of every neighbourhood."""
    found = []
    for place, (_, _, _, areas, neighbourhoods) in enumerate(PLACES):
        for area in range(areas):
            count = (area + 1) * neighbourhoods // areas - area * neighbourhoods // areas
            found += [(place, area)] * count
    return found


def _ranks(members: list[tuple[int, int]], fifths: list[int], spread: float) -> list[int]:
    """Deprivation ranks in the wanted fifths, neighbourhoods differing by `spread` within a larger area."""
    leaning = []
    for id, (place, area) in enumerate(members):
        pull = PLACES[place][2] + AREA_SPREAD * _normal(1000 + 20 * place + area, 0) + spread * _normal(id, 1)
        leaning.append((-pull, id))
    order = [id for _, id in sorted(leaning)]
    ranks = [0] * len(members)
    taken = 0
    for fifth, count in enumerate(fifths):
        low, high = fifth * RANK_OF // 5, (fifth + 1) * RANK_OF // 5
        for k in range(count):
            at = (k + chance(SEED, BUILD_PLACE, 0, taken + k, 2)) / count
            ranks[order[taken + k]] = low + 1 + int(at * (high - low))
        taken += count
    return ranks


def variance_between(groups: list[int], values: list[int]) -> float:
    """The share of the variance of the values that lies between the groups."""
    mean = sum(values) / len(values)
    total = sum((value - mean) ** 2 for value in values)
    between = 0.0
    for group in sorted(set(groups)):
        inside = [value for value, own in zip(values, groups, strict=True) if own == group]
        between += len(inside) * (sum(inside) / len(inside) - mean) ** 2
    return between / total


def _scaled(residents: list[float], inside: list[bool], wanted: float) -> list[float]:
    """The residents with those inside brought to the wanted total."""
    now = 0.0
    for r, is_in in zip(residents, inside, strict=True):
        now += r if is_in else 0.0
    return [r * wanted / now if is_in else r for r, is_in in zip(residents, inside, strict=True)]


def _populations(members: list[tuple[int, int]], fifth: list[int], shares: list[float]) -> list[int]:
    """Residents of every neighbourhood, matching the totals of the places and of the fifths."""
    total = sum(place[1] for place in PLACES)
    residents = [max(0.6, min(1.6, 1.0 + SIZE_SPREAD * _normal(id, 3))) for id in range(len(members))]
    for _ in range(200):
        for f, share in enumerate(shares):
            residents = _scaled(residents, [own == f for own in fifth], share * total)
        for p, (_, wanted, *_) in enumerate(PLACES):
            residents = _scaled(residents, [own[0] == p for own in members], wanted)
    whole = []
    carried = 0.0
    for r in residents:
        whole.append(int(r + carried + 0.5))
        carried += r - whole[-1]
    whole[-1] += total - sum(whole)
    return whole


def wigan_csv() -> str:
    """The text of `wigan.csv`."""
    members = _members()
    margins = read_margins(Path(__file__).parent / "wigan_margins.csv")
    shares = list(margins.fifth_share)
    fifths = [round(share * len(members)) for share in shares]
    areas = [20 * place + area for place, area in members]
    low, high = 0.05, 3.0
    for _ in range(40):  # more spread inside the larger areas leaves a smaller share between them
        middle = (low + high) / 2
        if variance_between(areas, _ranks(members, fifths, middle)) > margins.rank_variance_between_areas:
            low = middle
        else:
            high = middle
    ranks = _ranks(members, fifths, high)
    populations = _populations(members, [(5 * rank - 1) // RANK_OF for rank in ranks], shares)
    lines = ["name,place,area,population,deprivation_rank"]
    letters: dict[tuple[int, int], int] = {}
    for member, population, rank in zip(members, populations, ranks, strict=True):
        place = PLACES[member[0]][0]
        letters[member] = letters.get(member, -1) + 1
        area = f"{place} {member[1] + 1}"
        lines.append(f"{area}{'ABCDEFGHIJ'[letters[member]]},{place},{area},{population},{rank}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "wigan.csv").write_text(wigan_csv(), encoding="utf-8", newline="\n")
