"""The access log: who looked at, searched, exported or decided what, and why.

Appended only (the database refuses changes), and chained: each entry's digest is SHA-256 over the digest before it and the entry's own content.
The newest digest that this machine wrote is also kept in the key folder, outside the database, so that a shortened or rewritten chain shows too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text

from pipelines.errors import LedgerError
from pipelines.ledger.cipher import Cipher
from pipelines.ledger.database import LOGGING, Ledger, current_user
from pipelines.ledger.keys import replace_secret
from pipelines.ledger.models import AccessEntry

ANCHOR = "access_log.head"
_START = b"\0" * 32


@dataclass(frozen=True)
class Reveal:
    """Leave to see identifying values, which only a logged entry gives."""

    entry_id: int
    cipher: Cipher

    def open(self, sealed: bytes | None, place: str) -> str | None:
        """The value sealed for `place`; absent stays absent."""
        return None if sealed is None else self.cipher.open(bytes(sealed), place)


@dataclass(frozen=True)
class Verified:
    """The outcome of checking the chain: how many entries hold, and what is broken first, if anything."""

    entries: int
    broken: str | None


def reveal(ledger: Ledger, action: str, what: str, reason: str, *, actor: str | None = None, details: Mapping[str, Any] | None = None) -> Reveal:
    """Logs that `actor` (the current user) is going to see identifying values, and gives leave to.

    `action` is a word such as `export`, `explain` or `report`, `what` its object such as `flags 2020-07-31`. Raises LedgerError without a reason.
    """
    if not reason.strip():
        raise LedgerError(f"Revealing {what} needs a reason, which is logged; give one with --reason.")
    return Reveal(record(ledger, action, what, reason.strip(), actor=actor, details=details), ledger.cipher)


def record(ledger: Ledger, action: str, what: str, reason: str, *, actor: str | None = None, details: Mapping[str, Any] | None = None) -> int:
    """Appends an entry in a transaction of its own, so that it stands whatever happens next; returns its number."""
    with ledger.transaction() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOGGING})
        last = connection.execute(select(AccessEntry.entry_id, AccessEntry.digest).order_by(AccessEntry.entry_id.desc()).limit(1)).first()
        entry: dict[str, Any] = {
            "entry_id": last.entry_id + 1 if last else 1,
            "at": datetime.now(UTC),
            "actor": actor or current_user(),
            "action": action,
            "object": what,
            "reason": reason,
            "details": dict(details or {}),
            "previous": bytes(last.digest) if last else _START,
        }
        entry["digest"] = _digest(entry)
        connection.execute(insert(AccessEntry), entry)
    replace_secret(ledger.workspace.keys, ANCHOR, f"{entry['entry_id']} {entry['digest'].hex()}")
    return int(entry["entry_id"])


def verify(ledger: Ledger) -> Verified:
    """Follows the chain from the first entry; `broken` says in one sentence what the first broken link is, None when all hold."""
    anchor = ledger.workspace.keys / ANCHOR
    expected = anchor.read_text(encoding="ascii").split() if anchor.exists() else None
    with ledger.transaction() as connection:
        entries, broken, seen = _follow(connection, int(expected[0]) if expected else 0)
    if broken is None and expected is not None and seen != expected[1]:
        state = "is missing" if seen is None else "is another one"
        broken = f"Entry {expected[0]}, which the key folder remembers as written here, {state}: the log was cut or written anew."
    return Verified(entries, broken)


def _follow(connection: Connection, anchored: int) -> tuple[int, str | None, str | None]:
    """How many entries hold, the first broken link, and the digest of the entry `anchored`."""
    previous, entries, seen = _START, 0, None
    rows = connection.execution_options(yield_per=1000).execute(select(AccessEntry.__table__).order_by(AccessEntry.entry_id))
    for row in rows.mappings():
        if row["entry_id"] != entries + 1:
            return entries, f"Entry {entries + 1} is missing: the next one is {row['entry_id']}.", seen
        if bytes(row["previous"]) != previous:
            return entries, f"Entry {row['entry_id']} does not follow entry {entries}: one of them was replaced.", seen
        if bytes(row["digest"]) != _digest(row):
            return entries, f"Entry {row['entry_id']} was changed after it was written.", seen
        previous, entries = bytes(row["digest"]), entries + 1
        if entries == anchored:
            seen = previous.hex()
    return entries, None, seen


def _digest(entry: Mapping[Any, Any]) -> bytes:
    content = [
        entry["entry_id"],
        entry["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        *(entry[name] for name in ("actor", "action", "object", "reason", "details")),
    ]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(bytes(entry["previous"]) + canonical.encode()).digest()
