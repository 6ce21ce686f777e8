"""What is true of the persons of a block on the as-of date: the facts of the rules, stated a second time over the latent tables.

Nothing here comes from `pipelines.facts`, and nothing is read from a delivered file.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from pipelines.synthetic.premises import completed_years, day_number, last_day_of, same_day_earlier, standard
from pipelines.synthetic.world import COLUMNS, Table, World

FAR = np.iinfo(np.int64).max
"""A day or county code beyond all others: none."""


class Lives:
    """What is true of the persons of a block on the as-of date."""

    def __init__(self, world: World) -> None:
        self.world, self.day, self.month, self.n = world, world.day, world.month, len(world.people)
        self.year_ago = day_number(same_day_earlier(world.as_of, 1))

    def any(self, table: Table, rows: np.ndarray) -> np.ndarray:
        """Per person: has one of these rows."""
        return np.bincount(table["person"][rows], minlength=self.n) > 0

    def latest(self, table: Table, column: str, rows: np.ndarray) -> np.ndarray:
        """Per person: the latest value of a column over these rows, -1 without."""
        value = np.full(self.n, -1, np.int64)
        np.maximum.at(value, table["person"][rows], table[column][rows])
        return value

    def county(self, table: Table, rows: np.ndarray) -> np.ndarray:
        """Per person: the smallest county code over these rows."""
        value = np.full(self.n, FAR)
        np.minimum.at(value, table["person"][rows], table["county"][rows])
        return value

    def table(self, dataset: str) -> Table:
        return self.tables[dataset]

    @cached_property
    def tables(self) -> dict[str, Table]:
        return {dataset: self.world.table(dataset) for dataset in COLUMNS}

    @cached_property
    def age(self) -> np.ndarray:
        return completed_years(self.world.people.birth, self.world.as_of)

    @cached_property
    def dibao_now(self) -> np.ndarray:
        """Dibao rows active in the month: a covered member, not stopped, begun, not ended."""
        rows = self.table("dibao")
        holds: np.ndarray = (
            (rows["covered"] == 1) & (rows["status"] != 1) & (rows["start"] <= self.month) & ((rows["end"] < 0) | (rows["end"] >= self.month))
        )
        return holds

    @cached_property
    def tekun_now(self) -> np.ndarray:
        rows = self.table("tekun")
        holds: np.ndarray = (rows["status"] == 1) & (rows["start"] <= self.month) & ((rows["end"] < 0) | (rows["end"] >= self.month))
        return holds

    @cached_property
    def on_dibao(self) -> np.ndarray:
        return self.any(self.table("dibao"), self.dibao_now)

    @cached_property
    def on_tekun(self) -> np.ndarray:
        return self.any(self.table("tekun"), self.tekun_now)

    @cached_property
    def covered(self) -> np.ndarray:
        holds: np.ndarray = self.on_dibao | self.on_tekun
        return holds

    @cached_property
    def deaths(self) -> tuple[np.ndarray, np.ndarray]:
        """Per person: dead as far as the records can tell, and the earliest day told (FAR where none is)."""
        tables = self.tables
        certificates, pensions, enrolled = tables["disability_certificates"], tables["pension_benefit"], tables["medical_enrolment"]
        dibao, tekun = tables["dibao"], tables["tekun"]
        told = [
            (
                certificates,
                (certificates["death"] >= 0) | (certificates["status"] == 1) & (certificates["cancel_reason"] == 0),
                certificates["death"],
            ),
            (pensions, (pensions["survival"] == 1) | (pensions["death"] >= 0), pensions["death"]),
            (enrolled, (enrolled["status"] == 4) & (enrolled["end_reason"] == 0), enrolled["end"]),
            (dibao, dibao["stop_reason"] == 1, np.where(dibao["end"] >= 0, last_day_of(np.maximum(dibao["end"], 0)), -1)),
            (tekun, tekun["stop_reason"] == 1, np.where(tekun["end"] >= 0, last_day_of(np.maximum(tekun["end"], 0)), -1)),
        ]
        sources, first = np.zeros(self.n, np.int64), np.full(self.n, FAR)
        for table, says, when in told:
            counts = says & (when <= self.day)
            sources += self.any(table, counts)
            dated = counts & (when >= 0)
            np.minimum.at(first, table["person"][dated], when[dated])
        return (sources >= 2) | (first < FAR), first

    @cached_property
    def dead(self) -> np.ndarray:
        return self.deaths[0]

    @cached_property
    def severe_rows(self) -> np.ndarray:
        rows = self.table("disability_certificates")
        holds: np.ndarray = (rows["status"] == 0) & ((rows["until"] < 0) | (rows["until"] >= self.day)) & (rows["level"] <= 2)
        return holds

    @cached_property
    def severe(self) -> np.ndarray:
        return self.any(self.table("disability_certificates"), self.severe_rows)

    @cached_property
    def ill(self) -> np.ndarray:
        rows = self.table("serious_illness")
        return self.any(rows, (rows["recognised"] <= self.day) & ((rows["until"] < 0) | (rows["until"] >= self.day)))

    @cached_property
    def families(self) -> np.ndarray:
        """Low-income rows in force."""
        rows = self.table("low_income")
        return (rows["recognised"] <= self.day) & ((rows["until"] < 0) | (rows["until"] >= self.day))

    @cached_property
    def income_bands(self) -> tuple[np.ndarray, np.ndarray]:
        """Low-income rows: y below S; y from S to under one and a half S. y is never below nought, and S never is."""
        rows = self.table("low_income")
        total = np.maximum(0, rows["income"] * rows["size"] - np.maximum(rows["cost"], 0))
        limit = standard(rows["county"], rows["category"]) * rows["size"]
        return total < limit, (total >= limit) & (2 * total < 3 * limit)

    @cached_property
    def registered(self) -> np.ndarray:
        """Register rows of this year; a row of another year is of one who has left, or not yet true."""
        holds: np.ndarray = self.table("poverty_register")["year"] == self.world.as_of.year
        return holds

    @cached_property
    def self_pay(self) -> np.ndarray:
        """Per person: compliant self-pay of the twelve months, fen."""
        bills = self.table("medical_settlements")
        counts = (bills["valid"] == 1) & (bills["refunded"] == 0) & (bills["settled"] > self.year_ago) & (bills["settled"] <= self.day)
        paid = np.maximum(0, bills["in_scope"] - bills["fund"])[counts]
        return np.bincount(bills["person"][counts], weights=paid, minlength=self.n).astype(np.int64)

    @cached_property
    def last_pension_month(self) -> np.ndarray:
        """Per person: last month paid to the pension insurance of companies or public bodies."""
        rows = self.table("social_insurance")
        return self.latest(rows, "last", rows["scheme"] != 170)
