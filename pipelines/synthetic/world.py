"""What happened to the persons of a block: one latent table per dataset, in numbers, before anybody writes it down.

Days are days since 1970, months are months since year 0, money is fen, categories are small integers (labels in `labels.py`);
-1 stands for nothing. The truth and the deliveries are both made from these tables.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from pipelines.synthetic.population import Population
from pipelines.synthetic.premises import RURAL, URBAN, day_number, month_index, standard

Table = dict[str, np.ndarray]

NOTHING = -1
COLUMNS: dict[str, dict[str, int]] = {
    "dibao": {
        "number": 0,
        "relation": 0,
        "covered": 1,
        "scheme": RURAL,
        "subtype": NOTHING,
        "amount": 100_000,
        "income": NOTHING,
        "start": 0,
        "end": NOTHING,
        "status": 0,
        "stop_reason": NOTHING,
        "grace": NOTHING,
        "cause": NOTHING,
        "unit": 0,
    },
    "tekun": {
        "number": 0,
        "category": RURAL,
        "mode": 4,
        "care": 0,
        "amount": 49_400,
        "start": 0,
        "end": NOTHING,
        "status": 0,
        "stop_reason": NOTHING,
    },
    "low_income": {
        "number": 0,
        "relation": 0,
        "category": RURAL,
        "size": 1,
        "income": 0,
        "cost": NOTHING,
        "compliant": 1,
        "recognised": 0,
        "until": NOTHING,
    },
    "temporary_assistance": {
        "number": 0,
        "family": NOTHING,
        "type": 0,
        "persons": 1,
        "amount": 0,
        "granted": 0,
        "epidemic": NOTHING,
        "case": NOTHING,
        "minutes": NOTHING,
    },
    "unemployment_insurance": {"status": 1, "first": NOTHING, "last": NOTHING, "months": NOTHING, "employer": NOTHING},
    "unemployment_benefit": {"type": 0, "start": 0, "end": 0, "amount": NOTHING, "paid": 1},
    "unemployment_registration": {
        "registered": 0,
        "status": 1,
        "reason": NOTHING,
        "migrant": NOTHING,
        "agricultural": NOTHING,
        "work_county": NOTHING,
    },
    "migrant_workers": {"agricultural": 1, "returned": 0, "stopped": NOTHING, "last_income": NOTHING, "work_county": NOTHING},
    "social_insurance": {"scheme": 170, "status": 1, "last": NOTHING, "base": NOTHING, "employer": NOTHING},
    "pension_benefit": {"scheme": 170, "amount": 20_000, "start": NOTHING, "survival": 0, "death": NOTHING},
    "disability_certificates": {
        "category": 4,
        "level": 3,
        "column_category": NOTHING,
        "column_level": NOTHING,
        "part_category": 0,
        "part_level": 0,
        "other_category": 0,
        "other_level": 0,
        "issued": NOTHING,
        "until": NOTHING,
        "status": 0,
        "cancel_reason": NOTHING,
        "death": NOTHING,
        "reissue": 0,
    },
    "poverty_register": {
        "year": 0,
        "number": 0,
        "order": 0,
        "relation": 0,
        "status": 1,
        "monitor": NOTHING,
        "cleared": NOTHING,
        "size": 1,
        "income": 900_000,
        "labour": NOTHING,
        "health": 0,
        "cause": NOTHING,
        "work_months": NOTHING,
        "dibao_claim": NOTHING,
        "tekun_claim": NOTHING,
    },
    "medical_enrolment": {"type": 390, "status": 1, "end_reason": NOTHING, "end": NOTHING, "group": NOTHING},
    "medical_settlements": {"number": 0, "care": 0, "disease": 0, "settled": 0, "total": 0, "in_scope": 0, "fund": 0, "valid": 1, "refunded": 0},
    "serious_illness": {"disease": 0, "recognised": 0, "until": NOTHING, "by": 0},
}
"""Columns of the latent tables with what stands where nothing is said; every table also has `person` and `county`."""


class World:
    """The latent tables of one block, and the as-of date they are made for."""

    def __init__(self, people: Population, as_of: dt.date, rng: np.random.Generator, in_play: tuple[int, ...]) -> None:
        self.people = people
        self.as_of = as_of
        self.day = day_number(as_of)
        self.month = month_index(as_of.year, as_of.month)
        self.rng = rng
        self.in_play = in_play
        self._chunks: dict[str, list[Table]] = {dataset: [] for dataset in COLUMNS}
        self._grants = int(people.h_number[0]) * 10

    def add(self, dataset: str, person: np.ndarray, **values: Any) -> None:
        """Rows of a dataset, one per person given; a value is an array of that length or the same for all. `county` defaults to the block's."""
        rows = len(person)
        if not rows:
            return
        columns = COLUMNS[dataset] | {"county": self.people.county.code}
        unknown = set(values) - set(columns)
        if unknown:
            raise KeyError(f"{dataset} has no latent column {sorted(unknown)[0]}")
        chunk = {name: np.broadcast_to(np.asarray(values.get(name, default), np.int64), (rows,)) for name, default in columns.items()}
        chunk["person"] = np.asarray(person, np.int64)
        self._chunks[dataset].append(chunk)

    def table(self, dataset: str) -> Table:
        """All rows of a dataset, ordered by person where they were made so."""
        chunks = self._chunks[dataset]
        names = ["person", "county", *COLUMNS[dataset]]
        if not chunks:
            return {name: np.empty(0, np.int64) for name in names}
        return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in names}

    def numbers(self, count: int) -> np.ndarray:
        """Fresh numbers for grants and bills."""
        first, self._grants = self._grants, self._grants + count
        return np.arange(first, first + count)

    def standard(self, category: int | np.ndarray) -> np.ndarray:
        """S in fen in the block's county."""
        kind = np.atleast_1d(np.asarray(category))
        return standard(np.full(len(kind), self.people.county.code), kind)

    def chance(self, share: float | np.ndarray, count: int) -> np.ndarray:
        """True for a share of `count`."""
        return self.rng.random(count) < share

    @property
    def category(self) -> np.ndarray:
        """1 urban, 2 rural per household."""
        return np.where(self.people.h_rural, RURAL, URBAN)
