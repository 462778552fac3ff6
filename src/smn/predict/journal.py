"""Keeps finished answers beside the output file, so that an interrupted job continues where it was."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from smn.errors import InputError, OutputExistsError
from smn.predict.formats import Format, json_line, write_rows
from smn.predict.prediction import Prediction


class Journal:
    """The answers of one job, one line of JSON each, in ``OUT.partial`` until the job is finished.

    Args:
        out: the file that the job will write.
        settings: what decides the answers (model, taxonomy, top_k); a journal of other settings is not continued.

    Raises:
        OutputExistsError: ``out`` is there already.
        InputError: ``OUT.partial`` belongs to a job with other settings or is no journal, or ``out`` cannot be written.
    """

    def __init__(self, out: Path, settings: Mapping[str, Any]) -> None:
        if out.exists():
            raise OutputExistsError(out)
        self.out, self.file = out, out.with_name(out.name + ".partial")
        self.done: set[str] = set()
        try:
            if self.file.exists() and self.file.stat().st_size:
                self._continue(settings)
            else:
                out.parent.mkdir(parents=True, exist_ok=True)
                self.file.write_text(json.dumps(settings) + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError(f"{out} cannot be written ({error.strerror or error}); name another place.") from error

    def _continue(self, settings: Mapping[str, Any]) -> None:
        data = self.file.read_bytes()
        # A line that a kill cut short is dropped; its picture is answered again.
        whole = data[: data.rfind(b"\n") + 1]
        try:
            # Lines end in \n alone: str.splitlines would also split at a separator inside a file's name.
            known, *rows = [json.loads(line) for line in whole.split(b"\n")[:-1]]
            done = {row["path"] for row in rows}
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"{self.file} is not an unfinished job of smn's; move it away.") from error
        if known != dict(settings):
            raise InputError(
                f"{self.file} holds an unfinished job with other settings ({known}); "
                "finish it with those, or move the file away."
            )
        # Only now is the file known to be a journal, and ours to change.
        with self.file.open("r+b") as stream:
            stream.truncate(len(whole))
        self.done = done

    def add(self, predictions: Iterable[Prediction], *, flush_every: int = 32) -> Iterator[Prediction]:
        """Write answers as they pass by."""
        with self.file.open("a", encoding="utf-8") as stream:
            for count, prediction in enumerate(predictions, start=1):
                stream.write(json_line(prediction.to_dict()) + "\n")
                if count % flush_every == 0:
                    stream.flush()
                yield prediction

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every answer so far."""
        with self.file.open(encoding="utf-8") as stream:
            next(stream)
            for line in stream:
                yield json.loads(line)

    def finish(self, form: Format, *, top_k: int) -> None:
        """Write the output in its form, all of it or nothing, and remove the journal.

        Raises:
            OutputExistsError: something else has written the output meanwhile; the journal is kept.
        """
        unfinished = self.out.with_name(self.out.name + ".writing")
        write_rows(self.rows(), unfinished, form, top_k=top_k)
        if self.out.exists():
            unfinished.unlink()
            raise OutputExistsError(self.out)
        os.replace(unfinished, self.out)
        self.file.unlink()
