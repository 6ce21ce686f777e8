"""Reviews of links: what the queue puts there, decisions, undoing, what linking reads of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from pipelines.errors import LedgerError
from pipelines.identity.candidates import DECISIONS
from pipelines.identity.links import QUEUE
from pipelines.identity.tokens import open_tokens
from pipelines.ledger import access_log
from pipelines.ledger.database import Ledger
from pipelines.ledger.models import LinkReview, LinkReviewEvent, MatchRun
from pipelines.ledger.reviews import decide, decide_all, decisions, keep_reviews, reviews, stage_reviews, undo

FIRST, SECOND = date(2020, 7, 31), date(2020, 8, 1)
PERSON, OTHER = 64019919800101123, 64019919750505231
SAYS = pa.schema([*QUEUE, pa.field("record_says", pa.string()), pa.field("other_says", pa.string())])


def row(person: int, weight: int = 300, key: str = "640323\x1fF1\x1f马小军", **values: Any) -> dict[str, Any]:
    said = {"record_says": json.dumps([{"name": "马小军"}]), "other_says": json.dumps([{"name": "马晓军"}])}
    text = {"dataset": "dibao", "file": "dibao_20200731.csv", "line": "7", "natural_key": key, "explained": f"prior::-100 name:exact:{weight + 100}"}
    return {**text, **said, "record_person": -1, "person": person, "weight": weight, "probability": 0.89, **values}


def night(ledger: Ledger, folder: Path, as_of: date, *rows: dict[str, Any]) -> int:
    path = folder / "queue.parquet"
    pq.write_table(pa.Table.from_pylist(list(rows), schema=SAYS), path)
    files: Any = SimpleNamespace(as_of=as_of, read_if_there=lambda _: pq.read_table(path))
    staged = stage_reviews(files, open_tokens(ledger.workspace), ledger.cipher)
    with ledger.transaction() as connection:
        return keep_reviews(connection, staged, as_of)


def test_a_queued_pair_waits_with_its_levels_and_shows_both_sides_only_with_leave(ledger, tmp_path) -> None:
    assert night(ledger, tmp_path, FIRST, row(PERSON)) == 1
    (review,) = reviews(ledger)
    assert review.levels == [("prior", "", -100), ("name", "exact", 400)]
    assert (review.first_seen, review.decision, review.record, review.other) == (FIRST, None, None, None)
    leave = access_log.reveal(ledger, "review", "link reviews", "test")
    (shown,) = reviews(ledger, reveal=leave)
    assert (shown.record, shown.other) == ([{"name": "马小军"}], [{"name": "马晓军"}])


def test_nothing_that_names_people_stands_in_clear(ledger, tmp_path) -> None:
    night(ledger, tmp_path, FIRST, row(PERSON))
    with ledger.engine.connect() as connection:
        stored = connection.execute(select(LinkReview)).mappings().one()
    assert "马" not in str(dict(stored))
    assert str(PERSON) not in str(dict(stored))


def test_a_pair_is_one_review_night_after_night(ledger, tmp_path) -> None:
    night(ledger, tmp_path, FIRST, row(PERSON), row(OTHER))
    (first, _) = reviews(ledger)
    night(ledger, tmp_path, SECOND, row(PERSON, weight=350))
    (again,) = reviews(ledger)
    assert again.review_id == first.review_id
    assert (again.first_seen, again.last_seen) == (FIRST, SECOND)
    assert len(reviews(ledger, waiting=False)) == 2


def test_what_a_later_attempt_or_night_does_not_ask_waits_no_longer(ledger, tmp_path) -> None:
    night(ledger, tmp_path, FIRST, row(PERSON), row(OTHER))
    night(ledger, tmp_path, FIRST, row(OTHER))
    (left,) = reviews(ledger)
    assert night(ledger, tmp_path, FIRST) == 0
    with ledger.transaction() as connection:
        values = dict.fromkeys(("policy_id", "policy_version", "policy_digest", "code_version"), "x") | {"digest": b"", "inputs": [], "counts": {}}
        now = datetime.now(UTC)
        times = {"timings": {}, "started_at": now, "published_at": now}
        connection.execute(insert(MatchRun), {"as_of": SECOND, "attempt": 1, "state": "published", **values, **times})
    assert reviews(ledger) == []
    assert night(ledger, tmp_path, SECOND, row(OTHER)) == 1
    assert [one.review_id for one in reviews(ledger)] == [left.review_id]


def test_a_decision_is_what_linking_reads_until_it_is_undone(ledger, tmp_path) -> None:
    night(ledger, tmp_path, FIRST, row(PERSON), row(-2, key="K2", other_dataset="tekun", other_key="T1"))
    of_record, of_person = sorted(reviews(ledger), key=lambda one: one.review_id, reverse=True)
    decide(ledger, of_person.review_id, "same", actor="li", note="电话核实")
    decide(ledger, of_record.review_id, "different")
    assert reviews(ledger) == []
    found = decisions(ledger)
    assert found.schema == DECISIONS
    said = {(one["natural_key"], one["person"], one["other_key"]): one["decision"] for one in found.to_pylist()}
    assert said == {("640323\x1fF1\x1f马小军", PERSON, None): "same", ("K2", None, "T1"): "different"}
    night(ledger, tmp_path, SECOND, row(PERSON))
    assert reviews(ledger) == []
    undo(ledger, of_person.review_id, actor="wang")
    assert [one.review_id for one in reviews(ledger)] == [of_person.review_id]
    assert decisions(ledger).num_rows == 1
    with ledger.engine.connect() as connection:
        happened = connection.execute(select(LinkReviewEvent.kind, LinkReviewEvent.actor).order_by(LinkReviewEvent.event_id)).all()
    assert [tuple(one) for one in happened][::2] == [("same", "li"), ("undone", "wang")]


def test_what_happened_cannot_be_changed(ledger, tmp_path) -> None:
    night(ledger, tmp_path, FIRST, row(PERSON))
    decide(ledger, reviews(ledger)[0].review_id, "unsure")
    with pytest.raises(DBAPIError), ledger.transaction() as connection:
        connection.execute(text("DELETE FROM link_review_events"))


def test_many_decisions_are_taken_whole_or_not_at_all(ledger, tmp_path) -> None:
    night(ledger, tmp_path, FIRST, row(PERSON), row(OTHER))
    first, second = (one.review_id for one in reviews(ledger))
    with pytest.raises(LedgerError, match="999999"):
        decide_all(ledger, [(first, "same", ""), (999999, "same", "")])
    assert len(reviews(ledger)) == 2
    assert decide_all(ledger, [(first, "same", ""), (second, "different", "")]) == 2
    assert decide_all(ledger, [(first, "same", "")]) == 0


@pytest.mark.parametrize(("review_id", "decision"), [(1, "maybe"), (999999, "same")])
def test_what_cannot_be_decided_is_refused(ledger, review_id, decision) -> None:
    with pytest.raises(LedgerError):
        decide(ledger, review_id, decision)


def test_without_a_decision_there_is_nothing_to_undo(ledger, tmp_path) -> None:
    night(ledger, tmp_path, FIRST, row(PERSON))
    with pytest.raises(LedgerError, match="no decision"):
        undo(ledger, reviews(ledger)[0].review_id)
