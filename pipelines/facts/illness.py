"""Recognised serious illness on the policy's list (rules.md "Facts": ill; clause 一(一))."""

from __future__ import annotations

import ibis.expr.types as ir

from pipelines.facts.source import RecordSource


def listed_illnesses(records: RecordSource, diseases: tuple[str, ...]) -> ir.Table:
    """Serious-illness rows whose disease, by name or code, is on the policy's list; an empty list accepts all."""
    rows = records["serious_illness"]
    if not diseases:
        return rows
    return rows.filter(rows.disease_name.isin(diseases) | rows.disease_code.isin(diseases).fill_null(False))


def in_force(illnesses: ir.Table, day: int) -> ir.Table:
    """The rows recognised on or before `day` and not past `valid_until`."""
    return illnesses.filter(illnesses.recognised_on <= day, illnesses.valid_until.isnull() | (illnesses.valid_until >= day))
