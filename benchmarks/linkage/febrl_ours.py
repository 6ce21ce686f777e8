"""FEBRL through the product's own comparison and model, with a small configuration of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from benchmarks.linkage.febrl import COLUMNS
from benchmarks.linkage.trial import ID, LIKELY, files, trial
from pipelines.engine import open_engine, staged
from pipelines.identity.comparison import Comparison, Condition, Level, compare, either_missing, equal, pattern_counts
from pipelines.identity.model import SCALE, STRATUM, Model, train, weight_of

BLOCKED = ("given_name", "surname", "date_of_birth", "postcode", "suburb", "address_1", "street_number", "address_2")
TENTHS = (100, 200, 300, 400, 500)
"""Edits in thousandths of the longer text, up to which words are alike to a degree: every tenth up to one half. What each degree says is learned."""


def link(folder: Path, shares: Sequence[int] = TENTHS, edits: Sequence[int] = (1, 2), exchanged: bool = True) -> pa.Table:
    """The pairs found: one join per blocking column, levels and pattern counts in the engine, EM, weights."""
    comparisons = configured(shares, edits, exchanged)
    engine = open_engine()
    sides = [engine.read([path]).rename({f"{name}_{side}": name for name in (ID, *COLUMNS)}) for path, side in zip(_two(folder), "lr", strict=True)]
    one, other = (engine.kept(side) for side in sides)
    pairs = ibis.union(*(one.join(other, one[f"{name}_l"] == other[f"{name}_r"]) for name in BLOCKED), distinct=True)
    pairs = engine.kept(pairs if len(files(folder)) > 1 else pairs.filter(pairs[f"{ID}_l"] < pairs[f"{ID}_r"]))
    compared = engine.kept(compare(_with_edits(pairs), comparisons).select(f"{ID}_l", f"{ID}_r", *(c.name for c in comparisons)))
    counts = engine.arrow(pattern_counts(compared, comparisons)).to_pandas()
    records = int(engine.arrow(one.aggregate(n=one.count()))["n"][0].as_py())
    weights, _ = train(counts, comparisons, expected=records / 2)
    scored = compared.mutate(ibis.literal("all").name(STRATUM))
    scored = scored.mutate(weight=Model("febrl", "", 0.0, {"all": weights}).total(scored, comparisons))
    likely = scored.filter(scored.weight >= weight_of(LIKELY))
    found = engine.arrow(likely.select(one=f"{ID}_l", other=f"{ID}_r", score=likely.weight / SCALE))
    engine.close()
    return found


def configured(shares: Sequence[int], edits: Sequence[int], exchanged: bool) -> list[Comparison]:
    """How records are compared: words by shares of edits, numbers by edits, and whether two columns were exchanged."""
    words = {name: _words(name, shares) for name in ("given_name", "surname", "address_1", "address_2", "suburb")}
    numbers = {name: _numbers(name, edits) for name in ("street_number", "postcode", "state", "date_of_birth")}
    every = [{**words, **numbers}[name] for name in COLUMNS]
    return [*every, _exchanged("given_name", "surname"), _exchanged("address_1", "address_2")] if exchanged else every


def _two(folder: Path) -> list[Path]:
    """Both files to compare: of one file its records with each other."""
    found = files(folder)
    return found if len(found) > 1 else found * 2


def _with_edits(pairs: ir.Table) -> ir.Table:
    """Pairs with the edits between both values of each column, counted once for all levels."""
    return staged(pairs.mutate(**{f"{name}_edits": pairs[f"{name}_l"].levenshtein(pairs[f"{name}_r"]) for name in COLUMNS}))


def _words(column: str, shares: Sequence[int]) -> Comparison:
    levels = [Level("equal", equal(column)), *(Level(f"edits_{share}", _alike(column, share)) for share in shares)]
    return Comparison(column, either_missing(column), levels)


def _alike(column: str, share: int) -> Condition:
    """Edits at most such a share (in thousandths) of the longer text."""
    return lambda pairs: pairs[f"{column}_edits"] * 1000 <= share * ibis.greatest(pairs[f"{column}_l"].length(), pairs[f"{column}_r"].length())


def _numbers(column: str, edits: Sequence[int]) -> Comparison:
    levels = [Level("equal", equal(column)), *(Level(f"edits_{most}", _edits(column, most)) for most in edits)]
    return Comparison(column, either_missing(column), levels)


def _edits(column: str, most: int) -> Condition:
    return lambda pairs: pairs[f"{column}_edits"] <= most


def _exchanged(one: str, other: str) -> Comparison:
    def holds(pairs: ir.Table) -> ir.BooleanValue:
        return (pairs[f"{one}_l"] == pairs[f"{other}_r"]) | (pairs[f"{other}_l"] == pairs[f"{one}_r"])

    return Comparison(f"{one}_exchanged", lambda _: ibis.literal(False), [Level("exchanged", holds)])


if __name__ == "__main__":
    trial(link, ["duckdb", "ibis-framework"])
