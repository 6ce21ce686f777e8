"""The poverty register as of a year (rules.md "Facts": household attributes, members)."""

from __future__ import annotations

from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from pipelines.facts.source import RecordSource


def current_register(records: RecordSource, year: int) -> ir.Table:
    """The rows of each county's latest `year` not after `year`: conformed columns, `person`, `link_basis`, `household`.

    `household` is its number; the key is number and county. Who is missing from the latest year has left the register.
    The latest years are asked for at once, so that what is built on the register filters its files instead of joining them to themselves.
    """
    rows = records["poverty_register"]
    rows = rows.filter(rows.year <= year)
    latest = rows.filter(rows.county_code.notnull()).group_by("county_code").agg(year=rows.year.max())
    counties: dict[int, list[str]] = {}
    for row in sorted(records.engine.arrow(latest).to_pylist(), key=lambda row: str(row["county_code"])):
        counties.setdefault(row["year"], []).append(row["county_code"])
    current = reduce(or_, ((rows.year == one) & rows.county_code.isin(codes) for one, codes in sorted(counties.items())), ibis.literal(False))
    return rows.filter(current).mutate(household=rows.household_no)
