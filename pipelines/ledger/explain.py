"""One flag with all that stands behind it: evidence, clause and history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from sqlalchemy import text

from pipelines.contracts import Contract
from pipelines.errors import LedgerError
from pipelines.ledger import states
from pipelines.ledger.access_log import Reveal
from pipelines.ledger.database import Ledger
from pipelines.ledger.evidence import cell_place
from pipelines.ledger.kinds import FLAGS, MISMATCHES, Kind
from pipelines.ledger.queries import mask_subject
from pipelines.ledger.results import note_place
from pipelines.masking import STAR, mask_id, mask_name
from pipelines.policy import Policy

POLICY = "policy"  # what evidence gives as the dataset of a number of the policy


@dataclass(frozen=True)
class Cell:
    """One source cell; `value` as conformed. An absence has no line and no value."""

    dataset: str | None
    snapshot: date | None
    file: str | None
    line: str | None
    field: str | None
    value: str | None
    shows: str
    side: str | None = None


@dataclass(frozen=True)
class Event:
    """One thing that happened; `withdrawn` when the night was published again and no longer bears it out."""

    as_of: date
    kind: str
    reason: str | None
    actor: str
    result_code: int | None
    verified_on: date | None
    way: str | None
    note: str | None
    withdrawn: bool


@dataclass(frozen=True)
class Explanation:
    """A flag or mismatch as it last stood. `night` is the last night that said so; `standing` holds its columns (rule or check, county, grade …)."""

    key: str
    rule: str
    subject: str
    name: str | None
    night: date
    standing: Mapping[str, Any]
    evidence: tuple[Cell, ...]
    history: tuple[Event, ...]


def stated(ledger: Ledger, key: str) -> Explanation:
    """What the ledger holds of a flag or mismatch, in clear: for deriving it again and comparing. Raises LedgerError for an unknown id.

    Whoever shows it to people masks it (`explain`).
    """
    for kind in (FLAGS, MISMATCHES):
        found = _stated(ledger, kind, key)
        if found is not None:
            return found
    raise LedgerError(f"The ledger has no flag or mismatch {key}; take the id from an export or a workbook.")


def explain(ledger: Ledger, key: str, contracts: Mapping[str, Contract], *, reveal: Reveal | None = None) -> Explanation:
    """As `stated`, with identifying values masked unless the caller has leave to see them."""
    found = stated(ledger, key)
    if reveal is not None:
        return found
    cells = tuple(replace(cell, value=_masked(cell, contracts)) for cell in found.evidence)
    history = tuple(replace(event, note=STAR * 3 if event.note else None) for event in found.history)
    name = mask_name(found.name) if found.name else None
    return replace(found, subject=mask_subject(found.subject), name=name, evidence=cells, history=history)


def render(found: Explanation, policy: Policy) -> RenderableType:
    """An explanation for a terminal."""
    standing = found.standing
    clause = policy.clause(found.rule)
    facts = _table(grid=True)
    place = " ".join(filter(None, (str(standing["county_code"]), standing.get("township"), standing.get("village"))))
    lines = {
        "subject": found.subject, "name": found.name, "rule": f"{found.rule} {clause.text}", "clause": clause.number, "place": place,
        "grade": standing["grade"], "state": standing["state"] + ("" if standing["checked"] else " (not checked: its rule is suspended)"),
        "link": standing.get("link_basis"), "first seen": standing["first_seen"], "last seen": standing["last_seen"],
        "due": f"{standing['due']}{' (provisional)' if standing['due_provisional'] else ''}" if "case_id" in standing else None,
        "case": standing.get("case_id"), "do": standing.get("action"), "policy": standing["policy_version"],
    }  # fmt: skip
    for label, value in lines.items():
        if value is not None:
            facts.add_row(Text(label, style="bold"), Text(str(value)))
    evidence, history = Text(f"\nEvidence, night of {found.night}"), Text("\nHistory")
    return Group(Text(found.key, style="bold"), facts, evidence, _cells(found, policy), history, _events(found))


def _table(*headers: str, grid: bool = False) -> Table:
    """A table that breaks long text instead of cutting it."""
    table = Table.grid(padding=(0, 2)) if grid else Table()
    for header in headers or ("", ""):
        table.add_column(header, overflow="fold")
    return table


def _cells(found: Explanation, policy: Policy) -> Table:
    sides = any(cell.side for cell in found.evidence)
    table = _table(*(("side",) if sides else ()), "dataset", "snapshot", "file:line", "field", "value", "shows")
    for cell in found.evidence:
        source = f"{cell.file}:{cell.line}" if cell.file and cell.line else ""
        values = (cell.dataset, cell.snapshot, source, cell.field, cell.value, policy.shows.get(cell.shows, cell.shows))
        table.add_row(*(Text("" if value is None else str(value)) for value in ((cell.side, *values) if sides else values)))
    return table


def _events(found: Explanation) -> Table:
    table = _table("night", "event", "why", "who", "result")
    for event in found.history:
        parts = (event.result_code, event.verified_on, event.way, event.note)
        result = ", ".join(str(part) for part in parts if part is not None)
        kind = f"{event.kind} (withdrawn)" if event.withdrawn else event.kind
        table.add_row(*(Text(str(value or "")) for value in (event.as_of, kind, event.reason, event.actor, result)))
    return table


def _stated(ledger: Ledger, kind: Kind, key: str) -> Explanation | None:
    columns = ", ".join((kind.rule, "county_code", "state", "checked", "first_seen", "last_seen", "due", "due_provisional", "grade", "policy_version",
                         "subject", "edition", *kind.own, *kind.texts))  # fmt: skip
    with ledger.transaction() as connection:
        found = connection.execute(text(f"SELECT {columns} FROM {kind.table} WHERE {kind.key} = :key"), {"key": key}).mappings().first()
        if found is None:
            return None
        side = ", side" if kind is MISMATCHES else ""
        cells = connection.execute(
            text(f"""SELECT seq, dataset, snapshot, file, line, field, value, shows{side} FROM {kind.evidence}
                WHERE {kind.key} = :key AND edition = :edition ORDER BY seq"""),
            {"key": key, "edition": found["edition"]},
        ).mappings().all()  # fmt: skip
        events = connection.execute(
            text(f"""SELECT e.as_of, e.kind, e.reason, e.actor, e.result_code, e.verified_on, e.way, e.note, w.event_id IS NOT NULL AS withdrawn
                FROM {kind.events} e LEFT JOIN {kind.events} w ON w.withdraws = e.event_id
                WHERE e.{kind.key} = :key AND e.kind <> '{states.WITHDRAWN}' ORDER BY e.as_of, e.event_id"""),
            {"key": key},
        ).mappings().all()  # fmt: skip
    standing = {name: value for name, value in found.items() if name not in ("subject", "name", "edition")}
    opened = {name: _open(ledger, found.get(name), f"{kind.table}.{name}|{key}") for name in ("subject", "name")}
    edition = bytes(found["edition"])
    evidence = tuple(
        Cell(**{**{n: v for n, v in cell.items() if n != "seq"}, "value": _open(ledger, cell["value"], cell_place(kind, key, edition, cell["seq"]))})
        for cell in cells
    )
    history = tuple(Event(**{**event, "note": _open(ledger, event["note"], note_place(key))}) for event in events)
    rule = standing[kind.rule.strip('"')]
    return Explanation(key, rule, opened["subject"] or "", opened["name"], standing["last_seen"], standing, evidence, history)


def _open(ledger: Ledger, sealed: bytes | None, place: str) -> str | None:
    return None if sealed is None else ledger.cipher.open(bytes(sealed), place)


def _masked(cell: Cell, contracts: Mapping[str, Contract]) -> str | None:
    if cell.value is None or cell.dataset in (None, POLICY):
        return cell.value
    contract = contracts.get(cell.dataset or "")
    field = contract.fields.get(cell.field or "") if contract else None
    if contract is None or field is None or field.classification == "identifying" or field.type == "id":
        return _hidden(cell.value, field.type if field else "")
    return cell.value


def _hidden(value: str, kind: str) -> str:
    return mask_name(value) if kind == "name" else mask_id(value)
