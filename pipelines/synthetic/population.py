"""Households and persons of one block: a few thousand households of one county, made together."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from pipelines.synthetic.id_numbers import NumberBook, id_text
from pipelines.synthetic.names import draw_names, draw_surnames
from pipelines.synthetic.places import County
from pipelines.synthetic.premises import day_number, same_day_earlier
from pipelines.synthetic.texts import Texts
from pipelines.synthetic.traps import choose_twins, plant_names

HEAD, SPOUSE, SON, DAUGHTER, FATHER, MOTHER = range(6)
"""Roles in a household; the labels of `relationship` are in the same order."""

_TEMPLATES = (
    (HEAD,),
    (HEAD, SPOUSE),
    (HEAD, SPOUSE, SON),
    (HEAD, SPOUSE, SON, DAUGHTER),
    (HEAD, SPOUSE, DAUGHTER),
    (HEAD, DAUGHTER),
    (HEAD, SPOUSE, SON, DAUGHTER, FATHER, MOTHER),
    (HEAD, SPOUSE, SON, MOTHER),
    (HEAD, SPOUSE, SON, SON, DAUGHTER),
    (HEAD, SON, MOTHER),
)
_SHARES = (0.15, 0.19, 0.15, 0.17, 0.09, 0.03, 0.05, 0.08, 0.07, 0.02)
_BROTHERS = 8  # the template with two sons
MEAN_SIZE = sum(len(template) * share for template, share in zip(_TEMPLATES, _SHARES, strict=True))
FAMILY = (HEAD, SPOUSE, SON, DAUGHTER, MOTHER)
"""The family of every scenario: a couple of about 45, a son of 20, a daughter of 12, a mother of 72."""
_FAMILY_AGES = (45, 43, 20, 12, 72)


@dataclass
class Population:
    """Persons of a block (arrays of one length) and their households (`household` points into the `h_` arrays); `trap` is a place in TRAPS."""

    county: County
    household: np.ndarray
    role: np.ndarray
    sex: np.ndarray
    birth: np.ndarray
    rural: np.ndarray
    township: np.ndarray
    village: np.ndarray
    id17: np.ndarray
    earlier_id17: np.ndarray
    names: Texts
    ids: Texts
    h_rural: np.ndarray
    h_size: np.ndarray
    h_first: np.ndarray
    h_scenario: np.ndarray
    h_number: np.ndarray
    trap: np.ndarray

    def __len__(self) -> int:
        return len(self.household)


def make_population(
    rng: np.random.Generator,
    county: County,
    people: int,
    scenarios: list[int],
    births: dict[tuple[int, int], int],
    twins: set[int],
    as_of: dt.date,
    numbers: NumberBook,
    first_number: int,
) -> Population:
    """A block of `people` persons in a county. Its first households are families for `scenarios` (their places in the catalogue, repeated);
    `births` gives birth days that a scenario fixes, by (scenario, place in the family); in scenarios of `twins` the son is the daughter's age."""
    planted = len(scenarios)
    background = max(0, people - planted * len(FAMILY))
    types = rng.choice(len(_TEMPLATES), int(background / MEAN_SIZE * 1.1) + 20, p=_SHARES)
    every_size = np.array([len(template) for template in _TEMPLATES])
    types = types[: int(np.searchsorted(np.cumsum(every_size[types]), background, side="right"))]
    types = np.r_[types, np.zeros(background - int(every_size[types].sum()), np.int64)]
    sizes = every_size[types]
    h_size = np.r_[np.full(planted, len(FAMILY)), sizes]
    household = np.repeat(np.arange(len(h_size)), h_size)
    h_first = np.cumsum(h_size) - h_size
    table = np.array([list(template) + [0] * (6 - len(template)) for template in _TEMPLATES])
    place = np.arange(len(household)) - h_first[household]
    drawn = table[np.r_[np.zeros(planted, np.int64), types]]
    role = np.where(household < planted, np.r_[np.array(FAMILY), 0][np.minimum(place, len(FAMILY))], drawn[household, place])
    sex, birth = _sexes_and_births(rng, household, role, h_first, h_size, as_of)
    _fix_families(birth, sex, scenarios, births, twins, as_of)
    count = len(household)
    ordinary = household >= planted
    tricky = rng.spawn(1)[0]
    brothers = choose_twins(tricky, birth, np.stack([h_first + 2, h_first + 3], axis=1)[planted:][types == _BROTHERS])
    h_rural = rng.random(len(h_size)) >= county.urban_share
    h_township = rng.integers(0, len(county.townships), len(h_size))
    h_village = rng.integers(0, 8, len(h_size))
    h_muslim = rng.random(len(h_size)) < county.muslim_share
    surname = draw_surnames(rng, h_muslim)[household]
    married_in = (role == SPOUSE) | (role == MOTHER)
    surname = np.where(married_in, draw_surnames(rng, h_muslim)[household], surname)
    id17 = numbers.allocate(birth, sex)
    renumbered = rng.random(count) < 0.01
    earlier = np.zeros(count, np.int64)
    earlier[renumbered] = numbers.allocate(birth[renumbered], sex[renumbered])
    names = draw_names(rng, surname, sex, h_muslim[household])
    heirs = (role == SON) & (place == 2) & ordinary & (sex[h_first[household]] == 1)
    sons = np.stack([h_first[household[heirs]], np.flatnonzero(heirs)], axis=1)
    men = np.where((sex == 1) & ordinary & ((role == HEAD) | (role == SPOUSE)), h_township[household], -1)
    names, trap = plant_names(tricky, names, brothers, sons, men)
    return Population(
        county=county,
        household=household,
        role=role,
        sex=sex,
        birth=birth,
        rural=h_rural[household],
        township=h_township[household],
        village=h_village[household],
        id17=id17,
        earlier_id17=earlier,
        names=names,
        ids=id_text(id17),
        h_rural=h_rural,
        h_size=h_size,
        h_first=h_first,
        h_scenario=np.r_[np.array(scenarios, np.int64), np.full(len(sizes), -1)],
        h_number=first_number + np.arange(len(h_size)),
        trap=trap,
    )


def _sexes_and_births(
    rng: np.random.Generator, household: np.ndarray, role: np.ndarray, h_first: np.ndarray, h_size: np.ndarray, as_of: dt.date
) -> tuple[np.ndarray, np.ndarray]:
    """Sex and birth day: heads by the size of their household, the others by the head's age."""
    count, households = len(household), len(h_size)
    bottom = np.select([h_size == 1, h_size == 2], [22, 24], 26)
    top = np.select([h_size == 1, h_size == 2], [92, 88], 62)
    head_age = bottom + (top - bottom) * rng.random(households)
    age = head_age[household]
    gap = 21 + rng.random(count) * 11
    age = np.select(
        [role == SPOUSE, (role == SON) | (role == DAUGHTER), (role == FATHER) | (role == MOTHER)],
        [
            np.maximum(20 + rng.random(count) * 3, age - 5 + rng.random(count) * 8),
            np.maximum(rng.random(count) * 2, age - gap),
            np.minimum(103 - rng.random(count) * 10, age + gap),
        ],
        age,
    )
    h_head_sex = np.where(rng.random(households) < 0.78, 1, 2)
    head_sex = h_head_sex[household]
    sex = np.select([role == HEAD, role == SPOUSE, (role == SON) | (role == FATHER)], [head_sex, 3 - head_sex, 1], 2)
    birth = day_number(as_of) - (age * 365.2425).astype(np.int64) - 1
    return sex, birth


def _fix_families(
    birth: np.ndarray, sex: np.ndarray, scenarios: list[int], births: dict[tuple[int, int], int], twins: set[int], as_of: dt.date
) -> None:
    """Gives the scenario families their ages, well away from every birthday that matters, and the birth days that a scenario fixes."""
    size = len(FAMILY)
    for family, scenario in enumerate(scenarios):
        for place, years in enumerate(_FAMILY_AGES):
            spread = (family * 37 + place * 11) % 300
            birth[family * size + place] = births.get((scenario, place), day_number(same_day_earlier(as_of, years)) - 30 - spread)
        sex[family * size : (family + 1) * size] = (1, 2, 1, 2, 2)
        if scenario in twins:
            birth[family * size + 2] = birth[family * size + 3]
