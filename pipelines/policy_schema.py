"""The policy file's shape: one class a section, nothing optional that a rule needs, nothing unknown accepted."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Grade = Literal["red", "orange", "yellow"]


def _county(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _month(value: object) -> object:
    if isinstance(value, str) and len(value) == 7 and value[4] == "-" and value[:4].isdigit() and value[5:].isdigit():
        month = int(value[:4] + value[5:])
        if 1 <= month % 100 <= 12:
            return month
    raise ValueError("a month is written YYYY-MM")


def _fen(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("an amount is a number of yuan")
    fen = Decimal(str(value)) * 100
    if fen != fen.to_integral_value() or fen <= 0:
        raise ValueError("an amount is a positive number of yuan with at most two decimals")
    return int(fen)


def _decimal(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("a multiple is a number")
    return Decimal(str(value))


def _unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("a value is listed twice")
    return values


County = Annotated[str, BeforeValidator(_county), Field(pattern=r"^\d{6}$")]
Month = Annotated[int, BeforeValidator(_month)]
Fen = Annotated[int, BeforeValidator(_fen)]
Multiple = Annotated[Decimal, BeforeValidator(_decimal), Field(gt=0)]
Count = Annotated[int, Field(strict=True, ge=0)]
Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], AfterValidator(_unique)]
Counties = Annotated[tuple[County, ...], AfterValidator(_unique)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Region(Section):
    """The province: its two-digit code, its cities (four-digit code -> name) and its county units (six-digit code -> name)."""

    code: Text
    name: Text
    cities: dict[str, Text]
    counties: dict[County, Text]

    def city(self, code: str) -> str:
        """The name of the city that a county or city code lies in, empty for another province's."""
        return self.cities.get(code[:4], "")

    @model_validator(mode="after")
    def _counties_lie_in_cities(self) -> Region:
        for county in self.counties:
            if county[:4] not in self.cities or not county.startswith(self.code):
                raise ValueError(f"county {county} lies in none of the cities")
        return self


class Standard(Section):
    from_: datetime.date = Field(alias="from")
    category: Literal["urban", "rural"]
    amount: Fen
    clause: Text
    source: Text
    counties: Counties


class LowIncome(Section):
    clause: Text
    edge: Multiple


class SevereDisability(Section):
    clause: Text
    levels: tuple[Count, ...]
    level_three: Counties
    level_three_categories: dict[Count, Text]


class SeriousIllness(Section):
    clause: Text
    diseases: Texts


class SelfPay(Section):
    clause: Text
    source: Text
    yuan: Annotated[int, Field(strict=True, gt=0)]


class Tekun(Section):
    clause: Text
    minor_age: Count
    ended_reason: Text
    turning_days: Count
    old_age: Count
    old_age_clause: Text


class Unemployment(Section):
    clause: Text
    window_end: Month | None
    window_months: Annotated[int, Field(strict=True, gt=0)]
    ages: tuple[Count, Count]
    grant_type: Text
    grant_since: datetime.date


class Relapse(Section):
    clause: Text
    not_lifted: Texts
    lifted: Texts
    unstable_types: Texts
    monitor_types: Texts
    edge_statuses: Texts
    no_labour: Texts
    monitoring_line: Annotated[int, Field(strict=True, gt=0)]
    monitoring_line_source: Text
    job_months: tuple[Count, Count]


class GradualExit(Section):
    clause: Text
    employed_months: Count
    grace_months: Count


class TemporaryAssistance(Section):
    clause: Text
    multiples: dict[Text, Multiple]


class Grades(Section):
    red: Count
    orange: Count
    yellow: Count

    def __getitem__(self, grade: str) -> int:
        days: int = getattr(self, grade)
        return days


class Deadline(Section):
    rules: Texts
    clause: Text
    date: datetime.date


class Year(Section):
    """A year of the calendar overlay: days off beyond weekends, and weekend days worked in exchange."""

    holidays: tuple[datetime.date, ...]
    workdays: tuple[datetime.date, ...]


class MonthlyTable(Section):
    clause: Text
    due_day: Count
    merged: tuple[Month, ...]
    last: Month


class Gate(Section):
    share: Multiple
    count: Count


class Needs(Section):
    """What a rule needs: `presence` groups of which one dataset each must have a snapshot; `absence` datasets that must be fresh, complete and
    cover the county; `after_window` those that must be dated on or after the window's last day; `uses` those used when there."""

    presence: tuple[Texts, ...] = ()
    absence: Texts = ()
    after_window: Texts = ()
    uses: Texts = ()


class Rule(Section):
    """A flag rule's words and grade; `raised_grade` holds from `raised_from` kinds of shock on."""

    family: Text
    subject: Literal["person", "household"]
    name: Text
    clause: Text
    asks: Text
    reason: Text
    action: Text
    grade: Grade
    raised_grade: Grade | None = None
    raised_from: Annotated[int, Field(strict=True, gt=0)] | None = None
    needs: Needs

    @model_validator(mode="after")
    def _raised_both_or_neither(self) -> Rule:
        if (self.raised_grade is None) != (self.raised_from is None):
            raise ValueError("raised_grade and raised_from go together")
        return self


class Check(Section):
    """A mismatch check's words and grade."""

    name: Text
    finds: Text
    clause: Text
    grade: Grade
    needs: Needs = Needs()


class Document(Section):
    """The whole file."""

    id: Text
    version: Text
    document: Text
    title: Text
    published: datetime.date
    region: Region
    standards: tuple[Standard, ...]
    low_income: LowIncome
    severe_disability: SevereDisability
    serious_illness: SeriousIllness
    self_pay: SelfPay
    tekun: Tekun
    unemployment: Unemployment
    relapse: Relapse
    gradual_exit: GradualExit
    temporary_assistance: TemporaryAssistance
    death_grace_months: Count
    grades: Grades
    deadlines: tuple[Deadline, ...]
    calendar: dict[Count, Year]
    monthly_table: MonthlyTable
    gate: Gate
    silence_days: Count
    families: dict[Text, Text]
    rules: dict[Text, Rule]
    checks: dict[Text, Check]
    shows: dict[Text, Text]

    @model_validator(mode="after")
    def _names_agree(self) -> Document:
        for key, rule in self.rules.items():
            if rule.family not in self.families:
                raise ValueError(f"rule {key} is of family {rule.family!r}, which families does not list")
        counties = {county for row in self.standards for county in row.counties} | set(self.severe_disability.level_three)
        for county in sorted(counties - set(self.region.counties)):
            raise ValueError(f"county {county} is not one of the region's")
        for deadline in self.deadlines:
            for rule_name in deadline.rules:
                if rule_name not in self.rules:
                    raise ValueError(f"a deadline names rule {rule_name!r}, which rules does not list")
        return self
