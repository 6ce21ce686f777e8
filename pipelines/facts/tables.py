"""Small table operations that the facts share. A person column is never null, so absence is always an anti-join on it."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pyarrow as pa

PERSON = ("person",)


def empty(**columns: pa.DataType) -> ir.Table:
    """A table of the given columns without rows, for a fact whose datasets the night has none of."""
    return ibis.memtable(pa.schema(list(columns.items())).empty_table())


def union(tables: list[ir.Table], otherwise: ir.Table) -> ir.Table:
    """All rows of all tables, `otherwise` when there is none. Halved at each step, so that the query of many tables does not nest deeply."""
    if not tables:
        return otherwise
    half = len(tables) // 2
    return union(tables[:half], otherwise).union(union(tables[half:], otherwise)) if half else tables[0]


def people(tables: list[ir.Table]) -> ir.Table:
    """The distinct persons of all tables (`person`)."""
    return union([table.select("person") for table in tables], empty(person=pa.int64())).distinct()


def among(table: ir.Table, others: ir.Table, on: tuple[str, ...] = PERSON) -> ir.Table:
    """The rows of `table` whose key occurs in `others`."""
    return table.semi_join(others, list(on))


def not_among(table: ir.Table, others: ir.Table, on: tuple[str, ...] = PERSON) -> ir.Table:
    """The rows of `table` whose key does not occur in `others`."""
    return table.anti_join(others, list(on))


def marked(table: ir.Table, others: ir.Table, name: str) -> ir.Table:
    """`table` with the boolean `name`: whether its person occurs in `others`, which names each person once."""
    named = others.select(marked_person=others.person)
    joined = table.left_join(named, [table.person == named.marked_person])
    return joined.mutate(joined.marked_person.notnull().name(name)).drop("marked_person")


def with_likeness(table: ir.Table) -> ir.Table:
    """Per person, whether every row that makes the fact hold was linked by likeness (`person`, `by_likeness`)."""
    return table.group_by("person").agg(by_likeness=(table.link_basis == "probable").all())


def yuan(fen: ir.IntegerValue) -> ir.StringValue:
    """An amount of fen, not below 0, as yuan with two decimals."""
    return (fen // 100).cast("string").concat(".", (fen % 100).cast("string").lpad(2, "0"))
