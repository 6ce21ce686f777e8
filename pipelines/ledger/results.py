"""What people find out about a flag: recording a result."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, insert, select, update

from pipelines.errors import LedgerError
from pipelines.ledger import states
from pipelines.ledger.database import Ledger, current_user
from pipelines.ledger.models import PUBLISHED, Flag, FlagEvent, MatchRun


def record_result(
    ledger: Ledger, flag_id: str, code: int, *, verifier: str, verified_on: date, way: str = "", note: str = "", actor: str | None = None
) -> None:
    """Records what verifying a flag gave, and closes it. A negative result (61 to 90) silences the rule for the subject, see states.py.

    The result counts from the first night after the latest one published, so what was published stays. Raises LedgerError for an unknown flag
    or code.
    """
    if code not in states.RESULT_CODES:
        known = ", ".join(map(str, states.RESULT_CODES))
        raise LedgerError(f"{code} is no result code; the codes are {known}.")
    with ledger.transaction() as connection:
        digest = connection.scalar(select(Flag.evidence_digest).where(Flag.flag_id == flag_id).with_for_update())
        if digest is None:
            raise LedgerError(f"The ledger has no flag {flag_id}; take the id from an export or a workbook.")
        latest = connection.scalar(select(func.max(MatchRun.as_of)).where(MatchRun.state == PUBLISHED))
        effective = max(verified_on, latest + timedelta(days=1)) if latest else verified_on
        told = {"flag_id": flag_id, "as_of": effective, "actor": actor or verifier or current_user(), "at": datetime.now(UTC)}
        sealed = ledger.cipher.seal(note, note_place(flag_id)) if note else None
        result = {"result_code": code, "verified_on": verified_on, "way": way or None, "note": sealed, "evidence_digest": digest}
        connection.execute(insert(FlagEvent), {**told, "kind": states.RESULT_RECORDED, **result})
        connection.execute(insert(FlagEvent), {**told, "kind": "closed"})
        connection.execute(update(Flag).where(Flag.flag_id == flag_id).values(state=states.CLOSED))


def note_place(flag_id: str) -> str:
    """The place that a result's sealed note is bound to."""
    return f"flag_events.note|{flag_id}"
