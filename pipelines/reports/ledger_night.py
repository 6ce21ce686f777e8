"""What reports read from the ledger: the night's open flags and mismatches, with people, evidence and changes, in clear.

Reading in clear is entered in the access log, for the lists name people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pandas as pd

from pipelines.ledger import queries, states
from pipelines.ledger.access_log import Reveal, reveal
from pipelines.ledger.database import Ledger
from pipelines.ledger.kinds import FLAGS, MISMATCHES
from pipelines.masking import mask_id
from pipelines.reports.cases import Person
from pipelines.reports.evidence import EvidenceCell, Wording
from pipelines.reports.lists import Changed, LedgerNight, OpenFlag
from pipelines.reports.mismatches import MismatchRow
from pipelines.reports.register_facts import HouseholdKey
from pipelines.reports.texts import result_codes, sentence, texts

LISTED = (states.OPEN, states.IDENTITY_CHECK, states.ASSIGNED)
ACTOR = "night"


def leave(ledger: Ledger, as_of: date) -> Reveal:
    """Leave to read the night in clear for its reports, entered in the access log."""
    return reveal(ledger, "report", f"night {as_of}", "lists of the night for caseworkers, departments and auditors", actor=ACTOR)


def open_flags(ledger: Ledger, as_of: date, allowed: Reveal, heads: Mapping[HouseholdKey, str]) -> LedgerNight:
    """The night's open flags for the township lists; `heads` gives the name of a household's head by the household's token and county."""
    frame = queries.flags(ledger, as_of, wanted=LISTED, reveal=allowed)
    people = queries.members(ledger, as_of, reveal=allowed)
    cells = queries.evidence(ledger, as_of, FLAGS, reveal=allowed)
    changed = queries.changes(ledger, as_of, FLAGS, reveal=allowed)
    named = _persons(ledger, people, cells, allowed)
    evidence: dict[str, list[EvidenceCell]] = defaultdict(list)
    for row in _rows(cells):
        evidence[row["flag_id"]].append(_cell(row, named))
    members: dict[str, list[str]] = defaultdict(list)
    for flag_id, person in zip(people["flag_id"], people["person"], strict=True):
        members[flag_id].append(person)
    kinds = _kinds(changed)
    flags = []
    for row in _rows(frame):
        flags.append(
            OpenFlag(
                flag_id=row["flag_id"],
                case_id=row["case_id"],
                rule=row["rule"],
                person=row["token"] if row["subject_kind"] == "person" else "",
                head=heads.get((row["household_token"], row["county_code"]), ""),
                county_code=row["county_code"],
                township=row["township"],
                village=row["village"],
                grade=row["grade"],
                state=row["state"],
                checked=row["checked"],
                first_seen=row["first_seen"],
                due=row["due"],
                name=row["name"],
                link_basis=row["link_basis"],
                partial=row["partial"],
                change=kinds.get(row["flag_id"], ""),
                members=tuple(members[row["flag_id"]]),
                evidence=tuple(evidence[row["flag_id"]]),
            )
        )
    changes = [_changed(row) for row in _rows(changed) if row["kind"] in texts()["changes"]]
    return LedgerNight(flags, named, changes, queries.run_of(ledger, as_of).previous)


def mismatch_rows(ledger: Ledger, as_of: date, check: str, allowed: Reveal, wording: Wording, counties: Mapping[str, str]) -> Iterator[MismatchRow]:
    """A check's open mismatches for its workbook, by county, grade and id; ID numbers masked."""
    frame = queries.mismatches(ledger, as_of, wanted=LISTED, check=check, reveal=allowed)
    if frame.empty:
        return
    cells = queries.evidence(ledger, as_of, MISMATCHES, keys=frame["mismatch_id"].tolist(), reveal=allowed)
    tokens = [token for token in frame["person"] if token]
    named = {row["person"]: _person(row) for row in _rows(queries.persons(ledger, tokens, reveal=allowed))}
    sides: dict[tuple[str, str], list[EvidenceCell]] = defaultdict(list)
    for row in _rows(cells):
        sides[row["mismatch_id"], row["side"]].append(_cell(row, {}))
    for row in _rows(frame):
        person = named.get(row["person"], Person(""))
        yield MismatchRow(
            mismatch_id=row["mismatch_id"],
            county=counties.get(row["county_code"], row["county_code"]),
            name=person.name,
            id_number=person.id_number,
            grade=row["grade"],
            state=row["state"],
            first_seen=row["first_seen"],
            side_a=wording.side(sides[row["mismatch_id"], "A"]),
            side_b=wording.side(sides[row["mismatch_id"], "B"]),
        )


def _persons(ledger: Ledger, people: pd.DataFrame, cells: pd.DataFrame, allowed: Reveal) -> dict[str, Person]:
    """Everyone whom a flag or its evidence names, by token."""
    tokens = {token for token in (*people["person"], *cells["person"]) if token}
    return {row["person"]: _person(row) for row in _rows(queries.persons(ledger, tokens, reveal=allowed))}


def _person(row: Mapping[str, Any]) -> Person:
    number = row["id_number"]
    return Person(row["name"], int(row["birth_year"] or 0), row["phone"], mask_id(number) if number else "")


def _cell(row: Mapping[str, Any], named: Mapping[str, Person]) -> EvidenceCell:
    plain = {name: row[name] for name in ("dataset", "file", "line", "field", "value", "shows", "person")}
    snapshot = row["snapshot"].isoformat() if row["snapshot"] else ""
    return EvidenceCell(snapshot=snapshot, name=named[row["person"]].name if row["person"] in named else "", **plain)


def _rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The rows of a frame; absent values are empty texts."""
    columns = list(frame.columns)
    for values in zip(*(frame[name].tolist() for name in columns), strict=True):
        yield {name: "" if value is None else value for name, value in zip(columns, values, strict=True)}


def _kinds(changed: pd.DataFrame) -> dict[str, str]:
    """The most telling change of each flag, in the order of texts.yaml."""
    order = list(texts()["changes"])
    found: dict[str, str] = {}
    for flag_id, kind in zip(changed["flag_id"], changed["kind"], strict=True):
        if kind in order and (flag_id not in found or order.index(kind) < order.index(found[flag_id])):
            found[flag_id] = kind
    return found


def _changed(row: Mapping[str, Any]) -> Changed:
    known = texts()["change_reasons"]
    said = "、".join(known.get(word, word) for word in row["reason"].split())
    if row["result_code"]:
        result = next((code.text for code in result_codes() if code.code == row["result_code"]), str(row["result_code"]))
        said = (said or texts()["changes"][row["kind"]]["why"]) + sentence("change_reasons", "earlier_result", result=result)
    return Changed(row["kind"], row["rule"], row["county_code"], row["township"], row["village"], row["name"], said)
