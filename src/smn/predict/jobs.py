"""Answers for any number of pictures: which pictures are meant, a stream of answers, and jobs that can be resumed."""

import glob
import hashlib
import json
import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.bundle.row_reader import Failure, choose_threads, map_ahead
from smn.errors import FetchError, ImageError, InputError, OutputExistsError
from smn.files import write_partial
from smn.images import SUFFIXES, Picture, is_address, picture_name
from smn.images.rectify import Found
from smn.predict.formats import Format, json_line, write_rows
from smn.predict.model import Model
from smn.predict.prediction import Prediction, failed

_ESCAPED = re.compile(r"\\udc([89a-f][0-9a-f])")


@dataclass(frozen=True)
class Input:
    """One picture to answer for.

    Args:
        path: as it is shown; None where it has none.
        source: the picture, or a function that gives its bytes.
        extra: further keys of the picture's row, such as ``columns``: the other columns of the list that named it.
    """

    path: str | None
    source: Picture | Callable[[], bytes]
    extra: Mapping[str, Any] = field(default_factory=dict)


def row_keys(item: Input) -> dict[str, Any]:
    """The further keys of a picture's row: its ``extra``, and the ``sha256`` of a file, by which changes are found."""
    known = dict(item.extra)
    if "sha256" not in known and isinstance(item.source, Path) and item.source.is_file():
        known["sha256"] = hash_file(item.source)
    return known


def hash_file(file: Path) -> str:
    """The SHA-256 of what a file holds, 64 hex digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def find_inputs(
    names: Iterable[str],
    *,
    stdin: bytes | None = None,
    strict: bool = True,
    hidden: list[Path] | None = None,
    others: list[Path] | None = None,
) -> tuple[Input, ...]:
    """The pictures that names stand for, without repeats.

    A name is a file, a folder (searched with all its sub-folders for picture endings, hidden ones left out), a pattern
    such as ``'scans/**/*.jpg'``, an http(s) address, or ``-``: then ``stdin`` is either a picture or a list of names,
    one a line. A file that is not there is kept, so that it becomes a row with a reason.

    Args:
        names: files, folders, patterns or ``-``.
        stdin: what standard input holds.
        strict: whether a folder that is not there and a pattern without hits are errors; else they are kept, too.
        hidden: a list to which pictures and folders are added that were left out because of the dot in their name.
        others: a list to which files of folders are added that were left out because they do not end as pictures do.

    Raises:
        InputError: ``strict``, and there is no such folder, or nothing matches a pattern.
    """
    found: dict[str | None, Input] = {}
    hidden, others = ([] if one is None else one for one in (hidden, others))
    for name in names:
        if name == "-":
            for item in _from_stdin(stdin or b"", hidden, others):
                found.setdefault(item.path, item)
            continue
        if is_address(name):
            found.setdefault(name, Input(name, name))
            continue
        for path in _paths(name, hidden, others, strict=strict):
            found.setdefault(show_path(path), Input(show_path(path), path))
    return tuple(found.values())


def _from_stdin(data: bytes, hidden: list[Path], others: list[Path]) -> tuple[Input, ...]:
    # Encoded pictures hold zero bytes, except for PPM. No name does; and names need not be UTF-8.
    if b"\0" in data or data.startswith((b"P5\n", b"P6\n")) or not data.strip():
        return (Input("-", data),)
    lines = (os.fsdecode(line.removesuffix(b"\r")) for line in data.split(b"\n"))
    names = (line for line in lines if line.strip() and line != "-")
    return find_inputs(names, strict=False, hidden=hidden, others=others)


def _paths(name: str, hidden: list[Path], others: list[Path], *, strict: bool) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        return list(_walk(path, hidden, others))
    if path.exists() or not (glob.has_magic(name) or strict):
        return [path]
    # glob.glob, because a pattern may be absolute, which Path.glob refuses.
    matches = [Path(match) for match in sorted(glob.glob(name, recursive=True))]  # noqa: PTH207
    found = [match for match in matches if match.is_file()]
    if strict and not found and glob.has_magic(name):
        raise InputError(f"The pattern {name!r} matches no file; check it, and put it in quotes.")
    if strict and not found and path.suffix.lower() not in SUFFIXES:
        raise InputError(f"There is no file or folder {name!r}; check the path.{_suggest(path)}")
    return found or [path]


def _suggest(path: Path) -> str:
    beside = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, beside, n=1)
    return f" Did you mean {path.parent / near[0]}?" if near else ""


def _walk(folder: Path, hidden: list[Path], others: list[Path]) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        hidden.extend(Path(at) / name for name in folders if name.startswith("."))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in sorted(files):
            if Path(file).suffix.lower() not in SUFFIXES:
                others.extend([] if file.startswith(".") else [Path(at) / file])
            elif file.startswith("."):
                hidden.append(Path(at) / file)
            else:
                yield Path(at) / file


def show_path(path: Path) -> str:
    """The path as text that can be written anywhere, and differs for any two files, be their names Unicode or not."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def locate(path: str) -> Path:
    """The file that `show_path` has written; names that are not Unicode are found, too."""
    plain = Path(path)
    return plain if plain.exists() else Path(_ESCAPED.sub(lambda match: chr(0xDC00 + int(match[1], 16)), path))


def predict_each(
    model: Model,
    pictures: Iterable[Picture] | str | os.PathLike[str],
    *,
    top_k: int,
    coverage: float | None,
    batch_size: int,
    progress: bool,
) -> Iterator[Prediction]:
    """What `Model.predict_many` does."""
    if top_k < 1 or batch_size < 1:
        raise InputError(f"top_k is {top_k} and batch_size is {batch_size}; both must be 1 or more.")
    if coverage is not None:
        model.bundle.require_policy("coverage").sets.choose(coverage)
    if isinstance(pictures, str | os.PathLike):
        found = find_inputs([os.fspath(pictures)])
        inputs: Iterable[Input] = found
        total: int | None = len(found)
    else:
        inputs = (Input(picture_name(one), one) for one in pictures)
        total = len(pictures) if isinstance(pictures, Sized) else None
    answers = predict_stream(model, inputs, top_k=top_k, batch_size=batch_size, coverage=coverage)
    if not progress:
        return answers
    from rich.console import Console
    from rich.progress import track

    return iter(track(answers, "pictures", total=total, console=Console(stderr=True)))


def predict_stream(
    model: Model,
    inputs: Iterable[Input],
    *,
    top_k: int = 3,
    batch_size: int = 1,
    coverage: float | None = None,
    workers: int | None = None,
) -> Iterator[Prediction]:
    """Answer for each picture, in order; one that cannot be read gets an answer with the reason.

    Several batches are decoded and answered at the same time, each in a thread of its own. So none of the processors
    waits while a picture is decoded, or for the small operations of a network that one thread does as fast as many.

    Args:
        model: who answers.
        inputs: the pictures, taken as they are needed.
        top_k: how many guesses to list, 1 or more.
        batch_size: pictures that the network sees at once; on a CPU more cost memory and save nothing.
        coverage: with what probability each answer's set should hold the right movement; None for no sets.
        workers: how many batches at the same time; None for `choose_threads`. As many wait to be taken.
    """
    waiting = iter(inputs)
    batches = iter(lambda: tuple(islice(waiting, batch_size)), ())
    workers = workers or choose_threads()
    answer = partial(_answer, model, top_k=top_k, coverage=coverage)
    for answers in map_ahead(answer, batches, ahead=workers, threads=workers):
        yield from answers


def _answer(model: Model, batch: Sequence[Input], *, top_k: int, coverage: float | None) -> list[Prediction]:
    answers = []
    for one in model.runtime.run_batches((_preprocess(model, item) for item in batch), batch_size=len(batch)):
        if isinstance(one, Failure):
            answers.append(failed(one.id, one.reason, model=model.name))
        else:
            outputs, (path, pixels, found) = one
            answers += model.to_predictions(
                outputs, [path], found=[found], top_k=top_k, coverage=coverage, batch=pixels[None]
            )
    return answers


def _preprocess(
    model: Model, item: Input
) -> tuple[NDArray[np.float32], tuple[str | None, NDArray[np.float32], Found | None]] | Failure:
    try:
        pixels, found = model.preprocess(item.source() if callable(item.source) else item.source)
    except (ImageError, FetchError) as error:
        return Failure(item.path, error.reason)
    return pixels, (item.path, pixels, found)


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

    def add(
        self,
        predictions: Iterable[Prediction],
        *,
        extra: Callable[[str | None], Mapping[str, Any]] = lambda path: {},  # noqa: ARG005 - a path has none
        flush_every: int = 32,
    ) -> Generator[Prediction, None, None]:
        """Write answers as they pass by; ``extra`` gives further keys of a row by its path."""
        with self.file.open("a", encoding="utf-8") as stream:
            for count, prediction in enumerate(predictions, start=1):
                stream.write(json_line({**prediction.to_dict(), **extra(prediction.path)}) + "\n")
                if count % flush_every == 0:
                    stream.flush()
                yield prediction

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every answer so far."""
        with self.file.open(encoding="utf-8") as stream:
            next(stream)
            for line in stream:
                yield json.loads(line)

    def finish(self, form: Format, *, top_k: int, columns: Sequence[str] = ()) -> None:
        """Write the output in its form, all of it or nothing, and remove the journal.

        ``columns`` are the names of the columns that lists of pictures brought along.

        Raises:
            OutputExistsError: something else has written the output meanwhile; the journal is kept.
        """
        with write_partial(self.out) as partial:
            write_rows(self.rows(), partial, form, top_k=top_k, columns=columns)
            if self.out.exists():
                raise OutputExistsError(self.out)
        self.file.unlink()
