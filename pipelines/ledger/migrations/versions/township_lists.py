"""An index for the list of one township"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("flag_versions_township", "flag_versions", ["township", "until_night"], unique=False)


def downgrade() -> None:
    op.drop_index("flag_versions_township", table_name="flag_versions")
