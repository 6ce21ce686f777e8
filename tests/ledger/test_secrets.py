"""What the ledger hides, from whom, and how one sees that somebody looked."""

from __future__ import annotations

import base64
import io
import os
import subprocess
from datetime import date

import pytest
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pipelines.contracts import load_contracts
from pipelines.errors import LedgerError
from pipelines.ledger import queries
from pipelines.ledger.access_log import ANCHOR, record, reveal, verify
from pipelines.ledger.cipher import Cipher
from pipelines.ledger.database import Ledger
from pipelines.ledger.explain import explain, render
from pipelines.ledger.publish import publish
from pipelines.ledger.results import record_result
from pipelines.ledger.server import Server
from pipelines.workspace import PROJECT
from tests.ledger.nights_on_disk import Claim, Clash, Evening, Someone, policy, write

NIGHT = date(2020, 7, 31)
MA = Someone(1, "马秀兰", "13912345678")
NAMELESS = Someone(0, "欧阳春")
EVENING = Evening(
    NIGHT,
    [Claim("MC-01", MA, household=("low_income", "盐低收0042")), Claim("MC-06", NAMELESS)],
    [Clash("ID-01", NAMELESS, "record:dibao:dibao_20200731.csv:12", value=MA.id_number or "")],
)


@pytest.fixture
def published(ledger: Ledger) -> Ledger:
    publish(ledger, write(ledger.workspace, EVENING))
    return ledger


def changed_by_force(ledger: Ledger, statement: str) -> None:
    with ledger.transaction() as connection:
        connection.execute(text("ALTER TABLE access_log DISABLE TRIGGER USER"))
        connection.execute(text(statement))


def test_nothing_identifying_stands_in_a_dump(published: Ledger, server: Server) -> None:
    flag_id = queries.flags(published, NIGHT)["flag_id"][0]
    record_result(published, flag_id, 61, verifier="张干部", verified_on=NIGHT, note="家住马秀兰隔壁")
    pg_dump = server._binaries / "pg_dump"
    url = published.workspace.settings.ledger_url
    dump = subprocess.run([str(pg_dump), url], check=True, capture_output=True, text=True).stdout
    assert flag_id in dump
    for value in (MA.name, MA.id_number, MA.phone, NAMELESS.name, "盐低收0042", "dibao_20200731.csv:12", "隔壁"):
        assert value is not None
        assert value not in dump
        assert value.encode().hex() not in dump


def test_masked_unless_revealed(published: Ledger) -> None:
    assert set(queries.flags(published, NIGHT)["subject"]) == {f"person:640***********{str(MA.id_number)[-4:]}", NAMELESS.subject}
    assert set(queries.flags(published, NIGHT)["name"]) == {"马*兰", "欧*春"}
    leave = reveal(published, "export", "flags", "核对名单")
    assert set(queries.flags(published, NIGHT, reveal=leave)["subject"]) == {MA.subject, NAMELESS.subject}
    assert set(queries.flags(published, NIGHT, reveal=leave)["name"]) == {MA.name, NAMELESS.name}
    people = queries.persons(published, queries.members(published, NIGHT)["person"])
    assert set(people["phone"]) == {"139****5678", "139****0000"}


def test_explanation_is_masked_unless_revealed(published: Ledger) -> None:
    contracts = load_contracts(PROJECT / "schemas")
    flag_id = queries.flags(published, NIGHT).query("rule == 'MC-01'")["flag_id"].iloc[0]
    shown = repr(explain(published, flag_id, contracts))
    assert all(str(value) not in shown for value in (MA.name, MA.id_number, MA.phone))
    assert MA.name in repr(explain(published, flag_id, contracts, reveal=reveal(published, "explain", flag_id, "复核")))


def test_explanation_on_a_terminal_says_clause_evidence_and_history(published: Ledger) -> None:
    contracts = load_contracts(PROJECT / "schemas")
    flag_id = queries.flags(published, NIGHT).query("rule == 'MC-01'")["flag_id"].iloc[0]
    record_result(published, flag_id, 61, verifier="张干部", verified_on=NIGHT, way="入户", note="收入超标")
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(render(explain(published, flag_id, contracts), policy()))
    shown = console.export_text()
    for part in (flag_id, "一(一)", "low_income_20200731.csv:7", "在有效的低收入家庭名册中", "raised", "result_recorded", "61", "closed"):
        assert part in shown
    assert "收入超标" not in shown
    with pytest.raises(LedgerError, match="has no flag or mismatch"):
        explain(published, "MC-01-0000000000000000", contracts)


def test_revealing_needs_a_reason(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="needs a reason"):
        reveal(ledger, "export", "flags", "  ")
    assert verify(ledger).entries == 0


def test_access_log_cannot_be_changed(ledger: Ledger) -> None:
    record(ledger, "export", "flags", "核对")
    for statement in ("UPDATE access_log SET actor = 'x'", "DELETE FROM access_log", "TRUNCATE access_log", "DELETE FROM flag_events"):
        with pytest.raises(DBAPIError, match="appended only"), ledger.transaction() as connection:
            connection.execute(text(statement))
    assert verify(ledger).broken is None


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE access_log SET reason = '' WHERE entry_id = 2", "Entry 2 was changed"),
        ("UPDATE access_log SET details = '{\"rows\": 2}' WHERE entry_id = 1", "Entry 1 was changed"),
        ("DELETE FROM access_log WHERE entry_id = 1", "Entry 1 is missing"),
        ("DELETE FROM access_log WHERE entry_id = 2", "Entry 2 is missing"),
        ("DELETE FROM access_log WHERE entry_id = 3", "Entry 3, which the key folder remembers"),
        ("UPDATE access_log SET digest = previous, previous = digest WHERE entry_id = 3", "Entry 3 does not follow"),
    ],
)
def test_broken_chain_is_found(ledger: Ledger, statement: str, broken: str) -> None:
    for number in range(3):
        record(ledger, "export", "flags", "核对", details={"rows": number})
    assert (verify(ledger).entries, verify(ledger).broken) == (3, None)
    changed_by_force(ledger, statement)
    assert str(verify(ledger).broken).startswith(broken)


def test_log_on_another_machine_holds_too(ledger: Ledger) -> None:
    record(ledger, "export", "flags", "核对")
    (ledger.workspace.keys / ANCHOR).unlink()
    assert verify(ledger).broken is None


def test_sealed_value_opens_only_in_its_place_and_unaltered(ledger: Ledger) -> None:
    cipher = ledger.cipher
    sealed = cipher.seal(MA.name, "persons.name|1")
    assert cipher.open(sealed, "persons.name|1") == MA.name
    assert cipher.seal(MA.name, "persons.name|1") != sealed
    for value, place in ((sealed, "persons.name|2"), (sealed[:-1] + bytes([sealed[-1] ^ 1]), "persons.name|1")):
        with pytest.raises(LedgerError, match="does not open"):
            cipher.open(value, place)


def test_keys_can_be_rotated(ledger: Ledger) -> None:
    sealed = ledger.cipher.seal(MA.name, "persons.name|1")
    path = ledger.workspace.keys / "cipher.key"
    path.write_text(f"{path.read_text()}2 {base64.b64encode(os.urandom(32)).decode()}\n")
    rotated = Cipher(ledger.workspace.keys)
    assert rotated.open(sealed, "persons.name|1") == MA.name
    newer = rotated.seal(MA.name, "persons.name|1")
    assert (newer[0], rotated.open(newer, "persons.name|1")) == (2, MA.name)
    with pytest.raises(LedgerError, match="sealed with key 2"):
        ledger.cipher.open(newer, "persons.name|1")
