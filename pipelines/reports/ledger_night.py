"""What reports read from the ledger: the night's open flags and mismatches, with people, evidence and changes, in clear.

Reading in clear is entered in the access log, for the lists name people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import pandas as pd

from pipelines.ledger import queries, states
from pipelines.ledger.access_log import Reveal, reveal
from pipelines.ledger.database import Ledger
from pipelines.ledger.kinds import FLAGS, MISMATCHES
from pipelines.masking import mask_id
from pipelines.reports.cases import HouseholdKey, Person
from pipelines.reports.desks import Desk
from pipelines.reports.evidence import EvidenceCell
from pipelines.reports.lists import Changed, LedgerNight, OpenFlag
from pipelines.reports.mismatches import MismatchRow
from pipelines.reports.texts import result_codes, sentence, texts

LISTED = (states.OPEN, states.IDENTITY_CHECK, states.ASSIGNED)
ACTOR = "night"
_AT_ONCE = 20_000
_OF_FLAGS = (
    "flag_id", "case_id", "rule", "subject_kind", "token", "household_token", "county_code", "township", "village", "grade", "state", "checked",
    "first_seen", "due", "name", "link_basis", "partial",
)  # fmt: skip
_OF_MISMATCHES = ("mismatch_id", "county_code", "person", "grade", "state", "first_seen")
_NOBODY = Person("")
_UNBORN = 10_000  # orders those of whom no year of birth is known behind the others


def leave(ledger: Ledger, as_of: date) -> Reveal:
    """Leave to read the night in clear for its reports, entered in the access log."""
    return reveal(ledger, "report", f"night {as_of}", "lists of the night for caseworkers, departments and auditors", actor=ACTOR)


def open_flags(desk: Desk, county: str, heads: Mapping[HouseholdKey, str]) -> LedgerNight:
    """A county's open flags for its township lists; `heads` gives the name of a household's head by the household's token and county.

    Evidence that only serves to derive a flag again (`only_in_ledger` in texts.yaml) is not read.
    """
    ledger, as_of, allowed = desk.ledger, desk.as_of, desk.allowed
    frame = queries.flags(ledger, as_of, wanted=LISTED, county=county, only=_OF_FLAGS, reveal=allowed)
    people = queries.members(ledger, as_of, county=county)
    cells = queries.evidence(ledger, as_of, FLAGS, county=county, without=texts()["only_in_ledger"], reveal=allowed)
    changed = queries.changes(ledger, as_of, FLAGS, county=county, reveal=allowed)
    named = _persons(desk, (*people["person"], *cells["person"]), ("name", "id_number", "phone"))
    evidence: dict[str, list[EvidenceCell]] = defaultdict(list)
    for flag_id, cell in zip(cells["flag_id"].tolist(), _cells(cells, named), strict=True):
        evidence[flag_id].append(cell)
    members: dict[str, list[str]] = defaultdict(list)
    for flag_id, person in zip(people["flag_id"].tolist(), people["person"].tolist(), strict=True):
        if person in named:
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
                members=tuple(sorted(members[row["flag_id"]], key=lambda token: named[token].birth_year or _UNBORN)),
                evidence=tuple(evidence[row["flag_id"]]),
            )
        )
    changes = [_changed(row) for row in _rows(changed) if row["kind"] in texts()["changes"]]
    return LedgerNight(flags, named, changes, queries.run_of(ledger, as_of).previous)


def mismatch_rows(desk: Desk, check: str) -> Iterator[MismatchRow]:
    """A check's open mismatches for its workbook, by county, grade and id; ID numbers masked. Read _AT_ONCE at a time."""
    frame = queries.mismatches(desk.ledger, desk.as_of, wanted=LISTED, check=check, only=_OF_MISMATCHES, reveal=desk.allowed)
    for start in range(0, len(frame), _AT_ONCE):
        yield from _worded(desk, frame.iloc[start : start + _AT_ONCE])


def _worded(desk: Desk, frame: pd.DataFrame) -> Iterator[MismatchRow]:
    wording, counties = desk.wording, desk.policy.region.counties
    cells = queries.evidence(desk.ledger, desk.as_of, MISMATCHES, keys=frame["mismatch_id"].tolist(), reveal=desk.allowed)
    named = _persons(desk, frame["person"], ("name", "id_number"))
    sides: dict[tuple[str, str], list[EvidenceCell]] = defaultdict(list)
    for key, side, cell in zip(cells["mismatch_id"].tolist(), cells["side"].tolist(), _cells(cells, {}), strict=True):
        sides[key, side].append(cell)
    columns = (frame[name].tolist() for name in _OF_MISMATCHES)
    for mismatch_id, county, token, grade, state, first_seen in zip(*columns, strict=True):
        person = named.get(token, _NOBODY)
        yield MismatchRow(
            mismatch_id=mismatch_id,
            county=counties.get(county, county),
            name=person.name,
            id_number=person.id_number,
            grade=grade,
            state=state,
            first_seen=first_seen,
            side_a=wording.side(sides[mismatch_id, "A"]),
            side_b=wording.side(sides[mismatch_id, "B"]),
        )


def _persons(desk: Desk, tokens: Iterable[str | None], wanted: Collection[str]) -> dict[str, Person]:
    """The persons whom the ledger knows among `tokens`, by token, with what is `wanted` of them; ID numbers masked."""
    frame = queries.persons(desk.ledger, {token for token in tokens if token}, wanted=wanted, reveal=desk.allowed)
    return {
        row["person"]: Person(row["name"], int(row["birth_year"] or 0), row.get("phone", ""), mask_id(row["id_number"])) for row in _rows(frame)
    }


def _cells(frame: pd.DataFrame, named: Mapping[str, Person]) -> Iterator[EvidenceCell]:
    """The cells of a frame of evidence in its order."""
    days: dict[date | None, str] = {day: day.isoformat() if day else "" for day in frame["snapshot"].unique()}
    snapshots = [days[day] for day in frame["snapshot"].tolist()]
    dataset, file, line, field, value, shows, person = (
        [text or "" for text in frame[name].tolist()] for name in ("dataset", "file", "line", "field", "value", "shows", "person")
    )
    names = [named[token].name if token in named else "" for token in person] if named else [""] * len(frame)
    return map(EvidenceCell, dataset, snapshots, file, line, field, value, shows, person, names)


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
