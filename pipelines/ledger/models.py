"""The ledger's tables.

Flags and mismatches are kept alike. `flags` holds each flag once, as it stands now; `flag_versions` what each night published, as spells of nights
(`from_night` ≤ night < `until_night`) in which nothing about the flag changed; `flag_events` what happened, appended only; `flag_evidence` the
source cells by `edition`, a digest of everything they say. Columns of bytes named name, id_number, phone, subject, household, value and note are
sealed (see cipher.py); tokens are HMACs; digests are keyed. The tables that publishing fills by the million carry no foreign keys, whose check runs
row by row; publishing writes parent and child in one transaction.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PUBLISHED, REPLACED = "published", "replaced"
FOREVER = date(9999, 12, 31)


class Base(DeclarativeBase):
    """Base of the ledger's models: text without a length limit, times with their zone."""

    type_annotation_map = {str: Text, datetime: TIMESTAMP(timezone=True), bytes: LargeBinary, dict[str, Any]: JSONB, list[Any]: JSONB}  # noqa: RUF012  # SQLAlchemy's own way


class MatchRun(Base):
    """One attempt at a night that was published; the newest attempt of an as-of date is `published`, earlier ones are `replaced`."""

    __tablename__ = "match_runs"
    __table_args__ = (
        UniqueConstraint("as_of", "attempt"),
        Index("match_runs_published", "as_of", unique=True, postgresql_where=text("state = 'published'")),
    )
    run_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    as_of: Mapped[date]
    attempt: Mapped[int]
    state: Mapped[str]
    digest: Mapped[bytes]
    inputs: Mapped[list[Any]]
    policy_id: Mapped[str]
    policy_version: Mapped[str]
    policy_digest: Mapped[str]
    code_version: Mapped[str]
    counts: Mapped[dict[str, Any]]
    timings: Mapped[dict[str, Any]]
    started_at: Mapped[datetime]
    published_at: Mapped[datetime]


class Person(Base):
    """A person whom a flag or mismatch of any night names, as the newest of those nights knew them."""

    __tablename__ = "persons"
    token: Mapped[bytes] = mapped_column(primary_key=True)
    name: Mapped[bytes | None]
    id_number: Mapped[bytes | None]
    phone: Mapped[bytes | None]
    sex: Mapped[int | None] = mapped_column(SmallInteger)
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    county_code: Mapped[str | None]
    township: Mapped[str | None]
    village: Mapped[str | None]
    content: Mapped[bytes]
    as_of: Mapped[date]


class Standing:
    """What a flag or mismatch is on a night: columns that `flags`, `flag_versions` and their mismatch counterparts share.

    `raised_on` begins its present occurrence, from which `due` counts; `checked` is false while its rule is suspended, and `last_checked` is then the
    last night that could tell; `content` digests what the night said; `evidence_digest` the evidence's substance (without files, lines and dates).
    """

    state: Mapped[str]
    checked: Mapped[bool]
    first_seen: Mapped[date]
    raised_on: Mapped[date]
    due: Mapped[date]
    due_provisional: Mapped[bool]
    grade: Mapped[str]
    subject: Mapped[bytes]
    policy_version: Mapped[str]
    content: Mapped[bytes]
    evidence_digest: Mapped[bytes]
    edition: Mapped[bytes]


class FlagStanding(Standing):
    """What flags have beyond it."""

    township: Mapped[str | None]
    village: Mapped[str | None]
    name: Mapped[bytes | None]
    link_basis: Mapped[str]
    partial: Mapped[bool]
    case_id: Mapped[str]


class MismatchStanding(Standing):
    """What mismatches have beyond it."""

    datasets: Mapped[str]
    detail: Mapped[str | None]


class Spell:
    """The nights for which a version holds: from_night ≤ night < until_night, 9999-12-31 while it still does."""

    from_night: Mapped[date] = mapped_column(primary_key=True)
    until_night: Mapped[date]
    last_checked: Mapped[date | None]


class Flag(FlagStanding, Base):
    """A flag as it stands now. `household_token` is the household's HMAC; `household` its sealed number."""

    __tablename__ = "flags"
    __table_args__ = (
        Index("flags_place", "county_code", "township", "state"),
        Index("flags_token", "token"),
        Index("flags_case", "case_id"),
        {"postgresql_with": {"fillfactor": 80}},
    )
    flag_id: Mapped[str] = mapped_column(primary_key=True)
    rule: Mapped[str]
    family: Mapped[str]
    subject_kind: Mapped[str]
    token: Mapped[bytes]
    household_dataset: Mapped[str | None]
    household: Mapped[bytes | None]
    household_token: Mapped[bytes | None]
    county_code: Mapped[str]
    clause: Mapped[str]
    action: Mapped[str]
    last_seen: Mapped[date]


class FlagVersion(FlagStanding, Spell, Base):
    """What the nights of one spell published about a flag."""

    __tablename__ = "flag_versions"
    __table_args__ = (
        Index("flag_versions_nights", "until_night", "from_night"),
        Index("flag_versions_township", "township", "until_night"),
    )
    flag_id: Mapped[str] = mapped_column(primary_key=True)


class Cell:
    """One source cell of evidence; an absence has no line, a derived value (a standard) no dataset. `shows` is the key of a text in the policy."""

    edition: Mapped[bytes] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[bytes | None]
    dataset: Mapped[str | None]
    snapshot: Mapped[date | None]
    file: Mapped[str | None]
    line: Mapped[str | None]
    field: Mapped[str | None]
    value: Mapped[bytes | None]
    shows: Mapped[str]


class FlagEvidence(Cell, Base):
    """The evidence of a flag, by edition."""

    __tablename__ = "flag_evidence"
    flag_id: Mapped[str] = mapped_column(primary_key=True)


class FlagMember(Base):
    """The living people of a flag's household, and its own person, by edition."""

    __tablename__ = "flag_members"
    flag_id: Mapped[str] = mapped_column(primary_key=True)
    edition: Mapped[bytes] = mapped_column(primary_key=True)
    person: Mapped[bytes] = mapped_column(primary_key=True)


class Happening:
    """Something that happened, appended only. `run_id` is null for what people did; a `withdrawn` event takes back the event it names, when a
    night that is published again no longer bears it out."""

    event_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    as_of: Mapped[date]
    kind: Mapped[str]
    reason: Mapped[str | None]
    actor: Mapped[str]
    at: Mapped[datetime]
    run_id: Mapped[int | None] = mapped_column(BigInteger)
    withdraws: Mapped[int | None] = mapped_column(BigInteger)
    result_code: Mapped[int | None] = mapped_column(SmallInteger)
    verified_on: Mapped[date | None]
    way: Mapped[str | None]
    note: Mapped[bytes | None]
    evidence_digest: Mapped[bytes | None]


class FlagEvent(Happening, Base):
    """What happened to a flag."""

    __tablename__ = "flag_events"
    __table_args__ = (
        Index("flag_events_flag", "flag_id"),
        Index("flag_events_night", "as_of"),
        Index("flag_events_people", "as_of", postgresql_where=text("run_id IS NULL")),
        Index("flag_events_withdrawn", "withdraws", postgresql_where=text("withdraws IS NOT NULL")),
    )
    flag_id: Mapped[str]


class Mismatch(MismatchStanding, Base):
    """A mismatch as it stands now; `token` is its subject's, `person` the person's whom it is about."""

    __tablename__ = "mismatches"
    __table_args__ = (
        Index("mismatches_place", "county_code", "check", "state"),
        Index("mismatches_token", "token"),
        Index("mismatches_person", "person"),
        {"postgresql_with": {"fillfactor": 80}},
    )
    mismatch_id: Mapped[str] = mapped_column(primary_key=True)
    check: Mapped[str]
    token: Mapped[bytes]
    person: Mapped[bytes | None]
    county_code: Mapped[str]
    last_seen: Mapped[date]


class MismatchVersion(MismatchStanding, Spell, Base):
    """What the nights of one spell published about a mismatch."""

    __tablename__ = "mismatch_versions"
    __table_args__ = (Index("mismatch_versions_nights", "until_night", "from_night"),)
    mismatch_id: Mapped[str] = mapped_column(primary_key=True)


class MismatchEvidence(Cell, Base):
    """Both sides' values of a mismatch, by edition; `side` is A or B."""

    __tablename__ = "mismatch_evidence"
    mismatch_id: Mapped[str] = mapped_column(primary_key=True)
    side: Mapped[str]


class MismatchEvent(Happening, Base):
    """What happened to a mismatch."""

    __tablename__ = "mismatch_events"
    __table_args__ = (
        Index("mismatch_events_mismatch", "mismatch_id"),
        Index("mismatch_events_night", "as_of"),
        Index("mismatch_events_people", "as_of", postgresql_where=text("run_id IS NULL")),
        Index("mismatch_events_withdrawn", "withdraws", postgresql_where=text("withdraws IS NOT NULL")),
    )
    mismatch_id: Mapped[str]


class Coverage(Base):
    """Which snapshot served a county on a run, and whether absence could be proven by it (`complete` = covered, passed and fresh)."""

    __tablename__ = "coverage"
    run_id: Mapped[int] = mapped_column(ForeignKey("match_runs.run_id"), primary_key=True)
    dataset: Mapped[str] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(primary_key=True)
    snapshot: Mapped[date | None]
    age_days: Mapped[int | None]
    fresh: Mapped[bool]
    passed: Mapped[bool]
    covered: Mapped[bool]
    complete: Mapped[bool]
    late: Mapped[bool]
    rows: Mapped[int] = mapped_column(BigInteger)
    quarantined: Mapped[int] = mapped_column(BigInteger)
    file: Mapped[str | None]
    note: Mapped[str | None]


class Suspension(Base):
    """A rule or check that a run could not judge in a county, for want of a dataset."""

    __tablename__ = "suspensions"
    run_id: Mapped[int] = mapped_column(ForeignKey("match_runs.run_id"), primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]


class Denominator(Base):
    """How many rows a check looked at on a run, by county and dataset."""

    __tablename__ = "denominators"
    run_id: Mapped[int] = mapped_column(ForeignKey("match_runs.run_id"), primary_key=True)
    check: Mapped[str] = mapped_column(primary_key=True)
    county_code: Mapped[str] = mapped_column(primary_key=True)
    dataset: Mapped[str] = mapped_column(primary_key=True)
    checked: Mapped[int] = mapped_column(BigInteger)


class LinkReview(Base):
    """A pair of records that likeness alone cannot settle, with what people decided (`same`, `different`, `unsure`; null while it waits).

    `levels` explains the pair's weight; `keys`, sealed, says whom it joins, as linking reads it; `sides`, sealed, what the records of both sides say.
    """

    __tablename__ = "link_reviews"
    __table_args__ = (UniqueConstraint("left_token", "right_token"),)
    review_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    left_token: Mapped[bytes]
    right_token: Mapped[bytes]
    probability: Mapped[float]
    levels: Mapped[dict[str, Any]]
    first_seen: Mapped[date]
    last_seen: Mapped[date]
    decision: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    keys: Mapped[bytes]
    sides: Mapped[bytes]


class LinkReviewEvent(Base):
    """What happened to a review, appended only: `same`, `different`, `unsure`, or `undone`."""

    __tablename__ = "link_review_events"
    __table_args__ = (Index("link_review_events_review", "review_id"),)
    event_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    review_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
    note: Mapped[bytes | None]


class AccessEntry(Base):
    """Who looked at, searched, exported or decided what, and why. Appended only; each entry's digest covers the one before it."""

    __tablename__ = "access_log"
    entry_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    object: Mapped[str]
    reason: Mapped[str]
    details: Mapped[dict[str, Any]]
    previous: Mapped[bytes]
    digest: Mapped[bytes]
