"""What the facts read: one night's records, as identity gives them."""

from __future__ import annotations

from typing import Protocol

import ibis.expr.types as ir

from pipelines.engine import Engine


class RecordSource(Protocol):
    """Each dataset's rows in force: conformed columns, `person` (int64, never null) and `link_basis` (id, probable, none)."""

    @property
    def engine(self) -> Engine:
        """The engine that the tables belong to."""

    def __getitem__(self, dataset: str) -> ir.Table: ...

    def __contains__(self, dataset: object) -> bool: ...

    def quarantined(self, dataset: str) -> ir.Table:
        """`person` of quarantined rows that carry a valid number."""

    def queued(self, dataset: str) -> ir.Table:
        """`person` against whom a record of the dataset waits in the review queue."""

    def subjects(self, people: ir.Table) -> ir.Table:
        """Who `people` are: `person`, `subject`, and `id_number` or, of those without one, `dataset` and `natural_key` of the first record."""
