"""The million through the product's own linking: its reading of numbers and names, its blocking, comparisons, training and weights."""

from __future__ import annotations

from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from benchmarks.linkage.trial import ID, LIKELY, trial
from pipelines.engine import Engine, open_engine
from pipelines.identity.appearances import Numbered, Unnumbered, households_of, phones_of, towns_of
from pipelines.identity.blocking import candidates
from pipelines.identity.candidates import Weigher
from pipelines.identity.likeness import compared
from pipelines.identity.model import SCALE, weight_of
from pipelines.identity.name_pairs import names_of_both
from pipelines.identity.names import changed_names, with_folded_names
from pipelines.identity.training import SAID, learned


def link(folder: Path) -> pa.Table:
    """The pairs found."""
    engine = open_engine()
    left, right = _records(engine, folder / "left.parquet"), _people(engine, folder / "right.parquet")
    names = names_of_both(engine, left, right)
    levels = compared(engine, left, right, names, candidates(engine, left, right, names, right))
    model = learned(engine, left, right, names, levels.mutate(ibis.null("int8").name(SAID)), "benchmark", "a benchmark")
    pairs = Weigher(engine, model, right).weighed(levels)
    likely = pairs.filter(pairs.weight >= weight_of(LIKELY))
    told = likely.join(left.units.select(id_l="id", one="natural_key"), "id_l").join(_ids(engine, folder), "id_r")
    found = engine.arrow(told.select("one", "other", score=told.weight / SCALE))
    engine.close()
    return found


def _records(engine: Engine, path: Path) -> Unnumbered:
    rows = _named(engine, path)
    nothing = {"household": ibis.null("string"), "roster": ibis.null("string"), "id_birth_date": ibis.null("int32")}
    source = {"dataset": ibis.literal("left"), "rank": ibis.literal(0, "int32"), "natural_key": rows[ID]}
    return Unnumbered(engine, rows.mutate(birth_date=rows.birth_date.cast("int32"), **source, **nothing).drop(ID))


def _people(engine: Engine, path: Path) -> Numbered:
    rows = _named(engine, path)
    rows = rows.mutate(id=rows.id_number.substr(0, 17).cast("int64"), household=ibis.null("string"), roster=ibis.null("string"))
    parts = (rows.select("id", "name", "county_code").distinct(), towns_of(rows), phones_of(rows), households_of(rows))
    return Numbered(*(engine.kept(part) for part in parts))


def _named(engine: Engine, path: Path) -> ir.Table:
    """The rows of a file with what folding makes of their surnames; their numbers are clean as they stand, and readings are made again."""
    rows = engine.read([path]).rename(county_code="county").drop("reading", "surname")
    rows = with_folded_names(rows, engine.table(changed_names(rows)))
    return rows.mutate(surname=rows.name_folded.substr(0, 1)).drop("name_folded")


def _ids(engine: Engine, folder: Path) -> ir.Table:
    rows = engine.read([folder / "right.parquet"])
    return rows.select(other=ID, id_r=rows.id_number.substr(0, 17).cast("int64"))


if __name__ == "__main__":
    trial(link, ["duckdb", "ibis-framework"])
