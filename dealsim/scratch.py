"""Room the processes work in, shared between them; nothing in it outlives a week."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Scratch(NamedTuple):
    """Room the processes work in; nothing in it is kept from one week to the next."""

    in_need: np.ndarray  # int32 [citizen]: rows of people in need, in row order
    n_in_need: np.ndarray  # int64 [1]
    asked_by: np.ndarray  # int32 [citizen]: who asks for help this week
    asked_of: np.ndarray  # int32 [citizen]: which team
    rank: np.ndarray  # float64 [citizen]: keyed draw that ranks the request, one more for all but crises
    queue: np.ndarray  # int32 [citizen]: requests by team, crisis first, then by rank
    served: np.ndarray  # int8 [citizen]: by request
    n_asked: np.ndarray  # int64 [1]
    team_start: np.ndarray  # int64 [team + 1]: where a team's requests start in the queue
    arrives: np.ndarray  # int8 [citizen]: whether the draw of the week lets a need arise
    draws: np.ndarray  # float64 [citizen]: draws made for everyone at once
    trust_around: np.ndarray  # float64 [citizen]: mean trust of ties and fellow members
    ties: np.ndarray  # float32 [citizen, 2]: trust, and support given, as the month began
    asking: np.ndarray  # int16 [citizen]: ties who volunteer, champions twice, as the month began
    champions: np.ndarray  # int16 [citizen]: ties who are champions, as the month began
    group_trust: np.ndarray  # int64 [group]: summed trust of its volunteers, in 2^-24
    need_here: np.ndarray  # float64 [neighbourhood, 2]: people in need below crisis: unknown, already known
    colleagues: np.ndarray  # float64 [staff, 3]: fear, skill, permission known; as the process began


def new_scratch(citizens: int, staff: int, teams: int, groups: int, neighbourhoods: int) -> Scratch:
    """Room for a borough of that shape."""
    return Scratch(
        in_need=np.zeros(citizens, np.int32),
        n_in_need=np.zeros(1, np.int64),
        asked_by=np.zeros(citizens, np.int32),
        asked_of=np.zeros(citizens, np.int32),
        rank=np.zeros(citizens),
        queue=np.zeros(citizens, np.int32),
        served=np.zeros(citizens, np.int8),
        n_asked=np.zeros(1, np.int64),
        team_start=np.zeros(teams + 1, np.int64),
        arrives=np.zeros(citizens, np.int8),
        draws=np.zeros(citizens),
        trust_around=np.zeros(citizens),
        ties=np.zeros((citizens, 2), np.float32),
        asking=np.zeros(citizens, np.int16),
        champions=np.zeros(citizens, np.int16),
        group_trust=np.zeros(groups, np.int64),
        need_here=np.zeros((neighbourhoods, 2)),
        colleagues=np.zeros((staff, 3)),
    )
