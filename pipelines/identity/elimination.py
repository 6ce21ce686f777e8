"""Whom a record means that gives a name and a county and little else: the only one of that name there who has no record of his own in the dataset.

A number that is missing, or that a spreadsheet wrote as 6.4E+17, leaves nothing to compare where a dataset knows neither township nor birth date.
But where a dataset has everybody once, the record of a man without a number is not that of a namesake whose record is there. If one namesake in the
county is left, he is meant unless the person is known nowhere else and the namesake stands there by chance; the rarer the name, the less likely.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.contracts import Contract
from pipelines.engine import Engine
from pipelines.extracts.in_force import InForce
from pipelines.identity.appearances import Numbered, Unnumbered
from pipelines.identity.candidates import ACCEPTED, DIFFERENT, REVIEWED, SMOOTHED
from pipelines.identity.model import SCALE
from pipelines.identity.name_pairs import Names
from pipelines.identity.records import conformed_in_force
from pipelines.identity.settle import Settled
from pipelines.identity.shown import readable

_DRAWN, _OUT_OF = 8, 97  # the persons by whom shares are judged: those whose number, divided by 97, leaves less than 8
_DOUBT = 50
"""Persons added to every sample as if they were not known elsewhere: little is made of what few people show."""
_MOST_REPEATED = 0.1  # a dataset that has more of its people twice lists events, and a record of one's own excludes nobody
_SLIPS = 0.02  # names that are somebody else's by a slip
_PAIR = ("id_l", "id_r")


@dataclass(frozen=True)
class Elimination:
    """The night in which to eliminate. People are asked only about records of the datasets `asked` (None: all): that others wait helps nobody."""

    engine: Engine
    in_force: InForce
    contracts: Mapping[str, Contract]
    asked: Collection[str] | None


def eliminated(night: Elimination, left: Unnumbered, right: Numbered, names: Names, found: Settled, decided: ir.Table) -> Settled:
    """`found` with what elimination adds for records that are neither linked nor queued; `decided` has the pairs that people decided.

    `explained` of such a pair: prior (that the record's person is known elsewhere at all), name and place (how seldom somebody in the county bears
    the name by chance), listed (how many people have no record in the dataset).
    """
    engine = night.engine
    bare = _bare(engine, left, found)
    datasets = [row["dataset"] for row in engine.arrow(bare.select("dataset").distinct().order_by("dataset")).to_pylist()]
    weights = _of_datasets(night, datasets)
    bare = engine.kept(bare.semi_join(weights, "dataset"))
    if not engine.arrow(bare.limit(1)).num_rows:
        return found
    alone = _alone(night, left, _namesakes(engine, names, bare, right), found, decided, datasets)
    known = alone.join(weights, "dataset").join(_of_names(engine, alone, right), "name_r").join(_of_counties(engine, right), "county_code")
    total = known.prior + known.named + known.placed + known.listed
    told = [("prior::", known.prior), (" name:exact:", known.named), (" place:county:", known.placed), (" listed:nobody_else:", known.listed)]
    text = told[0][1].cast("string")
    explained = ibis.literal(told[0][0]).concat(text, *(part for label, value in told[1:] for part in (label, value.cast("string"))))
    pairs = known.mutate(weight=total.cast("int32"), explained=explained).filter(ibis._.weight >= REVIEWED)
    pairs = engine.kept(pairs.select(*_PAIR, "dataset", "weight", "explained", decision=ibis.null("string")))
    links = pairs.filter(pairs.weight >= ACCEPTED).select(*found.links.columns)
    waiting = pairs if night.asked is None else pairs.filter(pairs.dataset.isin(sorted(night.asked)))
    queue = waiting.filter(waiting.weight < ACCEPTED).select(*found.queue.columns)
    return Settled(engine.kept(found.links.union(links)), engine.kept(found.queue.union(queue)))


def _bare(engine: Engine, left: Unnumbered, found: Settled) -> ir.Table:
    """Records that nobody is like yet and that have neither a number to read nor a birth date, if no other of the dataset bears the name there."""
    units = left.units
    open_units = units.anti_join(found.links, [("id", "id_l")]).anti_join(found.queue, [("id", "id_l")])
    nothing = open_units.filter(~readable(open_units.id_number).fill_null(False), open_units.birth_date.isnull(), open_units.id_birth_date.isnull())
    bare = engine.kept(nothing.filter(nothing.name.notnull()).select("id", "dataset", "name", "county_code", "township", "sex"))
    several = bare.group_by("dataset", "county_code", "name").agg(records=ibis._.count()).filter(ibis._.records > 1)
    return bare.anti_join(several, ["dataset", "county_code", "name"])


def _namesakes(engine: Engine, names: Names, bare: ir.Table, right: Numbered) -> ir.Table:
    """Bare records with the persons of the county who bear the name, unless their sex or all their townships there contradict."""
    plain = names.letters.filter(~names.letters.wild).select("name", "letters")
    own = bare.join(plain, "name").select(*bare.columns, "letters").rename(id_l="id")
    there = right.names.join(plain.join(own.select("letters").distinct(), "letters"), "name")
    pairs = own.join(there.select("letters", "county_code", id_r="id", name_r="name"), ["letters", "county_code"])
    pairs = pairs.filter(pairs.sex.isnull() | (pairs.sex == ibis.ifelse(pairs.id_r % 2 == 1, "1", "2")))
    pairs = engine.kept(pairs.select("id_l", "id_r", "dataset", "county_code", "township", "name_r"))
    towns = right.towns.semi_join(pairs.filter(pairs.township.notnull()), [("id", "id_r")]).select("county_code", "township", id_r="id").distinct()
    elsewhere = pairs.join(towns, ["id_r", "county_code"])
    elsewhere = elsewhere.group_by(*_PAIR).agg(here=(elsewhere.township == elsewhere.township_right).any()).filter(~ibis._.here)
    return pairs.anti_join(elsewhere, list(_PAIR))


def _alone(night: Elimination, left: Unnumbered, pairs: ir.Table, found: Settled, decided: ir.Table, datasets: list[str]) -> ir.Table:
    """The pairs of records for whom one namesake is left without a record of his own in the dataset, with a valid number or by likeness."""
    engine = night.engine
    linked = found.links.join(left.units.select("dataset", id_l="id"), "id_l").select("dataset", "id_r").distinct()
    free = pairs.anti_join(linked, ["dataset", "id_r"]).anti_join(decided.filter(decided.decision == DIFFERENT), list(_PAIR))
    free = engine.kept(free)
    parts = []
    for dataset in datasets:
        rows = conformed_in_force(engine, night.in_force, dataset)
        parts.append(free.filter(free.dataset == dataset).anti_join(rows.select(id_r="id17"), "id_r"))
    free = engine.kept(ibis.union(*parts) if len(parts) > 1 else parts[0])
    alone = free.group_by("id_l").agg(left=free.id_r.nunique()).filter(ibis._.left == 1)
    first = free.semi_join(alone, "id_l").group_by("id_l", "id_r", "dataset", "county_code").agg(name_r=ibis._.name_r.min())
    claimed = first.group_by("dataset", "id_r").agg(records=ibis._.count()).filter(ibis._.records > 1)
    return engine.kept(first.anti_join(claimed, ["dataset", "id_r"]))


def _of_datasets(night: Elimination, datasets: list[str]) -> ir.Table:
    """Of datasets that have their people once: `dataset`, `prior`, `listed`."""
    engine, in_force = night.engine, night.in_force
    people = [name for name, contract in night.contracts.items() if name in in_force.files and contract.id_field is not None]
    rows = [conformed_in_force(engine, in_force, name).select("id17").filter(ibis._.id17 % _OUT_OF < _DRAWN) for name in people]
    counted = [part.group_by("id17").agg(rows=ibis._.count()).mutate(dataset=ibis.literal(name)) for name, part in zip(people, rows, strict=True)]
    every = engine.kept(ibis.union(*counted) if len(counted) > 1 else counted[0])
    each = every.mutate(datasets=every.rows.count().over(ibis.window(group_by="id17")))
    sums = each.group_by("dataset").agg(persons=each.count(), rows=each.rows.sum(), elsewhere=(each.datasets > 1).sum())
    everybody = max(int(engine.arrow(every.aggregate(n=every.id17.nunique()))["n"][0].as_py()), 1)
    told = []
    for row in engine.arrow(sums.filter(sums.dataset.isin(datasets)).order_by("dataset")).to_pylist():
        if 1 - row["persons"] / row["rows"] <= _MOST_REPEATED:
            known = row["elsewhere"] / (row["persons"] + _DOUBT) * (1 - _SLIPS)
            missing = 1 - row["persons"] / (everybody + _DOUBT)
            told.append({"dataset": row["dataset"], "prior": _bits(known / (1 - known)), "listed": -_bits(missing)})
    return engine.table(_table(told, "dataset", "prior", "listed"))


def _of_names(engine: Engine, pairs: ir.Table, right: Numbered) -> ir.Table:
    """`name_r`, `named`: how few persons bear the name."""
    asked = pairs.select(name="name_r").distinct()
    bearers = right.names.semi_join(asked, "name").select("id", "name").distinct().group_by("name").agg(bearers=ibis._.count())
    persons = int(engine.arrow(right.names.aggregate(n=right.names.id.nunique()))["n"][0].as_py())
    rows = engine.arrow(bearers.order_by("name")).to_pylist()
    told = [{"name_r": row["name"], "named": -_bits((row["bearers"] + SMOOTHED / 10_000) / (persons + SMOOTHED))} for row in rows]
    return engine.table(_table(told, "name_r", "named"))


def _of_counties(engine: Engine, right: Numbered) -> ir.Table:
    """`county_code`, `placed`: how many persons the county has."""
    people = right.names.group_by("county_code").agg(persons=right.names.id.nunique()).order_by("county_code")
    rows = engine.arrow(people.filter(ibis._.county_code.notnull())).to_pylist()
    return engine.table(_table([{"county_code": row["county_code"], "placed": -_bits(row["persons"])} for row in rows], "county_code", "placed"))


def _bits(odds: float) -> int:
    return round(SCALE * math.log2(max(odds, 1e-9)))


def _table(rows: list[dict[str, str | int]], key: str, *weights: str) -> pa.Table:
    arrays: dict[str, Any] = {name: pa.array([row[name] for row in rows], pa.int32()) for name in weights}
    return pa.table({key: pa.array([row[key] for row in rows], pa.string()), **arrays})
