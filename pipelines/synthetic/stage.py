"""The stage that scenarios are played on: families, and what may happen to their members, in few words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipelines.synthetic.premises import WINDOW_END, day_number, month_index, same_day_earlier
from pipelines.synthetic.world import NOTHING, World

Row = dict[str, Any]
ROLES = ("head", "spouse", "son", "daughter", "mother")
_RELATIONS = (0, 1, 2, 3, 5)
_LABOUR = (1, 1, 1, 4, 2)
SECOND = 50_000_000
"""A household's second number on a register lies so far from all first ones."""
_EMPTY = np.empty(0, np.int64)


class Stage:
    """Some families of five that live through the same: a man of 45, his wife, a son of 20, a daughter of 12, a mother of 72.

    Nothing happens but what a scenario says: all are enrolled in medical insurance and on no register. `S` is the dibao standard of each family, fen.
    Roles are given as indices of persons, one per family. What happens gives the stage again, so that more can follow.
    """

    def __init__(self, world: World, homes: np.ndarray) -> None:
        people = world.people
        self.world, self.homes, self.day, self.month = world, homes, world.day, world.month
        self.head, self.spouse, self.son, self.daughter, self.mother = (people.h_first[homes] + place for place in range(5))
        self.all = (self.head, self.spouse, self.son, self.daughter, self.mother)
        self.number, self.category = people.h_number[homes], world.category[homes]
        self.S = world.standard(self.category)
        self.year_ago = day_number(same_day_earlier(world.as_of, 1))
        self.window = month_index(*WINDOW_END) - 2
        """First month without income."""
        self.elsewhere = np.where(np.array(world.in_play[0]) != people.county.code, world.in_play[0], world.in_play[1])
        """Another county of the region."""
        self.names: list[tuple[np.ndarray, str]] = []
        self.dead: list[np.ndarray] = []

    def members(self, *places: int) -> list[tuple[int, np.ndarray]]:
        """Places in the family and their persons; all five without arguments."""
        return [(place, self.all[place]) for place in places or range(5)]

    def low_income(self, income: Any, places: tuple[int, ...] = (), number: int = 0, **values: Any) -> Stage:
        """The family (or the members at these places) is recognised as low-income at `income` fen per head, in force unless said otherwise."""
        for place, person in self.members(*places):
            row: Row = {
                "number": self.number + number * SECOND,
                "relation": _RELATIONS[place],
                "category": self.category,
                "size": len(places) or 5,
            }
            self.world.add("low_income", person, **(row | {"income": income, "recognised": self.day - 90} | values))
        return self

    def dibao(self, *places: int, number: int = 0, **values: Any) -> Stage:
        """The members at these places (all without) are on dibao, since two years unless said otherwise."""
        family = self.number + number * SECOND
        for place, person in self.members(*places):
            row: Row = {
                "number": family,
                "relation": _RELATIONS[place],
                "scheme": self.category,
                "amount": 40_000 * (len(places) or 5),
                "start": self.month - 24,
            }
            self.world.add("dibao", person, **(row | {"unit": family * 10 + (len(places) > 0) * (1 + place)} | values))
        return self

    def tekun(self, person: np.ndarray, number: int = 0, **values: Any) -> Stage:
        """A person is in extreme hardship care, at home and self-reliant unless said otherwise."""
        self.world.add(
            "tekun", person, **({"number": self.number + number * SECOND, "category": self.category, "status": 1, "start": self.month - 30} | values)
        )
        return self

    def register(self, places: tuple[int, ...] = (), number: int = 0, only: dict[int, dict[str, Any]] | None = None, **values: Any) -> Stage:
        """The family is on the poverty register of this year: lifted, not monitored, 9000 yuan a head, able to work as their ages are; `only` gives
        values for the rows of single members."""
        for place, person in self.members(*places):
            row: Row = {
                "year": self.world.as_of.year,
                "number": self.number + number * SECOND,
                "order": place + 1,
                "relation": _RELATIONS[place],
            }
            row |= {"size": len(places) or 5, "labour": _LABOUR[place], "status": 1}
            self.world.add("poverty_register", person, **(row | values | (only or {}).get(place, {})))
        return self

    def certificate(self, person: np.ndarray, level: int, category: int = 4, **values: Any) -> Stage:
        """A person holds a certificate in force, issued six years ago."""
        self.world.add(
            "disability_certificates",
            person,
            **({"level": level, "category": category, "issued": self.day - 2200, "until": self.day + 1400} | values),
        )
        return self

    def illness(self, person: np.ndarray, recognised: int | None = None, **values: Any) -> Stage:
        """A serious illness recognised two years ago unless said otherwise."""
        self.world.add("serious_illness", person, recognised=self.day - 730 if recognised is None else recognised, disease=1, **values)
        return self

    def bill(self, person: np.ndarray, self_pay: int, settled: int | None = None, **values: Any) -> Stage:
        """A bill settled two months ago of which `self_pay` fen in scope were left to pay."""
        row: Row = {"number": self.world.numbers(len(person)), "settled": self.day - 60 if settled is None else settled, "disease": 2}
        row |= {"total": 3_000_000, "in_scope": 2_500_000, "fund": 2_500_000 - self_pay}
        self.world.add("medical_settlements", person, **(row | values))
        return self

    def migrant(self, person: np.ndarray, **values: Any) -> Stage:
        """A migrant worker with a rural hukou who has not returned to work and had income last before the window."""
        self.world.add("migrant_workers", person, **({"stopped": self.day - 150, "last_income": self.window - 1} | values))
        return self

    def jobless(self, person: np.ndarray, **values: Any) -> Stage:
        """A person registered as unemployed, a migrant worker with a rural hukou."""
        self.world.add("unemployment_registration", person, **({"registered": self.day - 100, "migrant": 1, "agricultural": 1} | values))
        return self

    def insured(self, person: np.ndarray, last: Any, **values: Any) -> Stage:
        """Unemployment insurance, paid last in a month."""
        self.world.add(
            "unemployment_insurance",
            person,
            **({"last": last, "status": 2, "months": 20, "first": np.asarray(last) - 19 if np.min(last) > 0 else NOTHING} | values),
        )
        return self

    def benefit(self, person: np.ndarray, start: int, end: int, **values: Any) -> Stage:
        """An unemployment benefit paid from one month to another."""
        self.world.add("unemployment_benefit", person, **({"start": start, "end": end, "amount": 124_000} | values))
        return self

    def employed(self, person: np.ndarray, last: int, scheme: int = 110, **values: Any) -> Stage:
        """Pension insurance, paid last in a month."""
        self.world.add("social_insurance", person, **({"scheme": scheme, "last": last, "base": 450_000} | values))
        return self

    def pension(self, person: np.ndarray, amount: Any, scheme: int = 110, **values: Any) -> Stage:
        """A pension."""
        self.world.add("pension_benefit", person, **({"scheme": scheme, "amount": amount, "start": self.month - 100} | values))
        return self

    def grant(self, person: np.ndarray, kind: int, amount: Any, granted: int, persons: int = 1, **values: Any) -> Stage:
        """Temporary assistance."""
        self.world.add(
            "temporary_assistance",
            person,
            **({"number": self.world.numbers(len(person)), "type": kind, "amount": amount, "granted": granted, "persons": persons} | values),
        )
        return self

    def dies(self, person: np.ndarray, day: int | None = None, undated: bool = False) -> Stage:
        """Medical insurance has ended a person's enrolment for death, by default 200 days ago."""
        self.dead.append(person)
        end = NOTHING if undated else self.day - 200 if day is None else day
        self.world.add("medical_enrolment", person, status=4, end_reason=0, end=end)
        return self

    def called(self, person: np.ndarray, name: str) -> Stage:
        """Gives a name; in the county's first township, so that namesakes are neighbours."""
        self.names.append((person, name))
        self.world.people.township[person] = 0
        return self

    def finish(self) -> None:
        """Enrols everybody whose enrolment has not ended."""
        living = np.setdiff1d(np.concatenate(self.all), np.concatenate([*self.dead, _EMPTY]))
        self.world.add("medical_enrolment", living, type=390)


class Born:
    """The birth day of somebody who completes some years `days` after the as-of date."""

    def __init__(self, years: int, days: int = 0) -> None:
        self._years, self._days = years, days

    def __call__(self, as_of: dt.date) -> dt.date:
        birthday = as_of + dt.timedelta(days=self._days)
        try:
            return birthday.replace(year=birthday.year - self._years)
        except ValueError:
            return birthday.replace(year=birthday.year - self._years, day=28)


@dataclass(frozen=True)
class Scenario:
    """Something that can happen to a family, and everything that should be flagged for it: `MC-01:head`, `MC-03:low_income`, `EN-09:grant`.

    `births` fixes birth days by role. ID-01, ID-03 and ID-05 follow from how records are written and are not listed.
    """

    name: str
    play: Callable[[Stage], object]
    expects: tuple[str, ...] = ()
    births: dict[str, Born] = field(default_factory=dict)
    twins: bool = False
