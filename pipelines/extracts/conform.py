"""Conforming: a landed file to typed rows, the rest to the quarantine (extracts.md, "Delivery" and "Types").

A row whose required value is absent or unreadable is quarantined whole; an unreadable optional value becomes empty and is warned about; an
empty one takes the contract's default. A bad ID number is recorded and quarantines nothing. Everything is kept by what it depends on and
written atomically.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.contracts import Contract
from pipelines.engine import Engine, remove
from pipelines.errors import StageError
from pipelines.extracts.land import Landing
from pipelines.extracts.rows import FLAWS, LINES, Identify, conformed_rows, known_rows, quarantined_rows, warning_rows
from pipelines.policy import Region
from pipelines.workspace import Workspace, atomic_path, date_number

REFUSED_ABOVE = 10  # per cent of a file's rows
FIRST_LINES = 20
SORTED_ROWS = 100_000
LANDED = (*LINES, "numeric_cells", "problem")
NO_NAMES = pa.table({"name": pa.array([], pa.string()), "folded": pa.array([], pa.string())})
# Whatever these say decides what a conformed row holds, so their text is part of what a result is kept by
CODE = (
    "engine.py",
    *(f"extracts/{name}" for name in ("conform.py", "rows.py", "types.py", "reasons.py", "reasons.yaml")),
    *(f"identity/{name}.py" for name in ("numbers", "names", "identify")),
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
    done = _written(engine, contract, region, identify, result, landed_path)
    _save(report, done)
    return done


def waiting_bytes(workspace: Workspace, contract: Contract, landings: Iterable[Landing], region: Region) -> int:
    """The bytes of landed rows that are not conformed yet."""
    landed = ((landing, Path(landing.landed_path), landing.snapshot) for landing in landings if landing.landed_path and landing.snapshot)
    planned = ((path, _planned(workspace, contract, landing, path, snapshot, region)) for landing, path, snapshot in landed)
    return sum(path.stat().st_size for path, result in planned if not result.path.with_suffix(".json").is_file())


def _written(engine: Engine, contract: Contract, region: Region, identify: Identify, done: Conformed, landed_path: Path) -> Conformed:
    """Writes what becomes of the landed rows, each of which is read once: only those that did not conform, and flawed ones, are looked at again."""
    plan = _Plan(engine, contract, region, identify, done)
    landed = engine.read([landed_path])
    plan.read(landed)
    done = replace(done, rows=_number(engine, landed.count()))
    # Rows come in the order of their lines; sorting them again is cheap for small files only, where the engine may turn a join around
    order = LINES if done.rows <= SORTED_ROWS else ()
    engine.write(plan.conformed, done.path, order, as_it_comes=True)
    done = _counted(engine, done)
    conformed = engine.read([done.path])
    if done.rows != done.conformed:
        left = engine.kept(landed.anti_join(conformed, LINES))
        plan.read(left)
        engine.write(plan.quarantined, done.quarantine_path, LINES)
        engine.forget(left)
        done = _with_quarantine(engine, done)
    else:
        engine.write_none(plan.quarantined, done.quarantine_path)
    if done.quarantined * 100 > done.rows * REFUSED_ABOVE:
        return _refused(done)
    warned = plan.warned(conformed)
    if not done.warnings:
        engine.write_none(warned, done.warnings_path)
        return done
    engine.write(warned, done.warnings_path, (*LINES, "column"))
    return replace(done, warnings=_number(engine, engine.read([done.warnings_path]).count()))


class _Plan:
    """What is to be written of a file, as views over views of what is read: so the same queries serve every file of a dataset."""

    def __init__(self, engine: Engine, contract: Contract, region: Region, identify: Identify, file: Conformed) -> None:
        self._engine, self._contract, self._region, self._identify, self._file = engine, contract, region, identify, file
        depends = [contract.digest, region.code, region.counties, _code()]
        self._key = hashlib.sha256(json.dumps(depends, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    def read(self, rows: ir.Table) -> None:
        """Takes `rows`, as landed, for those that are to be conformed or quarantined, with the columns that come from the delivery."""
        source = {"file": ibis.literal(self._file.file), "snapshot": ibis.literal(date_number(self._file.snapshot), "int32")}
        source["file_county"] = ibis.literal(self._file.county_code, "string")
        rows = rows.select(*self._contract.fields, *LANDED).mutate(**source)
        names = self._identify.changed_names(rows) if self._contract.id_field else NO_NAMES
        self._engine.view(self._name("names"), self._engine.kept(self._engine.table(names)))
        self._engine.view(self._name("landed"), rows)

    @property
    def conformed(self) -> ir.Table:
        """The rows that conform."""
        known = self._known()
        return self._view("conformed", lambda: conformed_rows(known, self._contract, self._identify))

    @property
    def quarantined(self) -> ir.Table:
        """The rows that do not."""
        known = self._known()
        return self._view("quarantined", lambda: quarantined_rows(known, self._contract))

    def warned(self, conformed: ir.Table) -> ir.Table:
        """What is to be said of `conformed`, the rows that were written."""
        written = self._engine.view(self._name("written"), conformed)
        return self._view("warned", lambda: warning_rows(written, self._contract))

    def _known(self) -> ir.Table:
        def made() -> ir.Table:
            landed, names = (self._engine.connection.table(self._name(part)) for part in ("landed", "names"))
            return known_rows(landed, names, self._contract, self._region, self._identify)

        return self._view("known", made)

    def _name(self, part: str) -> str:
        return f"{part}_{self._contract.dataset}"

    def _view(self, part: str, make: Callable[[], ir.Table]) -> ir.Table:
        return self._engine.planned(self._name(part), self._key, make)


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
