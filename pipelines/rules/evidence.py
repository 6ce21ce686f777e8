"""From flags to the cells that prove them, so that an auditor can derive each flag again by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.engine import kept
from pipelines.extracts.coverage import Coverage
from pipelines.facts import Facts
from pipelines.facts.tables import union

FLAG = ("rule", "subject", "county_code")
SOURCE = ("snapshot", "file", "line", "line_no", "member_no")
COLUMNS = ("rule", "subject", "county_code", "seq", "person", "dataset", "snapshot", "file", "line", "field", "value", "shows")
EVERYONE, COVERED, UNCOVERED = "everyone", "covered", "uncovered"
_CELL = {
    "rule": "string", "subject": "string", "county_code": "string", "position": "int32", "cell": "int32", "person": "int64",
    "dataset": "string", "snapshot": "int32", "file": "string", "line": "string", "line_no": "int64", "member_no": "int32",
    "field": "string", "value": "string", "shows": "string",
}  # fmt: skip
_MOST_CELLS = 8
_LAST = 1000


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

    `flags` has FLAG, `household`, `household_dataset`; `people` (flag and person) has FLAG, `person`, `living`, `covered`; `proofs` are by rule.
    A value is the engine's as text: money in fen, dates yyyymmdd; the data contracts say how people write it. What the policy holds, or a sum over
    rows, has no contract and stands as people write it. An absence is a row without line, field and value.
    """
    plan = _Plan(facts, proofs)
    parts = [_constants(facts, plan, flags), _doubts(facts, coverage, people, list(proofs))]
    if plan.sources:
        rows = kept(_source_rows(facts, plan, flags, people))
        about = people.join(plan.places, "rule")
        about = about.filter(_is_of(about, about.whom))
        parts += [_shown(plan, flags, about, rows), _absences(about.filter(about.absent.notnull()).anti_join(rows, ["proof", "person"]), coverage)]
    cells = union(parts, parts[0])
    order = ["position", "person", "dataset", "file", "line_no", "member_no", "line", "cell", "field", "value"]
    seq = ibis.row_number().over(group_by=list(FLAG), order_by=order).cast("int32")
    return cells.mutate(seq=seq).select(*COLUMNS)


class _Plan:
    """The proofs of the rules, each source once and numbered, so that one query serves them all."""

    def __init__(self, facts: Facts, proofs: Mapping[str, Sequence[Proof]]) -> None:
        found = dict.fromkeys(proof for rule in proofs.values() for proof in rule if isinstance(proof, Source) and proof.readable(facts))
        self.sources = list(found)
        self.rules = {proof: [rule for rule, own in proofs.items() if proof in own] for proof in self.sources}
        self._proofs = proofs

    @property
    def places(self) -> ir.Table:
        """Where each rule tells each source: `rule`, `proof` (its number), `position`, `dataset`, `whom`, `absent`, `by_household`."""
        rows = [
            (rule, number, list(self._proofs[rule]).index(proof), proof.dataset, proof.whom, proof.absent or None, proof.on == "household")
            for number, proof in enumerate(self.sources)
            for rule in self.rules[proof]
        ]
        names = ("rule", "proof", "position", "dataset", "whom", "absent", "by_household")
        kinds = (pa.string(), pa.int32(), pa.int32(), pa.string(), pa.string(), pa.string(), pa.bool_())
        return _memory({name: pa.array(list(column), kind) for name, kind, column in zip(names, kinds, zip(*rows, strict=True), strict=True)})

    @property
    def cells(self) -> ir.Table:
        """The cells of each source: `proof`, `cell` (its number), `field`, `shows`, `blank`."""
        rows = [(number, at, cell.field, cell.shows, cell.blank) for number, proof in enumerate(self.sources) for at, cell in enumerate(proof.cells)]
        names = ("proof", "cell", "field", "shows", "blank")
        kinds = (pa.int32(), pa.int32(), pa.string(), pa.string(), pa.bool_())
        return _memory({name: pa.array(list(column), kind) for name, kind, column in zip(names, kinds, zip(*rows, strict=True), strict=True)})

    def constants(self, facts: Facts) -> list[tuple[str, int, str, str, str, str]]:
        """(rule, position, field, shows, value, clause) of every number of the policy that a rule compares with."""
        return [
            (rule, position, proof.field, proof.shows, *proof.value(facts))
            for rule, own in self._proofs.items()
            for position, proof in enumerate(own)
            if isinstance(proof, Constant)
        ]


def _source_rows(facts: Facts, plan: _Plan, flags: ir.Table, people: ir.Table) -> ir.Table:
    """The rows of all sources that concern a flag: `proof`, `person`, `household`, `county_code`, `dataset`, SOURCE, and up to 8 cells as text."""
    parts = []
    for number, proof in enumerate(plan.sources):
        concerned = people.filter(people.rule.isin(plan.rules[proof]))
        concerned = concerned.filter(_is_of(concerned, ibis.literal(proof.whom))).select("person").distinct()
        found = proof.rows(facts, concerned)
        if proof.on == "household":
            register = proof.reads[0] if proof.reads else proof.dataset
            homes = flags.filter(flags.household_dataset == register, flags.rule.isin(plan.rules[proof]))
            found = found.semi_join(homes, ["household", "county_code"])
        else:
            found = found.semi_join(concerned, "person")
        text = ibis.null("string")
        cells = {f"cell_{at}": found[proof.cells[at].field].cast("string") if at < len(proof.cells) else text for at in range(_MOST_CELLS)}
        parts.append(
            found.select(
                proof=ibis.literal(number).cast("int32"),
                person=found.person,
                household=found.household if proof.on == "household" else text,
                county_code=found.county_code if proof.on == "household" else text,
                dataset=found.dataset if "dataset" in found.columns else ibis.literal(proof.dataset),
                **{name: found[name] if name in found.columns else _nothing(name) for name in SOURCE},
                **cells,
            )
        )
    return union(parts, parts[0]).distinct()


def _shown(plan: _Plan, flags: ir.Table, about: ir.Table, rows: ir.Table) -> ir.Table:
    """The cells of the source rows, for each flag that they concern."""
    by_person = about.filter(~about.by_household).select(*FLAG, "proof", "position", "person")
    own = rows.filter(rows.household.isnull()).drop("household", "county_code")
    homes = flags.join(plan.places.filter(ibis._.by_household), "rule").select(*FLAG, "proof", "position", "household")
    shared = rows.filter(rows.household.notnull())
    names = [*FLAG, "proof", "position", "person", "dataset", *SOURCE, *(f"cell_{at}" for at in range(_MOST_CELLS))]
    told = by_person.join(own, ["proof", "person"]).select(*names)
    told = told.union(homes.join(shared, ["proof", "household", "county_code"]).select(*names)).join(plan.cells, "proof")
    told = told.mutate(value=told.cell.cases(*((at, told[f"cell_{at}"]) for at in range(_MOST_CELLS))))
    return told.filter(told.value.notnull() | told.blank).select(*_CELL)


def of(people: ir.Table, whom: str) -> ir.Table:
    """The flags' people of one kind."""
    return people.filter(_is_of(people, ibis.literal(whom)))


def _is_of(people: ir.Table, whom: ir.StringValue) -> ir.BooleanValue:
    return (whom == EVERYONE) | (people.living & (people.covered == (whom == COVERED)))


def _absences(people: ir.Table, coverage: Coverage) -> ir.Table:
    """A row per person (FLAG, `person`, `position`, `dataset`, `absent`) that says the dataset has none, with its snapshot for the flag's county."""
    places = [(row.dataset, row.county_code, row.snapshot) for row in coverage.rows]
    datasets, counties, days = (list(column) for column in zip(*places, strict=True)) if places else ([], [], [])
    snapshots = _memory(
        {"of": pa.array(datasets, pa.string()), "place": pa.array(counties, pa.string()), "snapshot": pa.array(days, pa.int32())},
    )
    dated = people.left_join(snapshots, [people.dataset == snapshots["of"], people.county_code == snapshots.place])
    nothing = {name: _nothing(name) for name in ("file", "line", "line_no", "member_no", "field", "value")}
    return dated.select(
        *FLAG, "position", "person", "dataset", "snapshot", cell=ibis.literal(0).cast("int32"), shows=dated.absent, **nothing
    ).select(*_CELL)


def _constants(facts: Facts, plan: _Plan, flags: ir.Table) -> ir.Table:
    """The policy's numbers: `file` is the policy, `line` the clause."""
    rows = plan.constants(facts)
    names = ("rule", "position", "field", "shows", "value", "line")
    numbers = _memory({name: pa.array([row[at] for row in rows], pa.int32() if name == "position" else pa.string()) for at, name in enumerate(names)})
    nothing = {name: _nothing(name) for name in ("person", "snapshot", "line_no", "member_no")}
    told = flags.select(*FLAG).join(numbers, "rule")
    source = {"dataset": ibis.literal("policy"), "file": ibis.literal(facts.policy.id), "cell": ibis.literal(0).cast("int32")}
    return told.mutate(**source, **nothing).select(*_CELL)


def _doubts(facts: Facts, coverage: Coverage, people: ir.Table, rules: Sequence[str]) -> ir.Table:
    """Per dataset whose absence a rule needs, the uncovered living people of whom it is in doubt; last in a flag's evidence."""
    found = []
    for dataset in dict.fromkeys(dataset for rule in rules for dataset in facts.policy.needs(rule).absence):
        concerned = [rule for rule in rules if dataset in facts.policy.needs(rule).absence]
        doubted = of(people, UNCOVERED).filter(ibis._.rule.isin(concerned)).semi_join(facts.uncertain((dataset,)), "person")
        found.append(doubted.select(*FLAG, "person", dataset=ibis.literal(dataset)))
    nobody = people.filter(ibis.literal(False)).select(*FLAG, "person", dataset=ibis.literal(""))
    rows = union(found, nobody)
    return _absences(rows.mutate(position=ibis.literal(_LAST).cast("int32"), absent=ibis.literal("identity_uncertain")), coverage)


def _memory(columns: Mapping[str, pa.Array[Any]]) -> ir.Table:
    return ibis.memtable(pa.table(dict(columns)))


def _nothing(column: str) -> ir.Value:
    return ibis.null(_CELL[column])
