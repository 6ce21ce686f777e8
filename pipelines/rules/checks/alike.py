"""Which names under one ID number do not read alike: the engine finds names that differ, and distinct pairs of them are judged outside it."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import pyarrow as pa

from pipelines.engine import Engine, kept, pinned
from pipelines.facts.tables import among, union
from pipelines.identity.names import LEVELS, agreements

BEYOND = LEVELS.index("same_reading")


def names_that_differ(engine: Engine, tables: Sequence[ir.Table]) -> ir.Table | None:
    """The names of persons that agree less than `same_reading` with another name of the same person: `person`, `name_folded`.

    `tables` are records with a valid number. None when there are none.
    """
    if not tables:
        return None
    named = [table.filter(table.name_folded.notnull()).select("person", "name_folded") for table in tables]
    all_names = pinned(union(named, named[0]))
    spread = all_names.group_by("person").agg(least=all_names.name_folded.min(), most=all_names.name_folded.max())
    several = spread.filter(spread.least != spread.most)
    names = kept(among(all_names, several).distinct())
    left, right = names.rename(left="name_folded"), names.rename(right="name_folded", other="person")
    pairs = left.join(right, [left.person == right.other, left.left < right.right])
    differing = _that_differ(engine.arrow(pairs.select("left", "right").distinct()))
    if not differing.num_rows:
        return None
    wrong = pairs.join(engine.table(differing), ["left", "right"])
    return kept(wrong.select("person", name_folded=wrong.left).union(wrong.select("person", name_folded=wrong.right)).distinct())


def _that_differ(pairs: pa.Table) -> pa.Table:
    """The pairs (`left`, `right`) that agree less than `same_reading`."""
    given = [(str(left), str(right)) for left, right in zip(pairs["left"].to_pylist(), pairs["right"].to_pylist(), strict=True)]
    apart = [pair for pair, level in zip(given, agreements(given), strict=True) if LEVELS.index(level) > BEYOND]
    columns = {"left": pa.array([left for left, _ in apart], pa.string()), "right": pa.array([right for _, right in apart], pa.string())}
    return pa.table(columns)
