"""The first ledger"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPENDED_ONLY = ("access_log", "flag_events", "mismatch_events")
REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries of % are appended only', TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "access_log",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_table(
        "flag_events",
        sa.Column("flag_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("withdraws", sa.BigInteger(), nullable=True),
        sa.Column("result_code", sa.SmallInteger(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("way", sa.Text(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("evidence_digest", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("flag_events_flag", "flag_events", ["flag_id"], unique=False)
    op.create_index("flag_events_night", "flag_events", ["as_of"], unique=False)
    op.create_index("flag_events_people", "flag_events", ["as_of"], unique=False, postgresql_where=sa.text("run_id IS NULL"))
    op.create_index("flag_events_withdrawn", "flag_events", ["withdraws"], unique=False, postgresql_where=sa.text("withdraws IS NOT NULL"))
    op.create_table(
        "flag_evidence",
        sa.Column("flag_id", sa.Text(), nullable=False),
        sa.Column("edition", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("dataset", sa.Text(), nullable=True),
        sa.Column("snapshot", sa.Date(), nullable=True),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("line", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("shows", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("flag_id", "edition", "seq"),
    )
    op.create_table(
        "flag_members",
        sa.Column("flag_id", sa.Text(), nullable=False),
        sa.Column("edition", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("flag_id", "edition", "person"),
    )
    op.create_table(
        "flag_versions",
        sa.Column("flag_id", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=True),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("link_basis", sa.Text(), nullable=False),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("checked", sa.Boolean(), nullable=False),
        sa.Column("first_seen", sa.Date(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("evidence_digest", sa.LargeBinary(), nullable=False),
        sa.Column("edition", sa.LargeBinary(), nullable=False),
        sa.Column("from_night", sa.Date(), nullable=False),
        sa.Column("until_night", sa.Date(), nullable=False),
        sa.Column("last_checked", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("flag_id", "from_night"),
    )
    op.create_index("flag_versions_nights", "flag_versions", ["until_night", "from_night"], unique=False)
    op.create_table(
        "flags",
        sa.Column("flag_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("household_dataset", sa.Text(), nullable=True),
        sa.Column("household", sa.LargeBinary(), nullable=True),
        sa.Column("household_token", sa.LargeBinary(), nullable=True),
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("last_seen", sa.Date(), nullable=False),
        sa.Column("township", sa.Text(), nullable=True),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("link_basis", sa.Text(), nullable=False),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("checked", sa.Boolean(), nullable=False),
        sa.Column("first_seen", sa.Date(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("evidence_digest", sa.LargeBinary(), nullable=False),
        sa.Column("edition", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("flag_id"),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("flags_case", "flags", ["case_id"], unique=False)
    op.create_index("flags_place", "flags", ["county_code", "township", "state"], unique=False)
    op.create_index("flags_token", "flags", ["token"], unique=False)
    op.create_table(
        "link_reviews",
        sa.Column("review_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("left_token", sa.LargeBinary(), nullable=False),
        sa.Column("right_token", sa.LargeBinary(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("levels", postgresql.JSONB(), nullable=False),
        sa.Column("first_seen", sa.Date(), nullable=False),
        sa.Column("last_seen", sa.Date(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("review_id"),
        sa.UniqueConstraint("left_token", "right_token"),
    )
    op.create_table(
        "match_runs",
        sa.Column("run_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("inputs", postgresql.JSONB(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("policy_digest", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column("timings", postgresql.JSONB(), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
        sa.UniqueConstraint("as_of", "attempt"),
    )
    op.create_index("match_runs_published", "match_runs", ["as_of"], unique=True, postgresql_where=sa.text("state = 'published'"))
    op.create_table(
        "mismatch_events",
        sa.Column("mismatch_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("withdraws", sa.BigInteger(), nullable=True),
        sa.Column("result_code", sa.SmallInteger(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("way", sa.Text(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("evidence_digest", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("mismatch_events_mismatch", "mismatch_events", ["mismatch_id"], unique=False)
    op.create_index("mismatch_events_night", "mismatch_events", ["as_of"], unique=False)
    op.create_index("mismatch_events_people", "mismatch_events", ["as_of"], unique=False, postgresql_where=sa.text("run_id IS NULL"))
    op.create_index("mismatch_events_withdrawn", "mismatch_events", ["withdraws"], unique=False, postgresql_where=sa.text("withdraws IS NOT NULL"))
    op.create_table(
        "mismatch_evidence",
        sa.Column("mismatch_id", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("edition", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("dataset", sa.Text(), nullable=True),
        sa.Column("snapshot", sa.Date(), nullable=True),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("line", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("shows", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mismatch_id", "edition", "seq"),
    )
    op.create_table(
        "mismatch_versions",
        sa.Column("mismatch_id", sa.Text(), nullable=False),
        sa.Column("datasets", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("checked", sa.Boolean(), nullable=False),
        sa.Column("first_seen", sa.Date(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("evidence_digest", sa.LargeBinary(), nullable=False),
        sa.Column("edition", sa.LargeBinary(), nullable=False),
        sa.Column("from_night", sa.Date(), nullable=False),
        sa.Column("until_night", sa.Date(), nullable=False),
        sa.Column("last_checked", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("mismatch_id", "from_night"),
    )
    op.create_index("mismatch_versions_nights", "mismatch_versions", ["until_night", "from_night"], unique=False)
    op.create_table(
        "mismatches",
        sa.Column("mismatch_id", sa.Text(), nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("last_seen", sa.Date(), nullable=False),
        sa.Column("datasets", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("checked", sa.Boolean(), nullable=False),
        sa.Column("first_seen", sa.Date(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("evidence_digest", sa.LargeBinary(), nullable=False),
        sa.Column("edition", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("mismatch_id"),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("mismatches_person", "mismatches", ["person"], unique=False)
    op.create_index("mismatches_place", "mismatches", ["county_code", "check", "state"], unique=False)
    op.create_index("mismatches_token", "mismatches", ["token"], unique=False)
    op.create_table(
        "persons",
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("id_number", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("sex", sa.SmallInteger(), nullable=True),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column("county_code", sa.Text(), nullable=True),
        sa.Column("township", sa.Text(), nullable=True),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_table(
        "coverage",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Date(), nullable=True),
        sa.Column("age_days", sa.Integer(), nullable=True),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("covered", sa.Boolean(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["match_runs.run_id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "dataset", "county_code"),
    )
    op.create_table(
        "denominators",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("check", sa.Text(), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("checked", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["match_runs.run_id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "check", "county_code", "dataset"),
    )
    op.create_table(
        "suspensions",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["match_runs.run_id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "rule", "county_code", "dataset"),
    )
    op.execute(REFUSE)
    for table in APPENDED_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_appended_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_table("suspensions")
    op.drop_table("denominators")
    op.drop_table("coverage")
    op.drop_table("persons")
    op.drop_index("mismatches_token", table_name="mismatches")
    op.drop_index("mismatches_place", table_name="mismatches")
    op.drop_index("mismatches_person", table_name="mismatches")
    op.drop_table("mismatches")
    op.drop_index("mismatch_versions_nights", table_name="mismatch_versions")
    op.drop_table("mismatch_versions")
    op.drop_table("mismatch_evidence")
    op.drop_index("mismatch_events_withdrawn", table_name="mismatch_events", postgresql_where=sa.text("withdraws IS NOT NULL"))
    op.drop_index("mismatch_events_people", table_name="mismatch_events", postgresql_where=sa.text("run_id IS NULL"))
    op.drop_index("mismatch_events_night", table_name="mismatch_events")
    op.drop_index("mismatch_events_mismatch", table_name="mismatch_events")
    op.drop_table("mismatch_events")
    op.drop_index("match_runs_published", table_name="match_runs", postgresql_where=sa.text("state = 'published'"))
    op.drop_table("match_runs")
    op.drop_table("link_reviews")
    op.drop_index("flags_token", table_name="flags")
    op.drop_index("flags_place", table_name="flags")
    op.drop_index("flags_case", table_name="flags")
    op.drop_table("flags")
    op.drop_index("flag_versions_nights", table_name="flag_versions")
    op.drop_table("flag_versions")
    op.drop_table("flag_members")
    op.drop_table("flag_evidence")
    op.drop_index("flag_events_withdrawn", table_name="flag_events", postgresql_where=sa.text("withdraws IS NOT NULL"))
    op.drop_index("flag_events_people", table_name="flag_events", postgresql_where=sa.text("run_id IS NULL"))
    op.drop_index("flag_events_night", table_name="flag_events")
    op.drop_index("flag_events_flag", table_name="flag_events")
    op.drop_table("flag_events")
    op.drop_table("access_log")
    op.execute("DROP FUNCTION refuse_change")
