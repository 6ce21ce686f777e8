"""What a compared pair weighs, and which pairs may not be linked whatever they weigh (identity.md, "Linking" 2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.engine import Engine, staged
from pipelines.identity.appearances import Numbered, Side, Unnumbered
from pipelines.identity.comparison import MISSING
from pipelines.identity.likeness import APART, COMPARISONS, READS_ALIKE
from pipelines.identity.model import SCALE, STRATUM, Model, weight_of

ACCEPT, REVIEW = 0.99, 0.5
ACCEPTED, REVIEWED = weight_of(ACCEPT), weight_of(REVIEW)
RIVAL = math.ceil(SCALE * math.log2(10))
CERTAIN = 10_000
"""The weight of a pair that people decided to be the same."""
SAME, DIFFERENT, UNSURE = "same", "different", "unsure"
_TEXTS = ("dataset", "natural_key", "other_dataset", "other_key", "decision")
DECISIONS = pa.schema([pa.field(name, pa.int64() if name == "person" else pa.string()) for name in (*_TEXTS, "person")])
"""What people decided: a record by dataset and natural key, and a `person` with a valid number (17 digits) or else another record."""
_RARITY_STEP, _RAREST = 50, 800
SMOOTHED = 5000
"""Persons of usual names that are added to those counted, so that little is made of names among few people."""


class Weigher:
    """Weighs pairs by a model's fixed integer weights, on a night of so many `persons` with a valid number.

    Among more people than the model was trained on a record's person is rarer; and a rare name weighs more than a common one.
    """

    def __init__(self, engine: Engine, model: Model, right: Numbered) -> None:
        self._engine, self._model = engine, model
        self._counts = engine.kept(right.names.select("id", "name").distinct().group_by("name").agg(bearers=ibis._.count()))
        self._persons = int(engine.arrow(right.names.aggregate(n=right.names.id.nunique()))["n"][0].as_py())
        trained = max(model.strata[APART].sample.get("persons", 1.0), 1.0)
        self._crowd = -max(0, round(SCALE * math.log2(max(self._persons, 1) / trained)))

    def weighed(self, compared: ir.Table) -> ir.Table:
        """Compared pairs with `weight`, and `explained`: prior, every level with its weight, and the name's rarity, which sum to it.

        `explained` reads `prior::-1766 name:exact:1267 … rarity::150`; a level that is missing and weighs nothing is left out.
        """
        names = [STRATUM, *(comparison.name for comparison in COMPARISONS)]
        patterns = self._engine.arrow(compared.select(*names).distinct()).to_pylist()
        told = [self._told(pattern) for pattern in patterns]
        texts = pa.array([text for _, text in told], pa.string())
        weights: dict[str, Any] = {"pattern_weight": pa.array([weight for weight, _ in told], pa.int32()), "told": texts}
        kinds: dict[str, pa.DataType] = {name: pa.string() if name == STRATUM else pa.int8() for name in names}
        keys: dict[str, Any] = {name: pa.array([pattern[name] for pattern in patterns], kinds[name]) for name in names}
        pairs = compared.join(self._engine.table(pa.table({**keys, **weights})), names)
        pairs = staged(pairs.left_join(self._counts.rename(name_r="name"), "name_r").drop("name_r_right"))
        rare = (pairs[STRATUM] == APART) & pairs.name.between(1, READS_ALIKE)
        pairs = staged(pairs.mutate(rarity=ibis.ifelse(rare, self._rarity(pairs.bearers.fill_null(0)), 0).cast("int32")))
        rarity = ibis.ifelse(pairs.rarity == 0, "", ibis.literal(" rarity::").concat(pairs.rarity.cast("string")))
        weight = (pairs.pattern_weight + pairs.rarity).cast("int32")
        return pairs.select("id_l", "id_r", "name", weight=weight, explained=pairs.told.concat(rarity))

    def _told(self, pattern: Mapping[str, Any]) -> tuple[int, str]:
        """The weight of an agreement pattern without the name's rarity, and how it comes about."""
        weights = self._model.strata[pattern[STRATUM]]
        parts = [("prior", "", weights.prior + (self._crowd if pattern[STRATUM] == APART else 0))]
        for comparison in COMPARISONS:
            level = comparison.level_names[pattern[comparison.name]]
            if level != MISSING:
                parts.append((comparison.name, level, weights.weights[comparison.name][level]))
        return sum(weight for _, _, weight in parts), " ".join(f"{name}:{level}:{weight}" for name, level, weight in parts)

    def _rarity(self, bearers: ir.IntegerValue) -> ir.IntegerValue:
        """How much rarer a name is than the names that people who share one by chance bear: whole steps, by how many bear it.

        A share is smoothed by that of a usual name, so that little is made of names among few people.
        """
        share = self._model.name_share
        if not share:
            return ibis.literal(0)
        branches = []
        for step in range(-_RAREST, _RAREST, _RARITY_STEP):
            least = share * 2 ** (-(step + _RARITY_STEP / 2) / SCALE) * (self._persons + SMOOTHED) - SMOOTHED * share
            branches.append((bearers >= max(0, math.ceil(least)), step))
        return ibis.cases(*branches, else_=_RAREST)


def explanation(text: str) -> list[tuple[str, str, int]]:
    """What `explained` says: comparison (or prior, rarity, what people are asked for or decided), level, weight in hundredths of a bit."""
    parts = (part.split(":") for part in text.split())
    return [(name, level, int(weight)) for name, level, weight in parts]


def allowed(pairs: ir.Table, left: Unnumbered, right: Side, decisions: ir.Table) -> ir.Table:
    """Pairs (`id_l`, `id_r`, `name`, `weight`, `explained`) without those that cannot be one person, with `decision`: what people said.

    Two members of one household in one dataset are two people: such pairs go, but where the names are equal a person is asked, for the row may
    stand twice. A person is asked too where names differ beyond their reading: brothers born on one day have like names and neighbouring numbers.
    What people decided to be different goes, what they decided to be the same is certain. `explained` says what that adds or takes away.
    """
    together = left.households.filter(left.households.roster.notnull()).select("roster", id_l="id")
    together = together.join(right.households.select("roster", id_r="id"), "roster").select("id_l", "id_r").distinct()
    pairs = _beside(_beside(pairs, together.mutate(together=ibis.literal(True))), decisions)
    pairs = staged(pairs.mutate(together=pairs.together.fill_null(False), said=pairs.decision.fill_null("")))
    pairs = pairs.filter(pairs.said != DIFFERENT, ~pairs.together | (pairs.name == 1) | (pairs.said == SAME))
    asked = pairs.together | ~pairs.name.between(1, READS_ALIKE)
    why = ibis.cases(
        (pairs.said == SAME, "decision:same"), (pairs.together, "asked:one_household"), else_="asked:names_differ"
    )  # fmt: skip
    settled = ibis.cases((pairs.said == SAME, CERTAIN), (asked, ibis.least(pairs.weight, ACCEPTED - 1)), else_=pairs.weight)
    pairs = staged(pairs.mutate(settled=settled.cast("int32"), why=why))
    changed = pairs.settled - pairs.weight
    told = ibis.ifelse(changed == 0, "", ibis.literal(" ").concat(pairs.why, ":", changed.cast("string")))
    return pairs.mutate(weight=pairs.settled, explained=pairs.explained.concat(told)).drop("together", "said", "settled", "why")


def _beside(pairs: ir.Table, part: ir.Table) -> ir.Table:
    return pairs.left_join(part, ["id_l", "id_r"]).drop("id_l_right", "id_r_right")


def decided_pairs(engine: Engine, decisions: pa.Table, left: Unnumbered, right: Side) -> ir.Table:
    """Decisions as pairs of tonight's people: `id_l`, `id_r`, `decision`. People who are not there tonight are left out."""
    said = engine.table(decisions.cast(DECISIONS))
    own = left.units.select("dataset", "natural_key", id_l="id")
    first = said.join(own, ["dataset", "natural_key"]).select("id_l", "person", "other_dataset", "other_key", "decision")
    if isinstance(right, Unnumbered):
        others = right.units.select(id_r="id", other_dataset="dataset", other_key="natural_key")
        found = first.filter(first.person.isnull()).join(others, ["other_dataset", "other_key"]).select("id_l", "id_r", "decision")
        back = found.select(id_l="id_r", id_r="id_l", decision="decision")
        return engine.kept(found.union(back).distinct())
    there = right.names.select(id_r="id").distinct()
    return engine.kept(first.filter(first.person.notnull()).select("id_l", "decision", id_r="person").semi_join(there, "id_r").distinct())
