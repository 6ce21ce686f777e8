"""Reviews of links: what both sides say, and what happened to them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("link_reviews", sa.Column("keys", sa.LargeBinary(), nullable=False))
    op.add_column("link_reviews", sa.Column("sides", sa.LargeBinary(), nullable=False))
    op.create_table(
        "link_review_events",
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("link_review_events_review", "link_review_events", ["review_id"], unique=False)
    op.execute(
        "CREATE TRIGGER link_review_events_appended_only BEFORE UPDATE OR DELETE OR TRUNCATE ON link_review_events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_index("link_review_events_review", table_name="link_review_events")
    op.drop_table("link_review_events")
    op.drop_column("link_reviews", "sides")
    op.drop_column("link_reviews", "keys")
