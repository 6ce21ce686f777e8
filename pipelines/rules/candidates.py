"""From the rows that make a rule hold to one candidate for a flag per subject."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

PERSON_COLUMNS = ("person", "household", "household_dataset", "county_code", "township", "village", "name", "by_likeness", "partial", "grade")
_HEADS = ("户主", "本人")


def rows_of(table: ir.Table, dataset: str | None = None) -> ir.Table:
    """The rows of a dataset as candidates.

    Gives `person`, `household` and `household_dataset` (where `dataset` is one of the household registers, else null), place, `name`, `by_likeness`
    (whether the row is linked by likeness), and `file`, `line_no`, `member_no` to order by.
    """
    household = table.household if dataset else ibis.null("string")
    return table.select(
        "person", "county_code", "township", "village", "name", "file", "line_no", "member_no",
        household=household,
        household_dataset=ibis.literal(dataset) if dataset else ibis.null("string"),
        by_likeness=table.link_basis == "probable",
    )  # fmt: skip


def having(rows: ir.Table, fact: ir.Table) -> ir.Table:
    """The candidates for whom a fact (`person`, `by_likeness`) holds; linked by likeness when either is."""
    known = fact.select("person", fact_by_likeness=fact.by_likeness)
    joined = rows.join(known, "person")
    return joined.mutate(by_likeness=joined.by_likeness | joined.fact_by_likeness).drop("fact_by_likeness")


def one_per_person(rows: ir.Table) -> ir.Table:
    """One candidate per person: of the smallest county code, then the row that names no likeness, then the first row delivered."""
    order = ["county_code", "by_likeness", "household", "file", "line_no", "member_no"]
    chosen = rows.mutate(place_in_line=ibis.row_number().over(group_by="person", order_by=order))
    chosen = chosen.filter(chosen.place_in_line == 0)
    return chosen.mutate(partial=ibis.literal(False), grade=ibis.null("string")).select(*PERSON_COLUMNS)


def one_per_household(households: ir.Table, rows: ir.Table, dataset: str) -> ir.Table:
    """One candidate per household of `households` (`household`, `county_code`, `by_likeness`, `partial`, `grade`), placed and named by its head.

    `rows` are the rows of the register `dataset`; where none is the head's, the first row delivered serves. `person` is null.
    """
    placed = rows.semi_join(households, ["household", "county_code"])
    placed = placed.mutate(follows=~placed.relationship.isin(_HEADS).fill_null(False))
    rank = ibis.row_number().over(group_by=["household", "county_code"], order_by=["follows", "file", "line_no", "member_no"])
    heads = placed.mutate(rank=rank)
    heads = heads.filter(heads["rank"] == 0).select("household", "county_code", "township", "village", "name")
    joined = households.join(heads, ["household", "county_code"])
    return joined.mutate(person=ibis.null("int64"), household_dataset=ibis.literal(dataset)).select(*PERSON_COLUMNS)
