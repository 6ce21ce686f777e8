"""What reports ask of the night's records beyond flags: heads of household, and how many on tekun cannot care for themselves."""

from __future__ import annotations

from collections.abc import Iterable

import ibis
import pyarrow as pa

from pipelines.facts import Facts
from pipelines.facts.source import RecordSource
from pipelines.reports.visits import CareCount

HOUSEHOLD_NUMBERS = {"low_income": "family_id", "poverty_register": "household_no", "dibao": "family_id"}
_HEAD = "户主"

HouseholdKey = tuple[str, str, str]


def heads(records: RecordSource, households: Iterable[HouseholdKey]) -> dict[HouseholdKey, str]:
    """The name of each household's head, by dataset, number and county, of the households asked for; one without a row of its head is left out.

    Where several rows say 户主, the first delivered serves.
    """
    wanted = sorted(set(households))
    found: dict[HouseholdKey, str] = {}
    for dataset, number in HOUSEHOLD_NUMBERS.items():
        asked = [(household, county) for name, household, county in wanted if name == dataset]
        if not asked or dataset not in records:
            continue
        keys = ibis.memtable(pa.table({"household": [item[0] for item in asked], "county_code": [item[1] for item in asked]}))
        rows = records[dataset]
        rows = rows.filter(rows.relationship == _HEAD, rows.name.notnull()).mutate(household=rows[number])
        named = rows.semi_join(keys, ["household", "county_code"])
        rows = named.select("household", "county_code", "name", "file", "line_no", "member_no")
        rows = rows.order_by("household", "county_code", "file", "line_no", "member_no")
        for row in records.engine.arrow(rows).to_pylist():
            found.setdefault((dataset, row["household"], row["county_code"]), row["name"])
    return found


def care_counts(facts: Facts) -> list[CareCount]:
    """Persons with an active tekun row, by county of the region, support mode and self-care; empty without a tekun snapshot (三(一))."""
    if "tekun" not in facts.records:
        return []
    rows = facts.active_tekun
    rows = rows.filter(rows.county_code.isin(list(facts.policy.region.counties)))
    counted = rows.group_by("county_code", "support_mode", "self_care").agg(persons=rows.person.nunique())
    found = facts.records.engine.arrow(counted.order_by("county_code", "support_mode", "self_care")).to_pylist()
    return [CareCount(row["county_code"], row["support_mode"] or "", row["self_care"] or "", row["persons"]) for row in found]
