"""Birth dates and ages in completed years (rules.md "Facts": age)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.facts.source import RecordSource
from pipelines.facts.tables import among, empty, union


def born_by_number(person: ir.IntegerValue) -> ir.IntegerValue:
    """The birth date (yyyymmdd) that a person's 17 digits hold; null for a person without a valid number."""
    digits = ibis.ifelse(person > 0, person.cast("string"), ibis.null("string"))
    return digits.substr(6, 8).cast("int32")


def born_by_records(records: RecordSource, datasets: tuple[str, ...], people: ir.Table) -> ir.Table:
    """The birth dates of those `people` (`person`) who have no valid number.

    It is the birth_date column's, else an invalid number's where that is a real date; where records disagree the earliest.
    Grain: person of whom one is known. Gives `person`, `birth_date`.
    """
    unknown = people.filter(people.person < 0)
    said = []
    for dataset in datasets:
        if dataset in records:
            rows = records[dataset]
            said.append(among(rows.filter(rows.person < 0).select("person", "birth_date", "id_birth_date"), unknown))
    rows = union(said, empty(person=pa.int64(), birth_date=pa.int32(), id_birth_date=pa.int32()))
    found = rows.group_by("person").agg(by_column=rows.birth_date.min(), by_number=rows.id_birth_date.min())
    known = found.select("person", birth_date=ibis.coalesce(found.by_column, found.by_number))
    return known.filter(known.birth_date.notnull())


def age(birth_date: ir.IntegerValue, day: int) -> ir.IntegerValue:
    """Completed years on `day`, from dates yyyymmdd: who is born on 29 February completes a year on 1 March."""
    return (day - birth_date) // 10000
