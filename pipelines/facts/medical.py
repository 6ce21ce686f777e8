"""Compliant self-pay of settled bills (rules.md: compliant self-pay)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from pipelines.facts.source import RecordSource
from pipelines.facts.tables import among


def bills(records: RecordSource, people: ir.Table, after: int, until: int) -> ir.Table:
    """The bills of `people` (`person`) that count, settled after `after` and not after `until` (yyyymmdd).

    Reversals count for nothing; a settlement delivered twice counts once. Grain: person and settlement.
    Gives `person`, `settlement_id`, `settled_on`, `self_pay` (in-scope cost less what funds paid, not below 0, fen), `by_likeness`.
    """
    rows = among(counted_rows(records, after, until), people)
    return rows.group_by("person", "settlement_id").agg(
        settled_on=rows.settled_on.max(), self_pay=rows.self_pay.max(), by_likeness=(rows.link_basis == "probable").all()
    )


def counted_rows(records: RecordSource, after: int, until: int) -> ir.Table:
    """The rows that count, of everyone and with repeated deliveries: conformed columns, `person`, `link_basis`, `self_pay`."""
    rows = records["medical_settlements"]
    rows = rows.filter(rows.settled_on > after, rows.settled_on <= until, rows.valid, ~rows.refunded)
    return rows.mutate(self_pay=ibis.greatest(rows.in_scope_cost - rows.fund_paid, 0))


def self_pay(counted: ir.Table) -> ir.Table:
    """The sum per person: `person`, `self_pay` (fen), `by_likeness`."""
    return counted.group_by("person").agg(self_pay=counted.self_pay.sum(), by_likeness=counted.by_likeness.all())
