"""How two records are compared: per attribute a few agreement levels, as engine expressions that mean the same on every engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

MISSING = "missing"
OTHERWISE = "different"

Condition = Callable[[ir.Table], ir.BooleanValue]


@dataclass(frozen=True)
class Level:
    """One agreement level: its name, and the condition on a pair (columns `<name>_l` and `<name>_r`) under which it holds."""

    name: str
    holds: Condition


@dataclass(frozen=True)
class Comparison:
    """One compared attribute. The first level that holds counts; `missing` says when nothing can be compared; if no level holds they differ."""

    name: str
    missing: Condition
    levels: Sequence[Level]

    @property
    def level_names(self) -> tuple[str, ...]:
        """Every level in the order of its number: missing is 0, the strongest agreement 1, different the last."""
        return (MISSING, *(level.name for level in self.levels), OTHERWISE)

    def number(self, pairs: ir.Table) -> ir.IntegerValue:
        """The level of each pair as a small integer, the index into `level_names`; a null condition does not hold.

        So a case has it anyway, and an engine computes only as much of a condition as it needs, unless something is computed on top of it.
        """
        branches = [(self.missing(pairs).fill_null(True), 0)]
        branches += [(level.holds(pairs), index) for index, level in enumerate(self.levels, start=1)]
        return ibis.cases(*branches, else_=len(self.levels) + 1).cast("int8").name(self.name)


def either_missing(column: str) -> Condition:
    """Nothing to compare: the value is absent on one side."""
    return lambda pairs: pairs[f"{column}_l"].isnull() | pairs[f"{column}_r"].isnull()


def equal(column: str) -> Condition:
    """The same value on both sides."""
    return lambda pairs: pairs[f"{column}_l"] == pairs[f"{column}_r"]


def compare(pairs: ir.Table, comparisons: Sequence[Comparison]) -> ir.Table:
    """The pairs with one level column per comparison, named as it is."""
    return pairs.mutate(**{comparison.name: comparison.number(pairs) for comparison in comparisons})


def pattern_counts(compared: ir.Table, comparisons: Sequence[Comparison], within: Sequence[str] = ()) -> ir.Table:
    """How many pairs show each combination of levels: one row a pattern and value of `within`, with `pairs`. What the model is trained on."""
    names = [*within, *(comparison.name for comparison in comparisons)]
    return compared.group_by(names).aggregate(pairs=compared.count()).order_by(names)
