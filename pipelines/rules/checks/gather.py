"""From what the checks found to tables of mismatches and their evidence.

The engine gives the found rows, which are few; what is made of them is Arrow, so that a night asks the engine once for each part of a check.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.rules.checks.finding import Cell, Finding, Looked, Night, Part

POLICY = "policy"
_SOURCE = {"snapshot": "int32", "file": "string", "line": "string", "line_no": "int64", "member_no": "int32"}
_ORDER = ("county_code", "subject", "side", "dataset", "file", "line_no", "member_no", "line", "at", "value")
_NUMBERS = {"person": pa.int64(), "seq": pa.int32(), "snapshot": pa.int32(), "checked": pa.int64()}


def _schema(*columns: str) -> pa.Schema:
    return pa.schema([pa.field(name, _NUMBERS.get(name, pa.string())) for name in columns])


MISMATCHES = _schema("check", "subject", "person", "county_code", "datasets", "grade", "state", "detail")
EVIDENCE = _schema("check", "subject", "county_code", "side", "seq", "person", "dataset", "snapshot", "file", "line", "field", "value", "shows")
DENOMINATORS = _schema("check", "county_code", "dataset", "checked")


@dataclass(frozen=True, eq=False)
class FoundRows:
    """The rows of a part in memory.

    Columns: `person`; `own_subject`, `own_county` (null where a mismatch is about a person); `place` (the county that the row gives the mismatch,
    null for none), `county` (its own, where in the region), `detail`, `doubted`, `side`, the source, and `cell_<n>` for the part's n-th cell.
    """

    part: Part
    rows: pa.Table


def found_rows(finding: Finding, night: Night) -> list[FoundRows]:
    """The rows of every part in which a check found something."""
    found = [FoundRows(part, night.engine.arrow(_narrow(finding.subject, part, night))) for part in finding.parts]
    return [item for item in found if item.rows.num_rows]


def subjects(found: Sequence[FoundRows], night: Night) -> pa.Table:
    """`person` and `subject` of everyone concerned by rows that name no subject of their own."""
    asked = [item.rows.filter(pc.is_null(item.rows["own_subject"])).select(["person"]) for item in found]
    people = pa.concat_tables([_schema("person").empty_table(), *asked]).group_by("person").aggregate([])
    if not people.num_rows:
        return _schema("person", "subject").empty_table()
    return night.engine.arrow(night.facts.records.subjects(night.engine.table(people)).select("person", "subject"))


def mismatches(check: str, found: Sequence[FoundRows], known: pa.Table, night: Night) -> pa.Table:
    """One row per subject and county: MISMATCHES, sorted. `known` is `subjects`. A person whom no row places in the region has none."""
    names = sorted({dataset for item in found for dataset in item.part.datasets})
    key = ["person", "own_subject", "own_county", "place", "detail", "doubted"]
    rows = pa.concat_tables(_with_datasets(item.rows.select(key), item.part, names) for item in found)
    rows = rows.join(known, "person")
    rows = rows.append_column("whom", pc.coalesce(rows["own_subject"], rows["subject"]))
    wanted: list[Any] = [(name, "min") for name in ("person", "place", "detail", "doubted")] + [(f"by_{name}", "max") for name in names]
    grouped = rows.group_by(["whom", "own_county"]).aggregate(wanted)
    grouped = grouped.filter(pc.is_valid(grouped["place_min"]))
    parts: list[Any] = [pc.if_else(grouped[f"by_{name}_max"], name, pa.scalar(None, pa.string())) for name in names]
    columns = {
        "check": pa.repeat(check, grouped.num_rows),
        "subject": grouped["whom"],
        "person": grouped["person_min"],
        "county_code": grouped["place_min"],
        "datasets": pc.binary_join_element_wise(*parts, ";", null_handling="skip"),
        "grade": pa.repeat(night.facts.policy.checks[check].grade, grouped.num_rows),
        "state": pc.if_else(grouped["doubted_min"], "identity_check", "open"),
        "detail": grouped["detail_min"],
    }
    return pa.table(columns, schema=MISMATCHES).sort_by([("county_code", "ascending"), ("subject", "ascending")])


def evidence(check: str, found: Sequence[FoundRows], about: pa.Table, night: Night) -> pa.Table:
    """Every cell of both sides of the mismatches in `about`: EVIDENCE, sorted.

    `seq` numbers the cells of a mismatch in the order side, dataset, file, line, cell. A value is the engine's as text, as in the evidence of
    flags, and an empty one is not told; what the policy says stands as people write it, its dataset `policy`, its line the clause. An absence
    has no line, field and value.
    """
    cells = pa.concat_tables(_cell(check, item, cell, at, night) for item in found for at, cell in enumerate(item.part.cells))
    key = about.select(["subject", "county_code", "person"])
    of_persons = cells.filter(pc.is_null(cells["own_subject"])).join(key, "person", join_type="inner")
    own = cells.filter(pc.is_valid(cells["own_subject"]))
    of_own = own.join(key.select(["subject", "county_code"]), ["own_subject", "own_county"], ["subject", "county_code"], join_type="inner")
    of_own = of_own.append_column("subject", of_own["own_subject"]).append_column("county_code", of_own["own_county"])
    rows = pa.concat_tables([of_persons, of_own.select(of_persons.column_names)]).sort_by([(name, "ascending") for name in _ORDER])
    rows = rows.append_column("seq", _numbered(rows)).append_column("check", pa.repeat(check, rows.num_rows))
    return rows.select(EVIDENCE.names).cast(EVIDENCE)


def denominators(findings: Mapping[str, Finding], night: Night) -> pa.Table:
    """How many rows or persons each check looked at per county of the region and dataset: DENOMINATORS, sorted. Every table is read once."""
    looked: dict[Hashable, list[tuple[str, Looked]]] = {}
    for check, finding in findings.items():
        for item in finding.looked:
            looked.setdefault(item.rows.op(), []).append((check, item))
    tables = [DENOMINATORS.empty_table(), *(_counted(items, night) for items in looked.values())]
    return pa.concat_tables(tables).sort_by([(name, "ascending") for name in ("check", "county_code", "dataset")])


def _counted(looked: Sequence[tuple[str, Looked]], night: Night) -> pa.Table:
    """What checks looked at in one table: DENOMINATORS. A county where a check looked at nothing has no row."""
    rows = looked[0][1].rows
    measures: dict[Hashable, tuple[str, ir.IntegerScalar]] = {}
    names = []
    for _, item in looked:
        key = (item.unit, item.which.op() if item.which is not None else None)
        count = rows.person.nunique(where=item.which) if item.unit == "person" else rows.count(where=item.which)
        names.append(measures.setdefault(key, (f"counted_{len(measures)}", count.cast("int64")))[0])
    counts = night.here(rows.group_by("county_code").agg(**dict(measures.values())))
    found = night.engine.arrow(counts)
    parts = []
    for (check, item), name in zip(looked, names, strict=True):
        some = found.filter(pc.greater(found[name], pa.scalar(0)))
        label = {"check": pa.repeat(check, some.num_rows), "dataset": pa.repeat(item.dataset, some.num_rows)}
        columns: dict[str, Any] = {"county_code": some["county_code"], "checked": some[name], **label}
        parts.append(pa.table({name: columns[name] for name in DENOMINATORS.names}, schema=DENOMINATORS))
    return pa.concat_tables(parts)


def _narrow(subject: str, part: Part, night: Night) -> ir.Table:
    rows, given = part.rows, set(part.rows.columns)
    county = rows.county_code if "county_code" in given else ibis.null("string")
    inside = ibis.ifelse(county.isin(night.counties), county, ibis.null("string"))
    own = {
        "person": ibis.null("string"),
        "record": ibis.literal(f"record:{part.dataset}:").concat(rows.file, ":", rows.line),
        "grant": ibis.literal("grant:").concat(rows.grant_id) if "grant_id" in given else ibis.null("string"),
        "pair": rows.pair if "pair" in given else ibis.null("string"),
    }
    if subject == "pair":
        inside = rows.pair_county
    return rows.select(
        person=rows.person,
        own_subject=own[subject],
        own_county=ibis.null("string") if subject == "person" else inside,
        place=inside if part.places else ibis.null("string"),
        county=inside,
        detail=rows.detail if "detail" in given else ibis.null("string"),
        doubted=rows.doubted if "doubted" in given else ibis.literal(False),
        side=rows.side if "side" in given else ibis.null("string"),
        **{name: rows[name].cast(kind) if name in given else ibis.null(kind) for name, kind in _SOURCE.items()},
        **{f"cell_{at}": rows[cell.column or cell.field].cast("string") for at, cell in enumerate(part.cells) if not cell.absent_from},
    )


def _with_datasets(rows: pa.Table, part: Part, names: list[str]) -> pa.Table:
    """The rows with `by_<dataset>` for each name: whether the dataset takes part through them."""
    for name in names:
        rows = rows.append_column(f"by_{name}", pa.repeat(name in part.datasets, rows.num_rows))
    return rows


def _cell(check: str, item: FoundRows, cell: Cell, at: int, night: Night) -> pa.Table:
    """One cell of every row of a part."""
    rows, size = item.rows, item.rows.num_rows
    dataset = item.part.dataset
    source: dict[str, Any] = {name: rows[name] for name in _SOURCE}
    if cell.absent_from or cell.of_policy:
        source = {name: pa.nulls(size, rows.schema.field(name).type) for name in _SOURCE}
        dataset = cell.absent_from or POLICY
    if cell.absent_from:
        source["snapshot"] = _snapshots(rows["county"], dataset, night)
    elif cell.of_policy:
        policy = night.facts.policy
        source |= {"file": pa.repeat(policy.id, size), "line": pa.repeat(policy.clause(check).number, size)}
    nothing = pa.nulls(size, pa.string())
    columns: dict[str, Any] = {
        **{name: rows[name] for name in ("person", "own_subject", "own_county")},
        "side": pa.repeat(cell.side, size) if cell.side else rows["side"],
        "at": pa.repeat(pa.scalar(at, pa.int32()), size),
        "dataset": pa.repeat(dataset, size),
        **source,
        "field": nothing if cell.absent_from else pa.repeat(cell.field, size),
        "value": nothing if cell.absent_from else rows[f"cell_{at}"],
        "shows": pa.repeat(cell.shows, size),
    }
    told = pa.table(columns)
    return told if cell.absent_from else told.filter(pc.is_valid(told["value"]))


def _snapshots(counties: Any, dataset: str, night: Night) -> Any:
    """The dates of the dataset's snapshots in force for the counties."""
    dates = {row.county_code: row.snapshot for row in night.coverage.rows if row.dataset == dataset}
    codes = list(dates)
    days = pa.array([dates[code] for code in codes], pa.int32())
    return days.take(pc.index_in(counties, pa.array(codes, pa.string())))


def _numbered(rows: pa.Table) -> Any:
    """The place of each row among those of its subject and county; `rows` are sorted by both."""
    places, starts = np.arange(rows.num_rows), np.zeros(rows.num_rows, bool)
    starts[:1] = True
    for name in ("county_code", "subject"):
        values: Any = rows[name].combine_chunks()
        starts[1:] |= pc.not_equal(values[1:], values[:-1]).to_numpy(zero_copy_only=False)
    return pa.array(places - np.maximum.accumulate(np.where(starts, places, 0)), pa.int32())
