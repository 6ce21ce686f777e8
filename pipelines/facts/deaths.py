"""Who has died, by what the departments say (rules.md "Facts": deceased)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.facts.source import RecordSource
from pipelines.facts.tables import empty, union

SOURCES = ("dibao", "tekun", "pension_benefit", "disability_certificates", "medical_enrolment")
SUFFICIENT = 2
STATEMENT = ("person", "dataset", "death_date", "snapshot", "file", "line")


def death_statements(records: RecordSource) -> ir.Table:
    """Every row that says a person has died: `person`, `dataset`, `death_date` (yyyymmdd, null where it gives none), `snapshot`, `file`, `line`.

    Dibao and tekun stop reasons are dated by the last day of `end_month`.
    """
    statements = [statements_of(records, dataset) for dataset in SOURCES if dataset in records]
    otherwise = empty(person=pa.int64(), dataset=pa.string(), death_date=pa.int32(), snapshot=pa.int32(), file=pa.string(), line=pa.string())
    return union(statements, otherwise)


def statements_of(records: RecordSource, dataset: str) -> ir.Table:
    """The rows of one of SOURCES that say a person has died; columns of `death_statements`."""
    rows = stating(records, dataset)
    return rows.select("person", "snapshot", "file", "line", dataset=ibis.literal(dataset), death_date="stated_on").select(*STATEMENT)


def stating(records: RecordSource, dataset: str) -> ir.Table:
    """The same rows with their own columns, and `stated_on`: the date of death that they give (yyyymmdd, null where none)."""
    rows = records[dataset]
    says, died = _statement(dataset, rows)
    return rows.filter(says).mutate(stated_on=died.cast("int32"))


def deceased(records: RecordSource, day: int) -> ir.Table:
    """Persons of whom two datasets say so, or one with a date not after `day`; what is dated after `day` does not count.

    Gives `person`, `death_date` (the earliest, null where none is given), `sources` (dataset names joined by `;`).
    """
    said = death_statements(records)
    counting = said.filter(said.death_date.isnull() | (said.death_date <= day))
    named = {f"by_{dataset}": (counting.dataset == dataset).any() for dataset in SOURCES}
    people = counting.group_by("person").agg(death_date=counting.death_date.min(), datasets=counting.dataset.nunique(), **named)
    parts = [ibis.ifelse(people[f"by_{dataset}"], f"{dataset};", "") for dataset in SOURCES]
    joined = parts[0] + parts[1] + parts[2] + parts[3] + parts[4]
    sure = people.filter((people.datasets >= SUFFICIENT) | people.death_date.notnull())
    return sure.select("person", "death_date", sources=joined.substr(0, joined.length() - 1))


def _statement(dataset: str, rows: ir.Table) -> tuple[ir.BooleanValue, ir.IntegerValue]:
    """Whether a row of the dataset says that its person has died, and when."""
    if dataset == "dibao":
        return rows.stop_reason == "人员死亡", last_day(rows.end_month)
    if dataset == "tekun":
        return rows.stop_reason == "死亡", last_day(rows.end_month)
    if dataset == "pension_benefit":
        return (rows.survival_status == "死亡") | rows.death_date.notnull(), rows.death_date
    if dataset == "disability_certificates":
        cancelled = (rows.status == "注销") & rows.cancel_reason.contains("死亡")
        return cancelled | rows.death_date.notnull(), rows.death_date
    return (rows.status == "4") & (rows.end_reason == "死亡"), rows.end_date


def last_day(month: ir.IntegerValue) -> ir.IntegerValue:
    """The last day (yyyymmdd) of a month yyyymm."""
    year, number = month // 100, month % 100
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    february = ibis.ifelse(leap, 29, 28)
    days = ibis.ifelse(number == 2, february, ibis.ifelse(number.isin([4, 6, 9, 11]), 30, 31))
    return month * 100 + days
