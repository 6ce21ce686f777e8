"""Who is on dibao or tekun in the night's month (rules.md "Facts": covered)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from pipelines.facts.source import RecordSource

COVER = ("dibao", "tekun")


def running(table: ir.Table, month: int) -> ir.BooleanValue:
    """Whether a roster row's months, `start_month` to an open or later `end_month`, hold the month (yyyymm)."""
    return (table.start_month <= month) & (table.end_month.isnull() | (table.end_month >= month))


def active_dibao(records: RecordSource, month: int) -> ir.Table:
    """Dibao rows of covered members in force in the month: conformed columns, `person`, `link_basis`, and `category_key` (urban, rural).

    An empty status counts as in force, an empty `is_covered` as 是.
    """
    rows = records["dibao"]
    in_force = rows.status.isnull() | rows.status.isin(["在保", "渐退期"])
    active = rows.filter(rows.is_covered.fill_null(True), in_force, running(rows, month))
    return active.mutate(category_key=ibis.ifelse(active.scheme == "01", "urban", "rural"))


def active_tekun(records: RecordSource, month: int) -> ir.Table:
    """Tekun rows in force in the month: conformed columns, `person`, `link_basis`."""
    rows = records["tekun"]
    return rows.filter(rows.status == "在册", running(rows, month))
