"""The database of predictions and feedback."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, String, Text, create_engine, delete, event, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from smn.files import write_bytes

_MIGRATIONS = Path(__file__).parent / "migrations"


class Base(DeclarativeBase):
    """The tables."""


class PredictionRecord(Base):
    """An answer of the model."""

    __tablename__ = "predictions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    image_sha256: Mapped[str] = mapped_column(String(64), index=True)
    model: Mapped[str] = mapped_column(String(100))
    outcome: Mapped[str] = mapped_column(String(20))
    movement: Mapped[str | None] = mapped_column(String(60))
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    caller: Mapped[str | None] = mapped_column(String(100))
    image: Mapped[str | None] = mapped_column(String(100))


class FeedbackRecord(Base):
    """Feedback on an answer."""

    __tablename__ = "feedback"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    prediction: Mapped[str] = mapped_column(ForeignKey("predictions.id", ondelete="CASCADE"), index=True)
    verdict: Mapped[str] = mapped_column(String(10))
    movement: Mapped[str | None] = mapped_column(String(60))
    text: Mapped[str | None] = mapped_column(Text)
    reviewed: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    accepted: Mapped[bool | None]


class Records:
    """The database; safe to call from threads.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql+psycopg://...``; tables are made or brought up to date.
        images: folder for pictures that may be kept; None keeps none.
    """

    def __init__(self, url: str, *, images: Path | None = None) -> None:
        if url.startswith("sqlite:///"):
            Path(url.removeprefix("sqlite:///")).absolute().parent.mkdir(parents=True, exist_ok=True)
        self._engine = create_engine(url, pool_pre_ping=True)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
        self._images = images
        if images is not None:
            images.mkdir(parents=True, exist_ok=True)
        upgrade(self._engine)
        self._session = sessionmaker(self._engine, expire_on_commit=False)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def add_prediction(
        self, answer: dict[str, Any], *, sha256: str, caller: str | None, image: bytes | None = None
    ) -> str:
        """Store an answer; returns its id once it is committed.

        Args:
            answer: as a JSON object.
            sha256: of the picture.
            caller: the name of the key that asked.
            image: the picture, if its sender allows keeping it; stored only with a folder of images.
        """
        name = None
        if image is not None and self._images is not None:
            name = f"{sha256}.image"
            file = self._images / name
            if not file.exists():
                write_bytes(file, image)
        record = PredictionRecord(
            id=uuid.uuid4().hex, created=datetime.now(UTC), image_sha256=sha256, model=answer["model"],
            outcome=answer["outcome"], movement=answer["movement"], answer=answer, caller=caller, image=name,
        )  # fmt: skip
        with self._session.begin() as session:
            session.add(record)
        return record.id

    def add_feedback(
        self, prediction: str, *, verdict: str, movement: str | None = None, text: str | None = None
    ) -> str | None:
        """Store feedback on an answer; returns its id once it is committed, None if there is no such answer."""
        record = FeedbackRecord(
            id=uuid.uuid4().hex, created=datetime.now(UTC), prediction=prediction, verdict=verdict, movement=movement,
            text=text, reviewed=None, accepted=None,
        )  # fmt: skip
        with self._session.begin() as session:
            if session.get(PredictionRecord, prediction) is None:
                return None
            session.add(record)
        return record.id

    def get_feedback(self, feedback: str) -> FeedbackRecord | None:
        """One piece of feedback, or None."""
        with self._session() as session:
            return session.get(FeedbackRecord, feedback)

    def list_feedback(self, *, reviewed: bool | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Feedback with its answer, the oldest first.

        Args:
            reviewed: True for reviewed feedback only, False for the rest only; None for all.
            limit: largest number of rows.
        """
        query = select(FeedbackRecord, PredictionRecord).join(PredictionRecord).order_by(FeedbackRecord.created)
        if reviewed is not None:
            seen = FeedbackRecord.reviewed
            query = query.where(seen.is_not(None) if reviewed else seen.is_(None))
        with self._session() as session:
            return [_feedback_row(said, prediction) for said, prediction in session.execute(query.limit(limit))]

    def review(self, feedback: str, *, accepted: bool) -> bool:
        """Store a reviewer's decision; False if there is no such feedback."""
        with self._session.begin() as session:
            found = session.get(FeedbackRecord, feedback)
            if found is None:
                return False
            found.reviewed, found.accepted = datetime.now(UTC), accepted
        return True

    def delete(self, prediction: str) -> bool:
        """Delete an answer with its feedback and picture; False if there is none."""
        with self._session.begin() as session:
            found = session.get(PredictionRecord, prediction)
            if found is None:
                return False
            self._delete(session, [found])
        return True

    def delete_expired(self, days: int) -> int:
        """Delete answers older than this many days; returns how many."""
        before = datetime.now(UTC) - timedelta(days=days)
        with self._session.begin() as session:
            old = list(session.scalars(select(PredictionRecord).where(PredictionRecord.created < before)))
            self._delete(session, old)
        return len(old)

    def _delete(self, session: Session, old: list[PredictionRecord]) -> None:
        ids = [one.id for one in old]
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            session.execute(delete(FeedbackRecord).where(FeedbackRecord.prediction.in_(part)))
            session.execute(delete(PredictionRecord).where(PredictionRecord.id.in_(part)))
        if self._images is None:
            return
        for image in {one.image for one in old if one.image}:
            # Another answer may be about the same picture.
            if session.scalar(select(PredictionRecord.id).where(PredictionRecord.image == image).limit(1)) is None:
                (self._images / image).unlink(missing_ok=True)


def upgrade(engine: Engine) -> None:
    """Make the tables, or bring them up to date."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _prepare_sqlite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    # Readers do not block writers, and commits survive a kill and a power cut.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _feedback_row(said: FeedbackRecord, prediction: PredictionRecord) -> dict[str, Any]:
    about = {name: getattr(prediction, name) for name in ("id", "image_sha256", "image", "answer")}
    row = {name: getattr(said, name) for name in ("id", "verdict", "movement", "text", "accepted")}
    return {**row, "created": said.created.isoformat(), "prediction": about}
