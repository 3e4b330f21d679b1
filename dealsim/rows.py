"""What more than one process does with one row: a person's chance of need, her team, how far groups reach; a post's counts.

What follows from the answers stands with the processes.
"""

from __future__ import annotations

import numpy as np

from dealsim.agents.citizen import FIRST_ADULT_BAND, OLDER_BAND, arrival_chance
from dealsim.compiled import compiled


@compiled
def arrival_in_row(citizens, i, p):
    """The chance that a need arrives for the person in a row, from her own circumstances."""
    age = citizens.age_band[i]
    return arrival_chance(
        np.float64(citizens.deprivation[i]),
        1.0 if age >= OLDER_BAND else 0.0,
        1.0 if age < FIRST_ADULT_BAND else 0.0,
        np.float64(citizens.long_term_condition[i]),
        np.float64(citizens.carer[i]),
        np.float64(citizens.wellbeing[i]),
        p,
    )


@compiled
def team_of(citizens, i, service, first_team, team_count):
    """The row of the team of a service that looks after the patch of the person in a row."""
    at = citizens.place[i]
    return int(first_team[at, service] + citizens.patch[i] % team_count[at, service])


@compiled
def coverage_of(citizens, i, neighbourhoods):
    """How far groups reach the person in a row: further when they know of her need."""
    near = citizens.neighbourhood[i]
    if citizens.known_to_groups[i]:
        return np.float64(neighbourhoods.met_share[near])
    return np.float64(neighbourhoods.coverage[near])


@compiled
def clear_counts(staff, j):
    """What the worker in a post did in the week is not counted yet, or not hers."""
    staff.met[j] = 0
    staff.solved[j] = 0
    staff.departures[j] = 0
    staff.departures_solved[j] = 0
    staff.sanctioned[j] = 0
    staff.backed[j] = 0
