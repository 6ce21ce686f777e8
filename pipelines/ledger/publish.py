"""Publishing a night: one transaction, or nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Select, func, insert, select, text, update
from sqlalchemy.exc import OperationalError

from pipelines.errors import LedgerError
from pipelines.identity.tokens import open_tokens
from pipelines.ledger import lifecycle
from pipelines.ledger.bulk import copy
from pipelines.ledger.cases import Tie, case_ids
from pipelines.ledger.database import PUBLISHING, Ledger
from pipelines.ledger.departed import say_why_gone
from pipelines.ledger.evidence import keep_evidence
from pipelines.ledger.kinds import FLAGS
from pipelines.ledger.models import PUBLISHED, REPLACED, Coverage, Denominator, MatchRun, Suspension
from pipelines.ledger.night_files import NightFiles
from pipelines.ledger.persons import keep_persons, stage_persons
from pipelines.ledger.reviews import keep_reviews, stage_reviews
from pipelines.ledger.staged import People, Staged, stage_flags, stage_mismatches

WAIT_SECONDS = 60


@dataclass(frozen=True)
class Published:
    """The outcome: the run, whether this very night had been published already (then nothing changed), and counts of flags and of mismatches.

    Counted are `standing` after the night, of these `unchecked` and `identity_check`, `new` and `still_true`; and events by their kind.
    """

    run_id: int
    repeated: bool
    flags: dict[str, int]
    mismatches: dict[str, int]


def publish(ledger: Ledger, night: NightFiles, *, wait: float = WAIT_SECONDS) -> Published:
    """Publishes a night's files to the ledger in one transaction.

    The same files again change nothing. An earlier night may be published, or published again, without a change to what later nights published.
    Raises LedgerError when a file is missing or does not fit the others, or when another run is still publishing after `wait` seconds.
    """
    with ledger.transaction() as connection:
        _lock(connection, wait)
        found = connection.execute(_published(night)).first()
        if found is not None and bytes(found.digest) == night.digest:
            return Published(found.run_id, True, found.counts["flags"], found.counts["mismatches"])
        return _publish(connection, ledger, night)


def _published(night: NightFiles) -> Select[tuple[int, bytes, dict[str, Any]]]:
    return select(MatchRun.run_id, MatchRun.digest, MatchRun.counts).where(MatchRun.as_of == night.as_of, MatchRun.state == PUBLISHED)


def _publish(connection: Connection, ledger: Ledger, night: NightFiles) -> Published:
    run = _begin_run(connection, night)
    _keep_facts(connection, night, run)
    nights = select(func.max(MatchRun.as_of).filter(MatchRun.as_of < night.as_of), func.min(MatchRun.as_of).filter(MatchRun.as_of > night.as_of))
    previous, following = connection.execute(nights.where(MatchRun.state == PUBLISHED)).one()
    parameters = {"as_of": night.as_of, "previous": previous, "next": following, "run": run}
    people, tokens, cipher = People.of(night), open_tokens(ledger.workspace), ledger.cipher
    with ThreadPoolExecutor(1) as early:  # makes rows ready while the server takes in those before them: first what keeps it busy longest
        clashes = early.submit(stage_mismatches, night, people, tokens, cipher)
        persons = early.submit(stage_persons, night, cipher)
        told = early.submit(stage_flags, night, people, tokens, cipher)
        queue = early.submit(stage_reviews, night, tokens, cipher)
        mismatches = _publish_kind(connection, ledger, night, clashes.result(), parameters)
        del clashes  # its rows are not needed any more
        keep_persons(connection, cipher, persons.result(), night.as_of)
        flags = _publish_kind(connection, ledger, night, told.result(), parameters)
        reviews = keep_reviews(connection, queue.result(), night.as_of)
    counts = {**night.counts, "flags": flags, "mismatches": mismatches, "reviews": reviews}
    connection.execute(update(MatchRun).where(MatchRun.run_id == run).values(counts=counts, published_at=datetime.now(UTC)))
    return Published(run, False, flags, mismatches)


def _publish_kind(connection: Connection, ledger: Ledger, night: NightFiles, staged: Staged, parameters: dict[str, Any]) -> dict[str, int]:
    kind = staged.kind
    lifecycle.begin(connection, kind, parameters)
    copy(connection, f"{kind.name}_tonight", staged.rows)
    lifecycle.carry(connection, kind, parameters)
    keep_evidence(connection, ledger.cipher, staged)
    if kind is FLAGS:
        _give_cases(connection)
    lifecycle.decide(connection, kind, parameters)
    lifecycle.keep_versions(connection, kind, parameters)
    lifecycle.keep_current(connection, kind, parameters)
    say_why_gone(connection, ledger.cipher, night, kind)
    lifecycle.append_events(connection, kind, parameters)
    return lifecycle.counts(connection, kind)


def _lock(connection: Connection, wait: float) -> None:
    connection.execute(text(f"SET LOCAL lock_timeout = {int(wait * 1000)}"))
    try:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PUBLISHING})
    except OperationalError as error:
        raise LedgerError("Another run is publishing to this ledger; wait until it has ended, then run again.") from error
    connection.execute(text("SET LOCAL lock_timeout = 0"))


def _begin_run(connection: Connection, night: NightFiles) -> int:
    of_night = MatchRun.as_of == night.as_of
    attempt = connection.scalar(select(func.coalesce(func.max(MatchRun.attempt), 0)).where(of_night))
    connection.execute(update(MatchRun).where(of_night, MatchRun.state == PUBLISHED).values(state=REPLACED))
    now = datetime.now(UTC)
    run: int = connection.execute(
        insert(MatchRun).returning(MatchRun.run_id),
        {
            "as_of": night.as_of, "attempt": (attempt or 0) + 1, "state": PUBLISHED, "digest": night.digest,
            "inputs": [dict(file) for file in night.inputs], "policy_id": night.policy.id, "policy_version": night.policy.version,
            "policy_digest": night.policy.digest, "code_version": night.code_version, "counts": {}, "timings": dict(night.timings),
            "started_at": night.started_at, "published_at": now,
        },
    ).scalar_one()  # fmt: skip
    return run


def _keep_facts(connection: Connection, night: NightFiles, run: int) -> None:
    """The night's coverage, suspensions and denominators, as they are."""
    for model in (Coverage, Suspension, Denominator):
        columns = [column.name for column in model.__table__.columns if column.name != "run_id"]
        table = night.read(model.__tablename__).select(columns)
        copy(connection, model.__tablename__, table.append_column("run_id", pa.array([run] * table.num_rows, pa.int64())))


def _give_cases(connection: Connection) -> None:
    """Fills in the case of tonight's flags, those taken over from the night before included."""
    ties = connection.execute(
        text("""
            SELECT t.flag_id, t.county_code, coalesce(f.household_token, t.household_token), true FROM flag_tonight t
                LEFT JOIN flags f USING (flag_id) WHERE coalesce(f.household_token, t.household_token) IS NOT NULL
            UNION ALL SELECT t.flag_id, t.county_code, t.token, false FROM flag_tonight t LEFT JOIN flags f USING (flag_id)
                WHERE coalesce(f.subject_kind, t.subject_kind) = 'person'
            UNION ALL SELECT t.flag_id, t.county_code, m.person, false FROM flag_tonight t JOIN flag_members m USING (flag_id, edition)""")
    )
    cases = case_ids(Tie(flag_id, county_code, bytes(token).hex(), household) for flag_id, county_code, token, household in ties)
    connection.execute(text("CREATE TEMP TABLE flag_cases (flag_id text, case_id text) ON COMMIT DROP"))
    columns = {"flag_id": pa.array(cases.keys(), pa.string()), "case_id": pa.array(cases.values(), pa.string())}
    copy(connection, "flag_cases", pa.table(columns))
    connection.execute(text("UPDATE flag_tonight t SET case_id = c.case_id FROM flag_cases c WHERE c.flag_id = t.flag_id"))
