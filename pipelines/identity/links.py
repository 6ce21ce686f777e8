"""Who the records without a valid ID number are (identity.md, "Linking"): a night's `links.parquet`, `queue.parquet` and `cut.parquet`.

A valid number needs no link: it is the person. A record without one is linked by likeness to a person with one, else to other records without one,
else it is a person of its own, keyed by dataset and natural key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts import Contract
from pipelines.engine import Engine
from pipelines.extracts.in_force import InForce
from pipelines.identity import appearances
from pipelines.identity.appearances import Numbered, Side, Unnumbered
from pipelines.identity.blocking import Candidates, candidates
from pipelines.identity.candidates import CERTAIN, DECISIONS, REVIEWED, Weigher, allowed, decided_pairs
from pipelines.identity.elimination import Elimination, eliminated
from pipelines.identity.likeness import compared
from pipelines.identity.model import SCALE, Model, load_model
from pipelines.identity.name_pairs import names_of_both
from pipelines.identity.records import CUT_FILE, QUEUE_FILE
from pipelines.identity.settle import Pair, Settled, settled, stars
from pipelines.identity.sides import with_sides
from pipelines.workspace import atomic_path

DEFAULT_MODEL = Path(__file__).with_name("models") / "default.yaml"
_TYPES = {
    "id_l": pa.int64(), "id_r": pa.int64(), "name": pa.int8(), "person": pa.int64(), "record_person": pa.int64(), "probability": pa.float64(),
    "weight": pa.int32(), "rank": pa.int32(), "line_no": pa.int64(), "member_no": pa.int32(),
}  # fmt: skip


def _schema(*columns: str) -> pa.Schema:
    return pa.schema([pa.field(name, _TYPES.get(name, pa.string())) for name in columns])


_SOURCE, _WEIGHED, _PLACE = ("dataset", "file", "line", "natural_key"), ("probability", "weight", "explained"), ("rank", "line_no", "member_no")
LINKS = _schema(*_SOURCE, "person", "link_basis", *_WEIGHED, *_PLACE)
QUEUE = _schema(*_SOURCE, "record_person", "person", "other_dataset", "other_key", *_WEIGHED, "decision", *_PLACE)
CUT = _schema("record_person", "person")
_ORDER = ("rank", "file", "line_no", "member_no", "line")
_WEIGHED_PAIRS = _schema("id_l", "id_r", "name", "weight", "explained", "decision")
_PERSONS = ("id", "person", "link_basis", "weight", "explained")


def link(
    engine: Engine,
    in_force: InForce,
    contracts: Mapping[str, Contract],
    target: Path,
    *,
    model: Model | None = None,
    decisions: pa.Table | None = None,
    asked: Collection[str] | None = None,
) -> Path:
    """Writes `target`, one row for every record in force without a valid ID number, and returns it; beside it the review queue and what was cut.

    Columns of links: `dataset`, `file`, `line`, `person`, `link_basis`, `probability`, `natural_key` (the key's values, separated by U+001F),
    `weight` and `explained` (see `candidates.explanation`), and the order of records: `rank` of the dataset, `line_no`, `member_no`.
    A record linked by likeness is `probable` and has its person's number, or the negative number of the group's first record; records of one dataset
    and natural key that nobody else is like are one person, `none`.
    `queue.parquet`: pairs that people must decide: `dataset`, `file`, `line`, `natural_key`, `record_person` (who the record is meanwhile), `person`,
    and `other_dataset`, `other_key` (null where that person has a valid number), `probability`, `weight`, `explained`, `decision` (unsure or null),
    `record_says`, `other_says` (see sides.py).
    `cut.parquet`: `record_person`, `person` of pairs in blocks too large to compare. `decisions` has the columns of DECISIONS; `asked` are the
    datasets on which flags rest (see elimination.py).
    """
    left = appearances.records(engine, in_force, contracts)
    if left is None or not engine.arrow(left.units.limit(1)).num_rows:
        found = [engine.table(schema.empty_table()) for schema in (LINKS, QUEUE, CUT)]
    else:
        decided = DECISIONS.empty_table() if decisions is None else decisions
        night = Elimination(engine, in_force, contracts, asked)
        run = _Linking(night, left, appearances.persons(engine, in_force, contracts), model or load_model(DEFAULT_MODEL), decided)
        found = [run.links(), run.queued(), run.cut()]
    queued = with_sides(engine, in_force, contracts, engine.arrow(found[1].order_by([*_ORDER, "person"])))
    with atomic_path(target.with_name(QUEUE_FILE)) as beside:
        pq.write_table(queued, beside, compression="zstd")
    engine.write(found[2], target.with_name(CUT_FILE), order_by=CUT.names)
    return engine.write(found[0], target, order_by=_ORDER)


class _Linking:
    """One night's linking: records to persons, again with the relatives found, then records to each other."""

    def __init__(self, night: Elimination, left: Unnumbered, right: Numbered, model: Model, decisions: pa.Table) -> None:
        engine = night.engine
        self.engine, self.left, self.right, self.decisions = engine, left, right, decisions
        self.names = names_of_both(engine, left, right)
        self.weigher = Weigher(engine, model, right)
        self.cuts: list[ir.Table] = []
        found = self._relatives_found(self._pass(right, None))
        decided = decided_pairs(engine, decisions, left, right)
        self.found = eliminated(night, left, right, self.names, found, decided)
        self.persons, self.queue = self._groups()

    def _pass(self, relatives: Side, among: ir.Table | None) -> Settled:
        decided = decided_pairs(self.engine, self.decisions, self.left, self.right)
        found = candidates(self.engine, self.left, self.right, self.names, relatives, among, decided)
        self.cuts.append(found.cut)
        return settled(self.engine, self._weighed(found, self.right, relatives, decided), self.left)

    def _weighed(self, found: Candidates, right: Side, members: Side, decided: ir.Table) -> ir.Table:
        if not self._any(found.pairs):
            return self.engine.table(_WEIGHED_PAIRS.empty_table())
        levels = compared(self.engine, self.left, right, self.names, found)
        pairs = self.weigher.weighed(levels)
        unlikely = pairs.filter(pairs.weight < REVIEWED).semi_join(decided, ["id_l", "id_r"])
        likely = self.engine.kept(pairs.filter(pairs.weight >= REVIEWED).union(unlikely))
        return self.engine.kept(allowed(likely, self.left, members, decided))

    def _any(self, table: ir.Table) -> bool:
        return bool(self.engine.arrow(table.limit(1)).num_rows)

    def _relatives_found(self, first: Settled) -> Settled:
        """A second pass for unlinked records whose household has a member that the first one linked: who lives with that person is now known."""
        left, engine, links = self.left, self.engine, first.links
        linked_homes = left.households.join(links, [("id", "id_l")]).select("household", "roster", id="id_r")
        open_homes = left.households.anti_join(links, [("id", "id_l")])
        among = engine.kept(open_homes.semi_join(linked_homes, "household").select("id").distinct())
        if not self._any(among):
            return first
        homes = engine.kept(self.right.households.union(linked_homes.select("id", "household", "roster")).distinct())
        again = self._pass(Numbered(self.right.names, self.right.towns, self.right.phones, homes), among)
        others = first.queue.anti_join(among, [("id_l", "id")])
        return Settled(engine.kept(links.union(again.links)), engine.kept(others.union(again.queue)))

    def _groups(self) -> tuple[ir.Table, ir.Table]:
        """Everybody's person: of linked records it is known; the others are grouped by natural key and by likeness to each other."""
        engine, left, links = self.engine, self.left, self.found.links
        free = left.units.anti_join(links, [("id", "id_l")])
        named = free.group_by("dataset", "natural_key").agg(person=free.id.max())
        group = engine.kept(free.join(named, ["dataset", "natural_key"]).select("id", "person"))
        decided = decided_pairs(engine, self.decisions, left, left)
        found = candidates(engine, left, left, self.names, self.right, group.select("id"), decided)
        later = found.pairs.filter(found.pairs.id_l < found.pairs.id_r).semi_join(group, [("id_r", "id")])
        own = Candidates(engine.kept(later), found.cut, found.blocks, found.linked, found.placed)
        self.cuts.append(found.cut)
        pairs = self._weighed(own, left, left, decided)
        one, other = group.rename(id_l="id", one="person"), group.rename(id_r="id", other="person")
        pairs = pairs.join(one, "id_l").join(other, "id_r").filter(ibis._.one != ibis._.other)
        best = ibis.window(group_by=["one", "other"], order_by=[ibis.desc("weight"), ibis.desc("id_l"), ibis.desc("id_r")])
        pairs = pairs.mutate(place=ibis.row_number().over(best))
        pairs = engine.kept(pairs.filter(pairs.place == 0).drop("place"))
        belongs = self._stars(pairs, group)
        star = engine.table(pa.table({"person": pa.array(belongs.keys(), pa.int64()), "centre": pa.array(belongs.values(), pa.int64())}))
        joined = group.left_join(star, "person").drop("person_right")
        why = pairs.join(star, [pairs.one == star.person, pairs.other == star.centre]).select("one", "weight", "explained")
        joined = joined.left_join(why, joined.person == why.one)
        alone = joined.select(
            "id", "weight", "explained", person=ibis.coalesce(joined.centre, joined.person),
            link_basis=ibis.ifelse(joined.centre.notnull(), "probable", "none"),
        )  # fmt: skip
        by_number = links.select("weight", "explained", id="id_l", person="id_r", link_basis=ibis.literal("probable"))
        persons = engine.kept(by_number.select(*_PERSONS).union(alone.select(*_PERSONS)))
        settled_pairs = pairs.left_join(star, [pairs.one == star.person]).filter(ibis._.centre.isnull() & (ibis._.weight >= REVIEWED))
        waiting = settled_pairs.filter(settled_pairs.weight < CERTAIN).select("id_l", "id_r", "weight", "explained", "decision")
        return persons, engine.kept(self.found.queue.union(waiting))

    def _stars(self, pairs: ir.Table, group: ir.Table) -> dict[int, int]:
        rows = self.engine.arrow(pairs.select("one", "other", "weight")).to_pylist()
        concerned = pairs.select(person="one").union(pairs.select(person="other")).distinct()
        rosters = self.left.households.filter(self.left.households.roster.notnull()).join(group.semi_join(concerned, "person"), "id")
        listed: dict[int, set[str]] = {}
        for row in self.engine.arrow(rosters.select("person", "roster").distinct()).to_pylist():
            listed.setdefault(row["person"], set()).add(row["roster"])
        return stars([Pair(row["one"], row["other"], row["weight"]) for row in rows], {key: frozenset(value) for key, value in listed.items()})

    def links(self) -> ir.Table:
        """Every record without a valid number with its person."""
        linked = self.left.rows.join(self.persons, "id")
        return linked.mutate(probability=_probability(linked.weight)).select(*LINKS.names).cast(dict(zip(LINKS.names, LINKS.types, strict=True)))

    def queued(self) -> ir.Table:
        """The queue with its records and whom they might be."""
        left, queue = self.left, self.queue
        rows = left.rows.select("dataset", "file", "line", "natural_key", "rank", "line_no", "member_no", id_l="id")
        who = self.persons.select(id_l="id", record_person="person")
        others = left.units.select(id_r="id", other_dataset="dataset", other_key="natural_key")
        other_person = self.persons.select(id_r="id", other_person="person")
        found = queue.join(rows, "id_l").join(who, "id_l").left_join(others, "id_r").drop("id_r_right")
        found = found.left_join(other_person, "id_r").drop("id_r_right")
        person = ibis.coalesce(found.other_person, found.id_r)
        return found.mutate(person=person, probability=_probability(found.weight)).select(*QUEUE.names)

    def cut(self) -> ir.Table:
        """Who would have been compared but for the bound on blocks, by person."""
        pairs = self.cuts[0] if len(self.cuts) == 1 else ibis.union(*self.cuts)
        who, other = self.persons.select(id_l="id", record_person="person"), self.persons.select(id_r="id", other="person")
        found = pairs.distinct().join(who, "id_l").left_join(other, "id_r").drop("id_r_right")
        return found.select("record_person", person=ibis.coalesce(found.other, found.id_r)).distinct()


def _probability(weight: ir.IntegerValue) -> ir.FloatingValue:
    """The probability of a weight, to six decimals, so that engines agree."""
    return (1 / (1 + ibis.literal(2.0) ** (-weight / SCALE))).round(6)
