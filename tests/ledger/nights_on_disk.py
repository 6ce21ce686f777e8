"""Nights on disk as the stages leave them, with a few made-up people on the address code 640199."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from stdnum.iso7064 import mod_11_2

from pipelines.identity.tokens import open_tokens
from pipelines.ledger.night_files import NightFiles
from pipelines.policy import Policy, load_policy
from pipelines.workspace import DEFAULT_POLICY, Workspace, date_number

COUNTY, OTHER_COUNTY = "640323", "640324"
TEXT, INT, BOOL = pa.string(), pa.int64(), pa.bool_()
SCHEMAS = {
    "flags": {
        "rule": TEXT, "family": TEXT, "subject_kind": TEXT, "subject": TEXT, "person": INT, "household": TEXT, "household_dataset": TEXT,
        "county_code": TEXT, "township": TEXT, "village": TEXT, "grade": TEXT, "state": TEXT, "link_basis": TEXT, "partial": BOOL, "name": TEXT,
        "clause": TEXT, "action": TEXT,
    },
    "evidence": {
        "rule": TEXT, "subject": TEXT, "county_code": TEXT, "seq": pa.int32(), "person": INT, "dataset": TEXT, "snapshot": pa.int32(), "file": TEXT,
        "line": TEXT, "field": TEXT, "value": TEXT, "shows": TEXT,
    },
    "flag_members": {"rule": TEXT, "subject": TEXT, "county_code": TEXT, "person": INT},
    "mismatches": {
        "check": TEXT, "subject": TEXT, "person": INT, "county_code": TEXT, "datasets": TEXT, "grade": TEXT, "state": TEXT, "detail": TEXT,
    },
    "mismatch_evidence": {
        "check": TEXT, "subject": TEXT, "county_code": TEXT, "side": TEXT, "seq": pa.int32(), "person": INT, "dataset": TEXT, "snapshot": pa.int32(),
        "file": TEXT, "line": TEXT, "field": TEXT, "value": TEXT, "shows": TEXT,
    },
    "persons": {
        "person": INT, "token": TEXT, "id_number": TEXT, "name": TEXT, "phone": TEXT, "sex": TEXT, "birth_year": pa.int32(), "county_code": TEXT,
        "township": TEXT, "village": TEXT,
    },
    "status": {"person": INT, "status": TEXT},
    "coverage": {
        "dataset": TEXT, "county_code": TEXT, "snapshot": pa.int32(), "age_days": pa.int32(), "fresh": BOOL, "passed": BOOL, "covered": BOOL,
        "complete": BOOL, "late": BOOL, "rows": INT, "quarantined": INT, "file": TEXT, "note": TEXT,
    },
    "suspensions": {"rule": TEXT, "county_code": TEXT, "dataset": TEXT, "reason": TEXT},
    "denominators": {"check": TEXT, "county_code": TEXT, "dataset": TEXT, "checked": INT},
}  # fmt: skip


@cache
def policy() -> Policy:
    return load_policy(DEFAULT_POLICY)


@dataclass(frozen=True)
class Someone:
    """A made-up person; number 0 or less has no valid ID and is known by its record."""

    number: int
    name: str = "马小军"
    phone: str = "13900000000"

    @property
    def id_number(self) -> str | None:
        digits = f"640199{19800101 + self.number // 1000}{self.number % 1000:03}"
        return digits + mod_11_2.calc_check_digit(digits) if self.number > 0 else None

    @property
    def person(self) -> int:
        return int(self.id_number[:17]) if self.id_number else self.number - 1

    @property
    def subject(self) -> str:
        return f"person:{self.id_number}" if self.id_number else f"record:dibao:dibao_20200731.csv:{10 - self.number}"


@dataclass(frozen=True)
class Claim:
    """A flag that a night raises."""

    rule: str
    about: Someone
    county: str = COUNTY
    household: tuple[str, str] | None = None  # dataset and number
    of_household: bool = False
    members: tuple[Someone, ...] = ()
    value: str = "重度"
    delivered: int = 20200731
    township: str | None = "花马池镇"
    grade: str = "red"
    state: str = "open"

    @property
    def subject(self) -> str:
        return f"household:{':'.join(self.household)}" if self.of_household and self.household else self.about.subject

    def but(self, **changes: Any) -> Claim:
        return replace(self, **changes)


@dataclass(frozen=True)
class Clash:
    """A mismatch that a night raises."""

    check: str
    about: Someone
    subject: str = ""
    county: str = COUNTY
    datasets: str = "dibao;tekun"
    value: str = "在保"


@dataclass
class Evening:
    """What one night says."""

    as_of: date
    claims: list[Claim] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)
    suspended: list[tuple[str, str, str]] = field(default_factory=list)  # rule, county, dataset
    status: list[tuple[Someone, str]] = field(default_factory=list)
    checked: list[tuple[str, str]] = field(default_factory=list)  # check, county


def write(workspace: Workspace, evening: Evening, code_version: str = "1") -> NightFiles:
    """Writes the night's files and returns them."""
    folder = workspace.night(evening.as_of)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in _tables(workspace, evening).items():
        pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(list(SCHEMAS[name].items()))), folder / f"{name}.parquet")
    inputs = [{"dataset": "dibao", "file": "dibao_20200731.csv"}]
    return NightFiles(folder, evening.as_of, policy(), code_version, inputs=inputs, timings={"link": 0.1})


def _tables(workspace: Workspace, evening: Evening) -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
    people: set[Someone] = set()
    for claim in evening.claims:
        people |= {claim.about, *claim.members}
        key = {"rule": claim.rule, "subject": claim.subject, "county_code": claim.county}
        dataset, number = claim.household or (None, None)
        tables["flags"].append({
            **key, "family": "service_list" if claim.rule.startswith("SV") else "missed_coverage",
            "subject_kind": "household" if claim.of_household else "person",
            "person": None if claim.of_household else claim.about.person, "household": number, "household_dataset": dataset,
            "township": claim.township, "village": "北塘村", "grade": claim.grade, "state": claim.state, "link_basis": "id",
            "partial": False, "name": claim.about.name, "clause": "一(一)", "action": "入户核实",
        })  # fmt: skip
        source = {"dataset": "low_income", "snapshot": claim.delivered, "file": f"low_income_{claim.delivered}.csv", "person": claim.about.person}
        tables["evidence"] += [
            {**key, "seq": 1, **source, "line": "7", "field": "name", "value": claim.about.name, "shows": "member_of_low_income"},
            {**key, "seq": 2, **source, "line": "7", "field": "level", "value": claim.value, "shows": "severe_certificate"},
            {**key, "seq": 3, **source, "dataset": "dibao", "line": None, "field": None, "value": None, "shows": "not_on_roster"},
        ]
        tables["flag_members"] += [{**key, "person": member.person} for member in claim.members or (claim.about,)]
    for clash in evening.clashes:
        people.add(clash.about)
        key = {"check": clash.check, "subject": clash.subject or clash.about.subject, "county_code": clash.county}
        own = {"person": clash.about.person, "datasets": clash.datasets, "grade": "yellow", "state": "open", "detail": None}
        tables["mismatches"].append({**key, **own})
        source = {"snapshot": 20200731, "person": clash.about.person, "line": "9", "field": "status", "value": clash.value, "shows": "cover_period"}
        tables["mismatch_evidence"] += [
            {**key, "side": side, "seq": seq, "dataset": dataset, "file": f"{dataset}_20200731.csv", **source}
            for seq, (side, dataset) in enumerate((("A", "dibao"), ("B", "tekun")))
        ]
    tokens = open_tokens(workspace)
    tables["persons"] = [
        {
            "person": person.person, "id_number": person.id_number, "name": person.name, "phone": person.phone, "sex": "1",
            "birth_year": 1980,
            "token": tokens.of_number(person.id_number) if person.id_number else tokens.of_record("dibao", f"H{-person.number}"),
            "county_code": COUNTY, "township": "花马池镇", "village": "北塘村",
        }
        for person in sorted(people, key=lambda person: person.person)
    ]  # fmt: skip
    tables["status"] = [{"person": person.person, "status": word} for person, word in evening.status]
    day = date_number(evening.as_of)
    tables["coverage"] = [{
        "dataset": "dibao", "county_code": COUNTY, "snapshot": day, "age_days": 0, "fresh": True, "passed": True, "covered": True,
        "complete": True, "late": False, "rows": 10, "quarantined": 1, "file": f"dibao_{day}.csv", "note": None,
    }]  # fmt: skip
    tables["suspensions"] = [
        {"rule": rule, "county_code": county, "dataset": dataset, "reason": "not_proven"} for rule, county, dataset in evening.suspended
    ]
    tables["denominators"] = [{"check": check, "county_code": county, "dataset": "dibao", "checked": 10} for check, county in evening.checked]
    return tables
