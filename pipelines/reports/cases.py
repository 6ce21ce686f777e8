"""What the caseworkers' lists hold: one case a family, its open flags one task for one township."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipelines.reports.texts import grade_order

IDENTITY_CHECK = "identity_check"
HouseholdKey = tuple[str, str]
"""A household's token and county."""


@dataclass(frozen=True)
class Person:
    """One of the people a case is about; `id_number` is masked already, `birth_year` 0 when unknown."""

    name: str
    birth_year: int = 0
    phone: str = ""
    id_number: str = ""


@dataclass(frozen=True)
class TaskFlag:
    """An open flag in words: `reason` says in plain Chinese what the rule suspects, `shows` what the data shows, one sentence each.

    `change` is a key of the changes in texts.yaml, empty when the flag is simply still true; `unchecked` says that its rule is suspended tonight.
    """

    flag_id: str
    rule: str
    clause: str
    reason: str
    grade: str
    due: date
    first_seen: date
    shows: tuple[str, ...] = ()
    state: str = "open"
    change: str = ""
    link_basis: str = "id"
    partial: bool = False
    unchecked: bool = False

    @property
    def order(self) -> tuple[int, date, str, str]:
        return (grade_order(self.grade), self.due, self.rule, self.flag_id)


@dataclass(frozen=True)
class Case:
    """One family, or one person living in none: who they are, where, and their open flags."""

    case_id: str
    county_code: str
    township: str
    village: str
    people: tuple[Person, ...]
    head: str
    flags: tuple[TaskFlag, ...]

    def part(self, *, identity: bool) -> Case | None:
        """The case with only its flags that wait for an identity check, or only the others; None when there are none."""
        flags = tuple(sorted((flag for flag in self.flags if (flag.state == IDENTITY_CHECK) is identity), key=lambda flag: flag.order))
        return Case(self.case_id, self.county_code, self.township, self.village, self.people, self.head, flags) if flags else None

    @property
    def grade(self) -> str:
        return min((flag.grade for flag in self.flags), key=grade_order)

    @property
    def due(self) -> date:
        return min(flag.due for flag in self.flags)

    @property
    def order(self) -> tuple[int, date, str, str]:
        """Most urgent first: grade, due date, then village so that one walk serves neighbours."""
        return (grade_order(self.grade), self.due, self.village, self.case_id)


@dataclass(frozen=True)
class Change:
    """What happened to a flag since the night before: `kind` is a key of the changes in texts.yaml, `why` the plain reason when more is known."""

    kind: str
    name: str
    village: str
    rule: str
    reason: str
    why: str = ""


@dataclass(frozen=True)
class Unchecked:
    """A rule that was not checked in a county, and why; `datasets` in Chinese."""

    rule: str
    reason: str
    datasets: str
    why: str


@dataclass(frozen=True)
class TownshipList:
    """Everything one township's workbook says. `township` is empty where it is unknown, `previous` None on the first night."""

    county_code: str
    county: str
    township: str
    as_of: date
    policy: str
    previous: date | None
    cases: tuple[Case, ...] = ()
    changes: tuple[Change, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
