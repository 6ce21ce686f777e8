"""Low-income families as of a day, their income against S (rules.md "Facts": y, low_income; clauses 一(一), 一(二))."""

from __future__ import annotations

from decimal import Decimal

import ibis
import ibis.expr.types as ir

from pipelines.facts.source import RecordSource


def low_income(records: RecordSource, standards: ir.Table, edge: Decimal, day: int) -> ir.Table:
    """Low-income rows in force on `day`: conformed columns, `person`, `link_basis`, and the columns below.

    `category_key` (urban, rural), `standard` (S in fen, null outside the region), `below` (y < S),
    `edge` (S ≤ y < edge × S), `household` (the family's number; the key is number and county).
    y is income per head less employment cost per head, not below 0. Nothing is divided: y < S holds when income × size − cost < S × size;
    an income below 0 is below S either way.
    """
    rows = records["low_income"]
    rows = rows.filter(rows.recognised_on <= day, rows.valid_until.isnull() | (rows.valid_until >= day))
    rows = rows.mutate(category_key=ibis.ifelse(rows.category == "城市", "urban", "rural"))
    keyed = standards.select(standard_county=standards.county_code, standard_category=standards.category, standard=standards.amount)
    joined = rows.left_join(keyed, [rows.county_code == keyed.standard_county, rows.category_key == keyed.standard_category])
    rows = joined.drop("standard_county", "standard_category")
    size = rows.household_size.cast("int64")
    family = rows.per_capita_income * size - rows.employment_cost.fill_null(0)
    due = rows.standard * size
    top, bottom = edge.as_integer_ratio()
    return rows.mutate(
        below=(family < due).fill_null(False),
        edge=((family >= due) & (bottom * family < top * due)).fill_null(False),
        household=rows.family_id,
    )
