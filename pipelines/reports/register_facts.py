"""What reports ask of the night's records beyond flags: heads of household, and how many on tekun cannot care for themselves."""

from __future__ import annotations

from collections.abc import Collection

from pipelines.facts import Facts
from pipelines.facts.source import RecordSource
from pipelines.identity.tokens import Tokens
from pipelines.reports.cases import HouseholdKey
from pipelines.reports.visits import CareCount

HOUSEHOLD_NUMBERS = {"low_income": "family_id", "poverty_register": "household_no", "dibao": "family_id"}
_HEAD = "户主"


def heads(records: RecordSource, tokens: Tokens, households: Collection[HouseholdKey]) -> dict[HouseholdKey, str]:
    """The name of each household's head, by the household's token and county, of the households asked for; one without a row of its head is left out.

    The registers are asked as they are tonight, so a household that the ledger carries over from another night is found as well. Where several rows
    say 户主, the first delivered serves.
    """
    found: dict[HouseholdKey, str] = {}
    counties = sorted({county for _, county in households})
    for dataset, number in HOUSEHOLD_NUMBERS.items():
        if dataset not in records or not households:
            continue
        rows = records[dataset]
        rows = rows.filter(rows.relationship == _HEAD, rows.name.notnull(), rows.county_code.isin(counties))
        rows = rows.select("county_code", "name", "file", "line_no", "member_no", household=rows[number])
        for row in records.engine.arrow(rows.order_by("household", "county_code", "file", "line_no", "member_no")).to_pylist():
            key = (tokens.of_record(f"household:{dataset}", row["household"]), row["county_code"])
            if key in households:
                found.setdefault(key, row["name"])
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
