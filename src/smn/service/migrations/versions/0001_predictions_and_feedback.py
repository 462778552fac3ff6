"""Predictions and feedback."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "predictions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("image_sha256", sa.String(64), nullable=False, index=True),
        sa.Column("model", sa.String(100), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("movement", sa.String(60)),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("caller", sa.String(100)),
        sa.Column("image", sa.String(100)),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column(
            "prediction", sa.String(32), sa.ForeignKey("predictions.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("movement", sa.String(60)),
        sa.Column("text", sa.Text()),
        sa.Column("reviewed", sa.DateTime(timezone=True)),
        sa.Column("accepted", sa.Boolean()),
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_table("feedback")
    op.drop_table("predictions")
