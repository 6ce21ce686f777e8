"""Conforming: a landed file to typed rows, the rest to the quarantine (extracts.md, "Delivery" and "Types").

A row whose required value is absent or unreadable is quarantined whole; an unreadable optional value becomes empty and is warned about; an
empty one takes the contract's default. A bad ID number is recorded and quarantines nothing. Everything is kept by what it depends on and
written atomically.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from pipelines.contracts import Contract
from pipelines.engine import Engine, pinned, remove
from pipelines.errors import StageError
from pipelines.extracts.land import Landing
from pipelines.extracts.rows import FLAWS, Identify, conformed_rows, quarantined_rows, typed_rows, warning_rows
from pipelines.policy import Region
from pipelines.workspace import Workspace, atomic_path, date_number

REFUSED_ABOVE = 10  # per cent of a file's rows
FIRST_LINES = 20
SORTED_ROWS = 100_000
LINES = ("line_no", "member_no")
# Whatever these say decides what a conformed row holds, so their text is part of what a result is kept by
CODE = (
    *(f"extracts/{name}" for name in ("conform.py", "rows.py", "types.py", "reasons.py", "reasons.yaml")),
    *(f"identity/{name}.py" for name in ("numbers", "names", "records")),
)


@dataclass(frozen=True)
class Fault:
    """One quarantined row: where it is and what the contract expects there."""

    line: str
    column: str | None
    reason: str


@dataclass(frozen=True)
class Conformed:
    """What became of one landed file. `status` is conformed or refused, then `error` says why and `first_faults` names the first rows.

    `rows` are the landed rows, always `conformed` + `quarantined`; `warnings` counts unreadable optional values and rows that name another
    county than their file; `counties` gives conformed and quarantined rows by county code, under `''` those of no readable county.
    """

    dataset: str
    file: str
    digest: str
    snapshot: date
    county_code: str | None
    part: int | None
    status: str
    error: str | None
    rows: int
    conformed: int
    quarantined: int
    warnings: int
    counties: dict[str, dict[str, int]]
    first_faults: tuple[Fault, ...]
    path: Path
    quarantine_path: Path
    warnings_path: Path


def conform(engine: Engine, workspace: Workspace, contract: Contract, landing: Landing, region: Region, identify: Identify) -> Conformed:
    """Conforms one file that landed, unless that was done before with the same file, contract, region and code.

    Writes conformed rows, quarantine and warnings (docs/design.md) and a JSON report beside the first. When more than 10 % of the rows would be
    quarantined the file is refused instead and only the report stays. Raises StageError when rows are lost or doubled on the way, and for a
    file that did not land.
    """
    if landing.landed_path is None or landing.snapshot is None:
        raise StageError(f"{landing.dataset}/{landing.file} did not land and cannot be conformed; leave refused files and copies out.")
    landed_path, snapshot = Path(landing.landed_path), landing.snapshot
    result = _planned(workspace, contract, landing, landed_path, snapshot, region)
    report = result.path.with_suffix(".json")
    if report.is_file() and (kept := _load(report, result)) is not None:
        return kept
    landed = _delivered(engine, contract, result, landed_path)
    typed = pinned(typed_rows(landed, contract, region))
    done = replace(result, rows=_number(engine, landed.count()))
    # Rows come in the order of their lines; sorting them again is cheap for small files only, where the engine may turn a join around
    order = LINES if done.rows <= SORTED_ROWS else ()
    engine.write(conformed_rows(typed, contract, identify), done.path, order, in_order=not order)
    done = _counted(engine, done)
    faulty = quarantined_rows(typed, contract, identify)
    engine.write(faulty if done.rows > done.conformed else _nothing(engine, faulty), done.quarantine_path, LINES)
    done = _with_quarantine(engine, done)
    if done.quarantined * 100 > done.rows * REFUSED_ABOVE:
        done = _refused(done)
    else:
        warned = warning_rows(engine.view(f"conformed_{contract.dataset}", engine.read([done.path])), contract)
        engine.write(warned if done.warnings else _nothing(engine, warned), done.warnings_path, (*LINES, "column"))
        done = replace(done, warnings=_number(engine, engine.read([done.warnings_path]).count()))
    _save(report, done)
    return done


def _delivered(engine: Engine, contract: Contract, result: Conformed, landed_path: Path) -> ir.Table:
    """The landed rows with the columns that come from the delivery. One view name for all files of a dataset, so that the plan is made once."""
    rows = engine.read([landed_path]).select(*contract.fields, "line", "line_no", "member_no", "numeric_cells", "problem")
    source = {"snapshot": ibis.literal(date_number(result.snapshot), "int32"), "file_county": ibis.literal(result.county_code, "string")}
    return engine.view(f"landed_{contract.dataset}", rows.mutate(file=ibis.literal(result.file), **source))


def _nothing(engine: Engine, table: ir.Table) -> ir.Table:
    """A table without rows that has the columns of `table`."""
    return engine.table(table.schema().to_pyarrow().empty_table())


def _planned(workspace: Workspace, contract: Contract, landing: Landing, landed_path: Path, snapshot: date, region: Region) -> Conformed:
    """The result before anything is read. The paths name the content by a key over everything it depends on."""
    delivered = [landing.file, landed_path.name, f"{snapshot:%Y%m%d}", landing.county_code]
    depends = [*delivered, contract.digest, region.code, region.counties, _code()]
    key = hashlib.sha256(json.dumps(depends, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    name = Path(contract.dataset, f"{snapshot:%Y%m%d}", f"{landing.county_code or 'region'}-{landing.digest[:16]}-{key[:8]}.parquet")
    return Conformed(
        dataset=contract.dataset,
        file=landing.file,
        digest=landing.digest,
        snapshot=snapshot,
        county_code=landing.county_code,
        part=landing.part,
        status="conformed",
        error=None,
        rows=0,
        conformed=0,
        quarantined=0,
        warnings=0,
        counties={},
        first_faults=(),
        path=workspace.conformed / name,
        quarantine_path=workspace.quarantine / name,
        warnings_path=workspace.warnings / name,
    )


@cache
def _code() -> str:
    root = Path(__file__).parent.parent
    return hashlib.sha256(b"".join((root / name).read_bytes() for name in CODE)).hexdigest()


def _number(engine: Engine, count: ir.IntegerScalar) -> int:
    return int(engine.arrow(count.name("count").as_table())["count"][0].as_py())


def _counted(engine: Engine, result: Conformed) -> Conformed:
    """With the conformed rows by county; `warnings` is the number of rows that have any."""
    table = engine.read([result.path])
    counts = table.group_by("county_code").aggregate(rows=table.count(), flawed=(table[FLAWS] != 0).sum())
    grouped = engine.arrow(counts).to_pylist()
    counties = {row["county_code"]: {"conformed": row["rows"], "quarantined": 0} for row in sorted(grouped, key=lambda row: row["county_code"])}
    conformed, flawed = (sum(row[name] for row in grouped) for name in ("rows", "flawed"))
    return replace(result, conformed=conformed, warnings=flawed, counties=counties)


def _with_quarantine(engine: Engine, done: Conformed) -> Conformed:
    table = engine.read([done.quarantine_path])
    grouped = engine.arrow(table.group_by("row_county").aggregate(rows=table.count())).to_pylist()
    counties = dict(done.counties)
    for row in grouped:
        code = row["row_county"] or ""
        counties[code] = {**counties.get(code, {"conformed": 0}), "quarantined": row["rows"]}
    quarantined = sum(row["rows"] for row in grouped)
    if done.conformed + quarantined != done.rows:
        raise StageError(
            f"{done.dataset}/{done.file}: {done.rows} rows went in, {done.conformed} conformed and {quarantined} are quarantined; "
            "the sums differ, so nothing of it is used: report this as a defect."
        )
    first = engine.arrow(table.order_by(*LINES).limit(FIRST_LINES).select("line", "column", "reason")).to_pylist()
    return replace(done, quarantined=quarantined, counties=dict(sorted(counties.items())), first_faults=tuple(Fault(**row) for row in first))


def _refused(done: Conformed) -> Conformed:
    """The file as refused: nothing of it stays but the report."""
    for path in (done.path, done.quarantine_path):
        remove(path)
    lines = ", ".join(f"{fault.line} ({fault.column or 'row'})" for fault in done.first_faults)
    error = (
        f"{done.dataset}/{done.file} is refused: {done.quarantined} of {done.rows} rows lack a required value or hold one that cannot be read, "
        f"more than {REFUSED_ABOVE} %; correct them and deliver the file again; the first lines: {lines}."
    )
    return replace(done, status="refused", error=error)


def _save(report: Path, done: Conformed) -> None:
    document = {**asdict(done), "snapshot": done.snapshot.isoformat(), "first_faults": [asdict(fault) for fault in done.first_faults]}
    for name in ("path", "quarantine_path", "warnings_path"):
        del document[name]
    with atomic_path(report) as beside:
        beside.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def _load(report: Path, planned: Conformed) -> Conformed | None:
    """What was kept from before, unless one of its files is gone."""
    document: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    document["snapshot"] = date.fromisoformat(document["snapshot"])
    document["first_faults"] = tuple(Fault(**fault) for fault in document["first_faults"])
    done = replace(planned, **document)
    there = done.status == "refused" or all(path.exists() for path in (done.path, done.quarantine_path, done.warnings_path))
    return done if there else None
