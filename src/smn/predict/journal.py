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
        InputError: ``OUT.partial`` belongs to a job with other settings.
    """

    def __init__(self, out: Path, settings: Mapping[str, Any]) -> None:
        if out.exists():
            raise OutputExistsError(out)
        self.out, self.file = out, out.with_name(out.name + ".partial")
        self.done: set[str] = set()
        if self.file.exists():
            self._continue(settings)
        else:
            out.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(json.dumps(settings) + "\n", encoding="utf-8")

    def _continue(self, settings: Mapping[str, Any]) -> None:
        data = self.file.read_bytes()
        # A line that a kill cut short is dropped; its picture is answered again.
        whole = data[: data.rfind(b"\n") + 1]
        with self.file.open("r+b") as stream:
            stream.truncate(len(whole))
        lines = whole.decode("utf-8").splitlines()
        known = json.loads(lines[0]) if lines else None
        if known != dict(settings):
            raise InputError(
                f"{self.file} holds an unfinished job with other settings ({known}); "
                "finish it with those, or move the file away."
            )
        self.done = {json.loads(line)["path"] for line in lines[1:]}

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
        """Write the output in its form, all of it or nothing, and remove the journal."""
        unfinished = self.out.with_name(self.out.name + ".writing")
        write_rows(self.rows(), unfinished, form, top_k=top_k)
        os.replace(unfinished, self.out)
        self.file.unlink()
