"""The poverty register as of a year (rules.md "Facts": household attributes, members)."""

from __future__ import annotations

import ibis.expr.types as ir

from pipelines.facts.source import RecordSource


def current_register(records: RecordSource, year: int) -> ir.Table:
    """The rows of each county's latest `year` not after `year`: conformed columns, `person`, `link_basis`, `household`.

    `household` is its number; the key is number and county. Who is missing from the latest year has left the register.
    """
    rows = records["poverty_register"]
    rows = rows.filter(rows.year <= year)
    latest = rows.group_by("county_code").agg(latest=rows.year.max())
    latest = latest.select(latest_county=latest.county_code, latest=latest.latest)
    current = rows.join(latest, [rows.county_code == latest.latest_county, rows.year == latest.latest]).drop("latest_county", "latest")
    return current.mutate(household=current.household_no)
