"""The exception tree.

SmnError
├── InputError               an invalid argument, file or option
│   ├── UnknownNameError     a name that is in no registry, taxonomy or list
│   ├── ImageError           one picture cannot be read; carries its path and the reason
│   │   ├── ImageTooLargeError
│   │   ├── ImageTooSmallError
│   │   ├── ImageTruncatedError
│   │   └── ImageTypeError   a file is not of a supported type
│   ├── ManifestError        a table of pictures does not fit its schema
│   ├── TaxonomyError        a taxonomy file is invalid
│   ├── RecipeError          a recipe has problems, all of them listed
│   ├── LadderError          a ladder has problems, all of them listed
│   ├── SweepError           a sweep file has problems, all of them listed
│   ├── DecisionsError       a decisions file has problems, all of them listed
│   ├── BundleError          a model bundle is incomplete or damaged
│   ├── SimilarError         an index of works is damaged, or another model made it
│   └── OutputExistsError    writing would overwrite a user's file
├── LeakageError             the same artist or picture is in two splits
├── FetchError               a download failed
├── ServiceError             an smn service rejected a request, or could not be reached
├── GenerationError          a language model could not be reached, or its output is unusable
├── AgreementError           two runtimes disagree on the same picture
└── MissingExtraError        an optional dependency is not installed

Every message is one sentence or two: what is wrong, with the value, what is allowed, and what to do.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class SmnError(Exception):
    """Base class of all errors that smn raises."""


class InputError(SmnError):
    """An argument, file or option is invalid."""


class UnknownNameError(InputError):
    """A name that smn does not know.

    Args:
        kind: what was asked for, such as ``"movement"``.
        value: the name as given.
        allowed: every name that would have worked.
    """

    def __init__(self, kind: str, value: str, allowed: Iterable[str]) -> None:
        self.kind, self.value, self.allowed = kind, value, tuple(allowed)
        near = get_close_matches(value.casefold(), self.allowed, n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"There is no {kind} {value!r}.{hint} Choose one of: {', '.join(self.allowed)}.")


class ImageError(InputError):
    """One picture cannot be read.

    Args:
        reason: what is wrong and what to do, one sentence.
        path: the picture's file, if it has one.
    """

    def __init__(self, reason: str, *, path: str | Path | None = None) -> None:
        self.reason, self.path = reason, path
        super().__init__(reason if path is None else f"{path}: {reason}")


class ImageTooLargeError(ImageError):
    """A picture has more bytes or pixels than the limits allow."""


class ImageTooSmallError(ImageError):
    """A picture is too small or too thin for a prediction."""


class ImageTruncatedError(ImageError):
    """A picture ends before its data does."""


class ImageTypeError(ImageError):
    """A file is not a picture, or not of a supported type."""


class ManifestError(InputError):
    """A table of pictures does not fit the manifest's schema."""


class TaxonomyError(InputError):
    """A movements or taxonomy file is invalid."""


class RecipeError(InputError):
    """A recipe has problems.

    Args:
        name: the recipe's file or name.
        problems: every problem found, one sentence each.
    """

    def __init__(self, name: str, problems: Iterable[str]) -> None:
        self.name, self.problems = name, tuple(problems)
        super().__init__(f"Recipe {name} cannot be used: " + " ".join(self.problems))


class LadderError(InputError):
    """A ladder has problems.

    Args:
        name: the ladder's file.
        problems: every problem found, one sentence each.
    """

    def __init__(self, name: str, problems: Iterable[str]) -> None:
        self.name, self.problems = name, tuple(problems)
        super().__init__(f"Ladder {name} cannot be used: " + " ".join(self.problems))


class SweepError(InputError):
    """A sweep file has problems.

    Args:
        name: the file.
        problems: every problem found, one sentence each.
    """

    def __init__(self, name: str, problems: Iterable[str]) -> None:
        self.name, self.problems = name, tuple(problems)
        super().__init__(f"Sweep {name} cannot be used: " + " ".join(self.problems))


class DecisionsError(InputError):
    """A decisions file cannot be read.

    Args:
        path: the file.
        problems: every problem found, one sentence each, with the number of its line.
    """

    def __init__(self, path: Path, problems: Iterable[str]) -> None:
        self.path, self.problems = path, tuple(problems)
        super().__init__(f"{path} cannot be used: {' '.join(self.problems)}")


class BundleError(InputError):
    """A model bundle is incomplete, damaged or made for another version."""


class SimilarError(InputError):
    """An index of works is missing or damaged, or another model made it."""


class OutputExistsError(InputError):
    """Writing would overwrite an existing file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} already exists and smn overwrites nothing; choose another name or move it away.")


class LeakageError(SmnError):
    """The same artist, file or picture is in more than one split.

    Args:
        message: what leaks, the worst first, and what to do.
        evidence: all leaks, as the check returned them.
    """

    def __init__(self, message: str, *, evidence: object = None) -> None:
        self.evidence = evidence
        super().__init__(message)


class FetchError(SmnError):
    """A download failed.

    Args:
        reason: what is wrong and what to do, one sentence.
        address: the requested URL.
        status: the HTTP status, if there was an answer.
    """

    def __init__(self, reason: str, *, address: str, status: int | None = None) -> None:
        self.reason, self.address, self.status = reason, address, status
        super().__init__(f"{address}: {reason}")


class ServiceError(SmnError):
    """An smn service rejected a request, or could not be reached.

    Args:
        detail: the service's message, one sentence.
        status: the HTTP status, or None if there was no answer.
        request_id: the id to report to the service's operator, if there is one.
    """

    def __init__(self, detail: str, *, status: int | None = None, request_id: str | None = None) -> None:
        self.detail, self.status, self.request_id = detail, status, request_id
        super().__init__(detail)


class GenerationError(SmnError):
    """A language model could not be reached, or its output is unusable."""


class AgreementError(SmnError):
    """Torch and ONNX Runtime answer differently for the same picture."""


class MissingExtraError(SmnError):
    """An optional dependency is not installed.

    Args:
        extra: the extra's name, such as ``web``; the message ends with the line that installs it here.
        package: the package whose import failed.
    """

    def __init__(self, extra: str, package: str) -> None:
        # Imported here because reading metadata takes longer than starting smn.
        from smn.distribution import write_install_line

        self.extra, self.package = extra, package
        super().__init__(f"This needs {package}, which is not installed; run: {write_install_line(extra)}")
