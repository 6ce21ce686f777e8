"""Households of the low-income and poverty registers: who lives in them, and what shocks befell them (rules.md, relapse risk)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.facts.source import RecordSource
from pipelines.facts.tables import among, empty, marked, union

HOUSEHOLD = ("household_dataset", "household", "county_code")
KINDS = ("illness", "medical", "job", "disability")
PENSION_SCHEMES = ("110", "120")


def members(registers: dict[str, ir.Table], counties: list[str], covered: ir.Table, deceased: ir.Table) -> ir.Table:
    """The members of the region's households, each once.

    `registers` gives the in-force rows of low_income and poverty_register, with `household`. Grain: household and person.
    Gives `household_dataset`, `household`, `county_code`, `person`, `living`, `covered`, `by_likeness` (linked so in every row of the household).
    """
    rows = []
    for dataset, table in registers.items():
        own = table.filter(table.county_code.isin(counties))
        rows.append(own.select("household", "county_code", "person", household_dataset=ibis.literal(dataset), likely=own.link_basis == "probable"))
    otherwise = empty(household=pa.string(), county_code=pa.string(), person=pa.int64(), household_dataset=pa.string(), likely=pa.bool_())
    all_rows = union(rows, otherwise)
    people = all_rows.group_by([*HOUSEHOLD, "person"]).agg(by_likeness=all_rows.likely.all())
    people = marked(marked(people, covered, "covered"), deceased, "dead")
    return people.mutate(living=~people.dead).drop("dead")


def illness_shocks(illnesses: ir.Table, year_ago: int, day: int) -> ir.Table:
    """Listed serious illnesses recognised in the 12 months to `day`: the rows."""
    return illnesses.filter(illnesses.recognised_on > year_ago, illnesses.recognised_on <= day)


def disability_shocks(certificates: ir.Table, year_ago: int, day: int) -> ir.Table:
    """Severe certificates issued in the 12 months to `day`: the rows."""
    return certificates.filter(certificates.severe, certificates.issued_on > year_ago, certificates.issued_on <= day)


def last_contributions(records: RecordSource, people: ir.Table) -> ir.Table:
    """The latest contribution of each of `people` to pension insurance of workers or to unemployment insurance.

    Gives `person`, `last_paid_month`, `by_likeness`; persons without a paid month are left out.
    """
    rows = [contributions(records, dataset) for dataset in ("social_insurance", "unemployment_insurance") if dataset in records]
    paid = among(union(rows, empty(person=pa.int64(), last_paid_month=pa.int32(), likely=pa.bool_())), people)
    return paid.group_by("person").agg(last_paid_month=paid.last_paid_month.max(), by_likeness=paid.likely.all())


def contributions(records: RecordSource, dataset: str) -> ir.Table:
    """Paid contributions of social_insurance (110, 120) or unemployment_insurance: `person`, `last_paid_month`, `likely`."""
    rows = records[dataset]
    if dataset == "social_insurance":
        rows = rows.filter(rows.scheme.isin(PENSION_SCHEMES))
    rows = rows.filter(rows.last_paid_month.notnull())
    return rows.select("person", "last_paid_month", likely=rows.link_basis == "probable")


def job_shocks(records: RecordSource, people: ir.Table, first: int, last: int) -> ir.Table:
    """Those of `people` who lost work: `person`, `by_likeness`.

    Their latest contribution lies in the months `first` to `last`, or they are registered unemployed, or have not returned to work.
    """
    stopped = last_contributions(records, people)
    rows = [stopped.filter(stopped.last_paid_month >= first, stopped.last_paid_month <= last).select("person", "by_likeness")]
    rows += [among(table.select("person", by_likeness=table.link_basis == "probable"), people) for table in out_of_work(records).values()]
    found = union(rows, rows[0])
    return found.group_by("person").agg(by_likeness=found.by_likeness.all())


def out_of_work(records: RecordSource) -> dict[str, ir.Table]:
    """Per dataset the rows that say a person is without work: a 有效 unemployment registration, a migrant worker 未返岗."""
    tables = {}
    if "unemployment_registration" in records:
        rows = records["unemployment_registration"]
        tables["unemployment_registration"] = rows.filter(rows.status == "1")
    if "migrant_workers" in records:
        rows = records["migrant_workers"]
        tables["migrant_workers"] = rows.filter(rows.work_status == "未返岗")
    return tables
