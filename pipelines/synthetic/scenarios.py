"""The catalogue of scenarios, and planting them."""

from __future__ import annotations

import datetime as dt

import numpy as np

from pipelines.synthetic.premises import day_number
from pipelines.synthetic.scenarios_checks import CHECK_SCENARIOS
from pipelines.synthetic.scenarios_missed import MISSED_SCENARIOS
from pipelines.synthetic.scenarios_relapse import RELAPSE_SCENARIOS
from pipelines.synthetic.scenarios_work import WORK_SCENARIOS
from pipelines.synthetic.stage import ROLES, Scenario, Stage
from pipelines.synthetic.texts import put
from pipelines.synthetic.world import World

CATALOGUE: tuple[Scenario, ...] = (*MISSED_SCENARIOS, *WORK_SCENARIOS, *RELAPSE_SCENARIOS, *CHECK_SCENARIOS)


def planted_births(as_of: dt.date) -> dict[tuple[int, int], int]:
    """Birth days that scenarios fix, by the scenario's place in the catalogue and the member's place in the family."""
    return {
        (place, ROLES.index(role)): day_number(born(as_of)) for place, scenario in enumerate(CATALOGUE) for role, born in scenario.births.items()
    }  # fmt: skip


def twin_scenarios() -> set[int]:
    """Scenarios whose son and daughter are twins."""
    return {place for place, scenario in enumerate(CATALOGUE) if scenario.twins}


def plant(world: World) -> None:
    """Plays every scenario in the families that a block reserves for it."""
    people = world.people
    planted = np.flatnonzero(people.h_scenario >= 0)
    for place in np.unique(people.h_scenario[planted]):
        stage = Stage(world, planted[people.h_scenario[planted] == place])
        CATALOGUE[place].play(stage)
        stage.finish()
        for person, name in stage.names:
            people.names = put(people.names, person, [name] * len(person))
