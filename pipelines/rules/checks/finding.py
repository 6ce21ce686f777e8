"""What a mismatch check hands over: the source rows in which it found something, the cells of both sides, and what it looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import ibis.expr.types as ir

from pipelines.extracts.coverage import Coverage
from pipelines.facts import Facts

A, B, BY_ROW = "A", "B", ""


@dataclass(frozen=True)
class Cell:
    """One value of a side.

    `field` names it, `column` holds it (the field itself where not given), `shows` is the key of a text in the policy. What is `of_policy`
    (a standard, an amount due) stands in no file and is written as people write it. With `absent_from` the cell says that the dataset named
    has no row of the person, and holds no value.
    """

    side: str
    field: str
    shows: str
    column: str = ""
    of_policy: bool = False
    absent_from: str = ""


@dataclass(frozen=True)
class Part:
    """Rows of one dataset in which a check found something, and the cells of them that prove it.

    `rows` are conformed rows with `person`, one a source row; `side` may say on which side each stands (the cells name none then), a boolean
    `doubted` that an absence is not sure, a text `detail` what exactly is wrong. Where `places`, the row's county may be the mismatch's.
    """

    dataset: str
    rows: ir.Table
    cells: Sequence[Cell]
    places: bool = True

    @property
    def datasets(self) -> set[str]:
        """The datasets that take part through these rows."""
        return {self.dataset} | {cell.absent_from for cell in self.cells if cell.absent_from}


@dataclass(frozen=True)
class Looked:
    """What a check looked at in one dataset: the `rows` that are `which` (all, where not given), counted per county as rows or as distinct `person`.

    Tables that several checks look at are counted once for all of them, so `rows` is the whole table and `which` picks from it.
    """

    dataset: str
    rows: ir.Table
    unit: str = "row"
    which: ir.BooleanValue | None = None


@dataclass(frozen=True)
class Finding:
    """A check's result. `subject` says what a mismatch is about: a `person`, a `record` (each row of a part its own), a `grant`, or a `pair` of
    persons, which its rows name in `pair`, with the county of the mismatch in `pair_county`."""

    parts: Sequence[Part]
    looked: Sequence[Looked]
    subject: str = "person"


class Night:
    """What the checks read: the night's facts, and in which counties absence from a dataset can be proven."""

    def __init__(self, facts: Facts, coverage: Coverage) -> None:
        self.facts = facts
        self.coverage = coverage
        self.engine = facts.records.engine
        self.region = facts.policy.region

    def __contains__(self, dataset: object) -> bool:
        return dataset in self.facts.records

    @cached_property
    def counties(self) -> list[str]:
        """The county units of the region."""
        return list(self.region.counties)

    def rows(self, dataset: str) -> ir.Table:
        """The rows of a dataset that count: of the poverty register those of each county's latest year."""
        return self.facts.poverty if dataset == "poverty_register" else self.facts.records[dataset]

    def active(self, dataset: str) -> ir.Table:
        """The dibao or tekun rows active in the night's month, in any county, another province's included."""
        return self.facts.active_dibao if dataset == "dibao" else self.facts.active_tekun

    def here(self, rows: ir.Table) -> ir.Table:
        """The rows of the region's counties; another province's persons are nobody's here."""
        return rows.filter(rows.county_code.isin(self.counties))

    def provable(self, dataset: str) -> list[str]:
        """The counties in which absence from the dataset can be proven."""
        return [county for county in self.counties if self.coverage.complete(dataset, county)]


def cells(side: str, shows: str, *fields: str) -> tuple[Cell, ...]:
    """Cells of one side that show the same thing."""
    return tuple(Cell(side, field, shows) for field in fields)
