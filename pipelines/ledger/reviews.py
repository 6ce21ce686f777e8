"""The review queue in the ledger: pairs that likeness alone cannot settle, and what people decide of them (identity.md, "Linking" 2).

A pair is known by the tokens of both sides, so a decision holds every following night for as long as the record stays what it is. Decisions can be
undone; what happened to a review is appended to its events. What both sides say, and whom they are, is sealed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, func, insert, select, text, update

from pipelines.errors import LedgerError
from pipelines.identity.candidates import DECISIONS, DIFFERENT, SAME, UNSURE, explanation
from pipelines.identity.numbers import number_of
from pipelines.identity.tokens import Tokens
from pipelines.ledger.access_log import Reveal
from pipelines.ledger.bulk import copy
from pipelines.ledger.cipher import Cipher
from pipelines.ledger.database import Ledger, current_user
from pipelines.ledger.models import PUBLISHED, LinkReview, LinkReviewEvent, MatchRun
from pipelines.ledger.night_files import QUEUE, NightFiles

DECIDED = (SAME, DIFFERENT, UNSURE)
UNDONE = "undone"
_UNKNOWN = "The ledger has no review {}; see doudi linkage reviews list."


@dataclass(frozen=True)
class Review:
    """One pair: its number, how likely it is one person, the levels and weights that say so (comparison, level, hundredths of a bit), since when it
    waits, and the decision (None: none yet). `record` and `other` are what both sides say, None without leave to see it."""

    review_id: int
    probability: float
    levels: list[tuple[str, str, int]]
    first_seen: date
    last_seen: date
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    record: list[dict[str, Any]] | None
    other: list[dict[str, Any]] | None


def stage_reviews(night: NightFiles, tokens: Tokens, cipher: Cipher) -> pa.Table | None:
    """The night's queue as rows for the reviews, one a pair, sealed; None when the night has none."""
    queue = night.read_if_there(QUEUE)
    if queue is None:
        return None
    found: dict[tuple[bytes, bytes], dict[str, Any]] = {}
    for row in queue.to_pylist():
        pair = _pair(tokens, row)
        if pair not in found or found[pair]["weight"] < row["weight"]:
            found[pair] = row
    return _rows(cipher, found, night.as_of)


def keep_reviews(connection: Connection, staged: pa.Table | None, as_of: date) -> int:
    """Adds a night's queue to the reviews, and brings those that are known up to date; gives how many the queue holds. Decisions stay.

    What an earlier attempt at the night asked and this one does not, waits no longer.
    """
    if staged is None:
        return 0
    connection.execute(text("CREATE TEMP TABLE reviews_tonight (LIKE link_reviews) ON COMMIT DROP"))
    connection.execute(text("ALTER TABLE reviews_tonight ALTER review_id DROP NOT NULL"))
    copy(connection, "reviews_tonight", staged)
    connection.execute(
        text("""
            INSERT INTO link_reviews (left_token, right_token, probability, levels, first_seen, last_seen, keys, sides)
            SELECT left_token, right_token, probability, levels, first_seen, last_seen, keys, sides FROM reviews_tonight
            ON CONFLICT (left_token, right_token) DO UPDATE SET
                probability = excluded.probability, levels = excluded.levels, keys = excluded.keys, sides = excluded.sides,
                first_seen = least(link_reviews.first_seen, excluded.first_seen), last_seen = greatest(link_reviews.last_seen, excluded.last_seen)
            WHERE link_reviews.last_seen <= excluded.last_seen""")
    )
    connection.execute(
        text("""
            UPDATE link_reviews SET last_seen = last_seen - 1 WHERE last_seen = :as_of AND decision IS NULL AND NOT EXISTS (
                SELECT FROM reviews_tonight t WHERE (t.left_token, t.right_token) = (link_reviews.left_token, link_reviews.right_token))"""),
        {"as_of": as_of},
    )
    connection.execute(text("DROP TABLE reviews_tonight"))
    return staged.num_rows


def reviews(ledger: Ledger, *, waiting: bool = True, reveal: Reveal | None = None) -> list[Review]:
    """The reviews, likeliest first: those `waiting` for a decision on the newest published night, or all. Without `reveal` nobody is named."""
    query = select(LinkReview).order_by(LinkReview.probability.desc(), LinkReview.review_id)
    if waiting:
        newest = select(func.max(MatchRun.as_of)).where(MatchRun.state == PUBLISHED).scalar_subquery()
        latest = select(func.max(LinkReview.last_seen)).scalar_subquery()
        query = query.where(LinkReview.decision.is_(None), LinkReview.last_seen == func.greatest(newest, latest))
    with ledger.engine.connect() as connection:
        return [_review(row, reveal) for row in connection.execute(query)]


def decide(ledger: Ledger, review_id: int, decision: str, *, actor: str | None = None, note: str = "") -> None:
    """Records what people decided of a pair: same, different or unsure. It holds from the next night on, and can be changed or undone.

    Raises LedgerError for an unknown review or decision.
    """
    _check(decision)
    with ledger.transaction() as connection:
        _change(connection, ledger, review_id, decision, decision, actor, note)


def decide_all(ledger: Ledger, decided: Sequence[tuple[int, str, str]], *, actor: str | None = None) -> int:
    """Records many decisions (review, decision, note), all or none; gives how many were news. Raises as `decide` does."""
    with ledger.engine.connect() as connection:
        known = {row.review_id: row.decision for row in connection.execute(select(LinkReview.review_id, LinkReview.decision))}
    for review_id, decision, _ in decided:
        _check(decision)
        if review_id not in known:
            raise LedgerError(_UNKNOWN.format(review_id))
    news = [one for one in decided if known[one[0]] != one[1]]
    with ledger.transaction() as connection:
        for review_id, decision, note in news:
            _change(connection, ledger, review_id, decision, decision, actor, note)
    return len(news)


def undo(ledger: Ledger, review_id: int, *, actor: str | None = None, note: str = "") -> None:
    """Takes a decision back; the pair waits again. Raises LedgerError for a review that is unknown or has no decision."""
    with ledger.transaction() as connection:
        _change(connection, ledger, review_id, None, UNDONE, actor, note)


def decisions(ledger: Ledger) -> pa.Table:
    """All decisions in force as linking reads them: the columns of DECISIONS. They name people, so they stay in the working area."""
    query = select(LinkReview.left_token, LinkReview.right_token, LinkReview.keys, LinkReview.decision)
    found = []
    with ledger.engine.connect() as connection:
        for row in connection.execute(query.where(LinkReview.decision.is_not(None)).order_by(LinkReview.review_id)):
            keys = json.loads(ledger.cipher.open(bytes(row.keys), _place("keys", row.left_token, row.right_token)))
            found.append({**keys, "decision": row.decision})
    return pa.Table.from_pylist(found, schema=DECISIONS)


def _check(decision: str) -> None:
    if decision not in DECIDED:
        raise LedgerError(f"{decision} is no decision; say {', '.join(DECIDED[:-1])} or {DECIDED[-1]}.")


def _change(connection: Connection, ledger: Ledger, review_id: int, decision: str | None, kind: str, actor: str | None, note: str) -> None:
    known = connection.execute(select(LinkReview.decision).where(LinkReview.review_id == review_id).with_for_update()).first()
    if known is None:
        raise LedgerError(_UNKNOWN.format(review_id))
    if decision is None and known.decision is None:
        raise LedgerError(f"Review {review_id} has no decision to undo.")
    who, now = actor or current_user(), datetime.now(UTC)
    told = {"decided_by": who, "decided_at": now} if decision else {"decided_by": None, "decided_at": None}
    connection.execute(update(LinkReview).where(LinkReview.review_id == review_id).values(decision=decision, **told))
    sealed = ledger.cipher.seal(note, f"link_review_events.note|{review_id}") if note else None
    connection.execute(insert(LinkReviewEvent), {"review_id": review_id, "kind": kind, "actor": who, "at": now, "note": sealed})


def _pair(tokens: Tokens, row: Mapping[str, Any]) -> tuple[bytes, bytes]:
    left = tokens.of_record(row["dataset"], row["natural_key"])
    right = tokens.of_record(row["other_dataset"], row["other_key"]) if row["other_key"] else tokens.of_number(number_of(row["person"]))
    return bytes.fromhex(left), bytes.fromhex(right)


def _rows(cipher: Cipher, found: Mapping[tuple[bytes, bytes], Mapping[str, Any]], as_of: date) -> pa.Table:
    rows: dict[str, list[Any]] = {name: [] for name in ("probability", "levels", "keys", "sides")}
    for (left, right), row in found.items():
        keys = {name: row[name] for name in ("dataset", "natural_key", "other_dataset", "other_key")}
        keys["person"] = None if row["other_key"] else row["person"]
        sides = {"record": json.loads(row["record_says"]), "other": json.loads(row["other_says"])}
        rows["probability"].append(row["probability"])
        rows["levels"].append(json.dumps({"explained": row["explained"]}))
        rows["keys"].append(cipher.seal(json.dumps(keys, ensure_ascii=False), _place("keys", left, right)))
        rows["sides"].append(cipher.seal(json.dumps(sides, ensure_ascii=False), _place("sides", left, right)))
    day = pa.array([as_of] * len(found), pa.date32())
    tokens = {"left_token": [left for left, _ in found], "right_token": [right for _, right in found]}
    sealed = {name: pa.array(values, pa.binary()) for name, values in {**tokens, "keys": rows["keys"], "sides": rows["sides"]}.items()}
    levels = pa.array(rows["levels"], pa.string())
    return pa.table({**sealed, "probability": pa.array(rows["probability"], pa.float64()), "levels": levels, "first_seen": day, "last_seen": day})


def _review(row: Row[Any], reveal: Reveal | None) -> Review:
    sides = json.loads(reveal.open(row.sides, _place("sides", row.left_token, row.right_token)) or "{}") if reveal else {}
    levels = explanation(row.levels["explained"])
    return Review(
        row.review_id, row.probability, levels, row.first_seen, row.last_seen, row.decision, row.decided_by, row.decided_at,
        sides.get("record"), sides.get("other"),
    )  # fmt: skip


def _place(column: str, left: bytes, right: bytes) -> str:
    return f"link_reviews.{column}|{bytes(left).hex()}|{bytes(right).hex()}"
