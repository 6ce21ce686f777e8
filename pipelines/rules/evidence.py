"""From flags to the cells that prove them, so that an auditor can derive each flag again by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.extracts.coverage import Coverage
from pipelines.facts import Facts
from pipelines.facts.tables import empty, union

FLAG = ("rule", "subject", "county_code")
SOURCE = ("snapshot", "file", "line", "line_no", "member_no")
COLUMNS = ("rule", "subject", "county_code", "seq", "person", "dataset", "snapshot", "file", "line", "field", "value", "shows")
EVERYONE, COVERED, UNCOVERED = "everyone", "covered", "uncovered"
_CELL: dict[str, pa.DataType] = {
    "rule": pa.string(), "subject": pa.string(), "county_code": pa.string(), "position": pa.int32(), "cell": pa.int32(), "person": pa.int64(),
    "dataset": pa.string(), "snapshot": pa.int32(), "file": pa.string(), "line": pa.string(), "line_no": pa.int64(), "member_no": pa.int32(),
    "field": pa.string(), "value": pa.string(), "shows": pa.string(),
}  # fmt: skip
_FIRST, _LAST = ibis.literal(0).cast("int32"), ibis.literal(1000).cast("int32")


Rows = Callable[[Facts, ir.Table], ir.Table]


@dataclass(frozen=True)
class Cell:
    """One value that proves something: `field` names it, `shows` is the key of a text in the policy, and an empty value is told only with `blank`."""

    field: str
    shows: str
    blank: bool = False


@dataclass(frozen=True, eq=False)
class Source:
    """Rows of one dataset that prove a condition of a rule.

    `rows` gives them from the facts and the people concerned (`person`, distinct): conformed, or with the cells' fields and what is known of SOURCE.
    They are joined to the flag by `on`: `person`, for the flag's people of `whom` (everyone, or the living who are covered or uncovered), or
    `household`, by number and county.
    With `absent`, people of whom there is no row are told to be absent from the dataset, with the date of its snapshot for the county.
    `reads` are the datasets that must be there, the own one where empty.
    """

    dataset: str
    cells: Sequence[Cell]
    rows: Rows
    on: str = "person"
    whom: str = EVERYONE
    absent: str = ""
    reads: tuple[str, ...] = ()

    def readable(self, facts: Facts) -> bool:
        """Whether the night has what it reads."""
        return all(dataset in facts.records for dataset in self.reads or (self.dataset,))


@dataclass(frozen=True)
class Constant:
    """A number of the policy that a rule compares with: `value` as people write it, and the clause it comes from."""

    field: str
    shows: str
    value: Callable[[Facts], tuple[str, str]]


Proof = Source | Constant


def gather(facts: Facts, coverage: Coverage, flags: ir.Table, people: ir.Table, proofs: Mapping[str, Sequence[Proof]]) -> ir.Table:
    """The evidence of all flags, columns of COLUMNS; `seq` numbers a flag's cells in the order of its rule's proofs, then person and source line.

    `flags` has FLAG, `household`, `household_dataset`; `people` (flag and person) has FLAG, `person`, `living`, `covered`.
    A value is the engine's as text: money in fen, dates yyyymmdd; the data contracts say how people write it. What the policy holds, or a sum over
    rows, has no contract and stands as people write it. An absence is a row without line, field and value.
    """
    cells = []
    for proof in dict.fromkeys(proof for rule in proofs.values() for proof in rule):
        places = [(rule, list(rule_proofs).index(proof)) for rule, rule_proofs in proofs.items() if proof in rule_proofs]
        concerned = ibis.memtable(pa.table({"rule": [rule for rule, _ in places], "position": pa.array([at for _, at in places], pa.int32())}))
        if isinstance(proof, Constant):
            cells.append(_constant(facts, proof, flags.join(concerned, "rule")))
        elif proof.readable(facts):
            cells += _cells(facts, coverage, proof, flags.join(concerned, "rule"), people.join(concerned, "rule"))
    cells.append(_doubts(facts, coverage, people, list(proofs)))
    rows = union(cells, empty(**_CELL))
    order = ["position", "person", "dataset", "file", "line_no", "member_no", "line", "cell", "field", "value"]
    seq = ibis.row_number().over(group_by=list(FLAG), order_by=order).cast("int32")
    return rows.mutate(seq=seq).select(*COLUMNS)


def _cells(facts: Facts, coverage: Coverage, proof: Source, flags: ir.Table, people: ir.Table) -> Iterable[ir.Table]:
    concerned = of(people, proof.whom)
    found = proof.rows(facts, concerned.select("person").distinct())
    fields = {f"cell_{at}": found[cell.field].cast("string") for at, cell in enumerate(proof.cells)}
    dataset = found.dataset if "dataset" in found.columns else ibis.literal(proof.dataset)
    source = {name: found[name] if name in found.columns else _nothing(name) for name in SOURCE}
    if proof.on == "household":
        slim = found.select(found.household, found.county_code, source_person=found.person, dataset=dataset, **source, **fields)
        register = proof.reads[0] if proof.reads else proof.dataset
        joined = flags.filter(flags.household_dataset == register).join(slim, ["household", "county_code"])
    else:
        slim = found.select(source_person=found.person, dataset=dataset, **source, **fields)
        joined = concerned.join(slim, [concerned.person == slim.source_person]).drop("person")
    shown = joined.rename(person="source_person").distinct().cache()
    one_each = shown.cross_join(_cell_list(proof.cells))
    value = one_each.cell.cases(*((at, one_each[f"cell_{at}"]) for at in range(len(proof.cells))))
    told = one_each.mutate(value=value)
    yield told.filter(told.value.notnull() | told.blank).select(*_CELL)
    if proof.absent:
        missing = concerned.anti_join(shown, [*FLAG, "person"])
        yield _absences(missing, coverage, proof.dataset, proof.absent)


def _cell_list(cells: Sequence[Cell]) -> ir.Table:
    columns: dict[str, pa.Array[Any]] = {
        "cell": pa.array(range(len(cells)), pa.int32()),
        "field": pa.array([cell.field for cell in cells]),
        "shows": pa.array([cell.shows for cell in cells]),
        "blank": pa.array([cell.blank for cell in cells]),
    }
    return ibis.memtable(pa.table(columns))


def of(people: ir.Table, whom: str) -> ir.Table:
    """The flags' people of one kind."""
    if whom == EVERYONE:
        return people
    return people.filter(people.living, people.covered if whom == COVERED else ~people.covered)


def _absences(people: ir.Table, coverage: Coverage, dataset: str, shows: str) -> ir.Table:
    """A row per person (FLAG, `person`, `position`) that says the dataset has none, with the date of its snapshot for the flag's county."""
    dates = [(row.county_code, row.snapshot) for row in coverage.rows if row.dataset == dataset]
    places, days = pa.array([place for place, _ in dates], pa.string()), pa.array([day for _, day in dates], pa.int32())
    snapshots = ibis.memtable(pa.table({"place": places, "snapshot": days}))
    dated = people.left_join(snapshots, [people.county_code == snapshots.place])
    nothing = {name: _nothing(name) for name in ("file", "line", "line_no", "member_no", "field", "value")}
    return dated.select(
        *FLAG, "position", "person", "snapshot", dataset=ibis.literal(dataset), cell=_FIRST, shows=ibis.literal(shows), **nothing
    ).select(*_CELL)


def _constant(facts: Facts, proof: Constant, flags: ir.Table) -> ir.Table:
    value, clause = proof.value(facts)
    nothing = {name: _nothing(name) for name in ("person", "snapshot", "line_no", "member_no")}
    return flags.select(
        *FLAG, "position", dataset=ibis.literal("policy"), file=ibis.literal(facts.policy.id), line=ibis.literal(clause), cell=_FIRST,
        field=ibis.literal(proof.field), value=ibis.literal(value), shows=ibis.literal(proof.shows), **nothing,
    ).select(*_CELL)  # fmt: skip


def _doubts(facts: Facts, coverage: Coverage, people: ir.Table, rules: Sequence[str]) -> ir.Table:
    """Per dataset whose absence a rule needs, the uncovered living people of whom it is in doubt; last in a flag's evidence."""
    found = []
    for dataset in dict.fromkeys(dataset for rule in rules for dataset in facts.policy.needs(rule).absence):
        concerned = [rule for rule in rules if dataset in facts.policy.needs(rule).absence]
        doubted = of(people, UNCOVERED).filter(people.rule.isin(concerned)).semi_join(facts.uncertain((dataset,)), "person")
        found.append(_absences(doubted.mutate(position=_LAST), coverage, dataset, "identity_uncertain"))
    return union(found, empty(**_CELL))


def _nothing(column: str) -> ir.Value:
    return ibis.null(ibis.dtype(str(_CELL[column])))
