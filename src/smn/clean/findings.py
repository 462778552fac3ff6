"""The findings: a table with one row a picture, every check's score, and which of them are below their threshold."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from smn.clean.check_thresholds import Thresholds, threshold_of
from smn.clean.checks import CHECKS, RETIRED, Scores, get_check
from smn.errors import InputError, MissingExtraError, OutputExistsError
from smn.files import write_partial
from smn.manifest import SPLITS, Manifest

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = 1
"""The version of the table's schema that this smn reads and writes."""

COLUMNS = ("id", "sha256", "movement", "artist", "title", "source", "split")
"""The manifest's columns that stand first in the table."""

_KEY = b"smn"


_PHRASES = {
    "of": "the same as {}",
    "where": "in {}",
    "suggestion": "suggests {}",
    "probability": "probability {}",
    "given": "the given one {}",
    "like": "most like {}",
    "deviations": "{} deviations from its movement",
    "how": "{}",
    "contradicts": "elsewhere labelled {}",
    "reason": "{}",
}


@dataclass(frozen=True)
class About:
    """The data, model and settings that findings were made with.

    Args:
        version: of smn.
        manifest: the manifest's file, absolute.
        data_hash: see `smn.manifest.Manifest.data_hash`.
        model: the bundle's name.
        model_sha256: of the bundle's graph.
        against: the held-out manifest's file, if there was one.
        negatives: the file of the manifest of pictures that are no paintings, if there was one.
        seed: of everything random.
        thresholds: see `smn.clean.check_thresholds`.
        unjudged: by check, why some or all rows have no score.
    """

    version: str
    manifest: str
    data_hash: str
    model: str
    model_sha256: str
    against: str | None
    negatives: str | None
    seed: int
    thresholds: Thresholds
    unjudged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Findings:
    """The table of findings and its metadata.

    Args:
        file: the Parquet file.
        table: columns `COLUMNS`; then for each check ``<check>_score`` (float32, 0 surely a fault .. 1 surely none,
            null where not scored), ``is_<check>_issue`` and ``<check>_<evidence>``; at last ``issues``, the names of
            the checks that found something.
        about: the metadata.
    """

    file: Path
    table: "pa.Table"
    about: About

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that were run, in the order of `smn.clean.checks.CHECKS`."""
        return checks_of(self.table)

    def column(self, name: str) -> list[Any]:
        """One column's values as a list."""
        values: list[Any] = self.table[name].to_pylist()
        return values

    def worst(self, check: str) -> list[int]:
        """Numbers of the rows in which a check found something, the lowest score first."""
        score = np.array(self.table[f"{check}_score"].to_numpy(), dtype=np.float64)
        rows = np.flatnonzero(self.table[f"is_{check}_issue"].to_numpy())
        return [int(row) for row in rows[np.argsort(score[rows], kind="stable")]]


@dataclass(frozen=True)
class Finding:
    """One check's finding about one picture.

    Args:
        row: of the findings table.
        check: its name.
        score: 0, surely a fault, up to the check's threshold.
        evidence: the check's other columns, by what follows the check's name: the same picture's id ``of`` and place
            ``where``, a movement as ``suggestion`` with its ``probability`` and that of the ``given`` one, ``reason``,
            numbers.
    """

    row: int
    check: str
    score: float
    evidence: Mapping[str, Any]

    @property
    def is_outside(self) -> bool:
        """Whether the copy it names is in another manifest: ``where`` is no split of this one."""
        return self.evidence.get("where", SPLITS[0]) not in SPLITS

    def describe(self) -> str:
        """The evidence as part of a sentence; empty where there is none."""
        return ", ".join(_phrases(self.evidence))


def build_table(manifest: Manifest, scores: Mapping[str, Scores], *, thresholds: Thresholds) -> "pa.Table":
    """The table of findings.

    Args:
        manifest: N rows.
        scores: of the N rows, by check.
        thresholds: from `smn.clean.check_thresholds.resolve_thresholds`.
    """
    import pyarrow as pa

    columns: dict[str, Any] = {name: manifest.table[name] for name in COLUMNS}
    for name in CHECKS:
        if name in scores:
            columns[f"{name}_score"] = pa.array(np.asarray(scores[name].score, dtype=np.float32), from_pandas=True)
            columns[f"is_{name}_issue"] = pa.array([False] * len(manifest), pa.bool_())
            for evidence, values in scores[name].evidence.items():
                columns[f"{name}_{evidence}"] = pa.array(values, from_pandas=True)
    return apply_thresholds(pa.table(columns), thresholds)


def apply_thresholds(table: "pa.Table", thresholds: Thresholds) -> "pa.Table":
    """The same scores with other thresholds: the columns ``is_<check>_issue`` and ``issues`` are computed again.

    Args:
        table: with the columns of `Findings`.
        thresholds: one for each check at least.
    """
    import pyarrow as pa

    movements = table["movement"].to_pylist()
    issues: list[list[str]] = [[] for _ in movements]
    for name in checks_of(table):
        score = table[f"{name}_score"].to_numpy().astype(np.float64)
        found = score < np.array([threshold_of(thresholds, name, movement) for movement in movements])
        column = f"is_{name}_issue"
        table = table.set_column(table.column_names.index(column), column, pa.array(found, pa.bool_()))
        for row in np.flatnonzero(found):
            issues[row].append(name)
    values = pa.array(issues, pa.list_(pa.string()))
    if "issues" in table.column_names:
        return table.set_column(table.column_names.index("issues"), "issues", values)
    return table.append_column("issues", values)


def checks_of(table: "pa.Table") -> tuple[str, ...]:
    """The checks whose scores stand in a table."""
    return tuple(name for name in CHECKS if f"{name}_score" in table.column_names)


def write_findings(findings: Findings, *, replace: bool = False) -> Path:
    """Write findings to their file, atomically.

    Args:
        findings: what to write, and where.
        replace: permit replacing findings of the same data.

    Raises:
        OutputExistsError: the file exists and ``replace`` is not set.
    """
    from pyarrow import parquet

    file = findings.file
    if file.exists() and not replace:
        raise OutputExistsError(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    about = json.dumps({"schema": SCHEMA, **asdict(findings.about)}, ensure_ascii=False)
    table = findings.table.replace_schema_metadata({_KEY: about.encode()})
    with write_partial(file) as partial:
        parquet.write_table(table, partial, compression="zstd")
    return file


def read_findings(path: str | Path) -> Findings:
    """Read findings from their file or their folder. Checks of earlier versions, `RETIRED`, are left out.

    Raises:
        InputError: there are none, or the file is something else.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("data", "pyarrow") from error
    path = Path(path)
    file = path / "findings.parquet" if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"There are no findings at {file}; make them with: smn clean check MANIFEST --out {path}")
    try:
        table = parquet.read_table(file)
        data = json.loads((table.schema.metadata or {})[_KEY])
        if data.pop("schema") != SCHEMA:
            raise InputError(f"{file} has another layout than this smn reads ({SCHEMA}); check the manifest anew.")
        about = About(**data)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file} does not hold findings of smn ({error!r}); check the manifest anew.") from error
    table = _without_retired(table)
    missing = [name for name in (*COLUMNS, "issues") if name not in table.column_names]
    missing += [f"is_{name}_issue" for name in checks_of(table) if f"is_{name}_issue" not in table.column_names]
    if missing:
        raise InputError(f"{file} lacks the columns {', '.join(missing)}; check the manifest anew.")
    return Findings(file, table.replace_schema_metadata(None), about)


def _without_retired(table: "pa.Table") -> "pa.Table":
    """The table without the columns of retired checks, and without their names in ``issues``."""
    import pyarrow as pa

    columns = [
        name
        for name in table.column_names
        if any(name.startswith(f"{check}_") or name == f"is_{check}_issue" for check in RETIRED)
    ]
    if not columns or "issues" not in table.column_names:
        return table.drop_columns(columns)
    issues = [[name for name in names if name not in RETIRED] for names in table["issues"].to_pylist()]
    at = table.column_names.index("issues")
    return table.set_column(at, "issues", pa.array(issues, pa.list_(pa.string()))).drop_columns(columns)


def list_findings(
    findings: Findings, *, checks: Sequence[str] | None = None, below: float | None = None, limit: int | None = None
) -> dict[str, list[Finding]]:
    """The findings of each check, the worst first.

    Args:
        findings: from `smn.clean.findings.read_findings`.
        checks: only these; None is every check that was run.
        below: only scores below this, 0..1.
        limit: at most so many of each check.

    Returns:
        By check, in the order of `smn.clean.checks.CHECKS`; checks that found nothing are left out.

    Raises:
        UnknownNameError: there is no such check.
        InputError: such a check was not run, or ``below`` is no score.
    """
    if below is not None and not 0 <= below <= 1:
        raise InputError(f"--below {below} is no score; choose a number from 0 to 1.")
    wanted = [get_check(name).name for name in checks] if checks is not None else list(findings.checks)
    absent = [name for name in wanted if name not in findings.checks]
    if absent:
        raise InputError(
            f"{findings.file} holds no scores of {', '.join(absent)}; it has {', '.join(findings.checks) or 'none'}."
        )
    listed = {name: _of_check(findings, name, below, limit) for name in findings.checks if name in wanted}
    return {name: found for name, found in listed.items() if found}


def split_names(text: str | None) -> list[str] | None:
    """Names of checks as the command line has them, separated by commas; None stays None.

    Raises:
        UnknownNameError: there is no such check.
    """
    if text is None:
        return None
    names = [name.strip().replace("-", "_") for name in text.split(",") if name.strip()]
    return [get_check(name).name for name in names]


def _of_check(findings: Findings, check: str, below: float | None, limit: int | None) -> list[Finding]:
    score = findings.column(f"{check}_score")
    rows = [row for row in findings.worst(check) if below is None or score[row] < below][:limit]
    own = {f"is_{check}_issue", f"{check}_score"}
    names = [name for name in findings.table.column_names if name.startswith(f"{check}_") and name not in own]
    columns = {name.removeprefix(f"{check}_"): findings.column(name) for name in names}
    found = []
    for row in rows:
        evidence = {name: values[row] for name, values in columns.items() if values[row] is not None}
        found.append(Finding(row, check, float(score[row]), evidence))
    return found


def _phrases(evidence: Mapping[str, Any]) -> Iterator[str]:
    for name, value in evidence.items():
        if name == "group":  # an id for programs
            continue
        text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        if name in _PHRASES:
            yield _PHRASES[name].format(text)
        else:
            yield f"{name.replace('_', ' ')} {text}"
