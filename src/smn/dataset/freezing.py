"""Makes sure that a split which must not change has not changed."""

from typing import Any

from smn.dataset.leakage import find_leakage
from smn.errors import LeakageError
from smn.manifest import HASHED, Manifest


def check_frozen(old: Manifest, grown: Manifest) -> None:
    """Make sure that growth has left the splits of the old rows alone, and has put no artist into two splits.

    Args:
        old: the manifest before.
        grown: the manifest after.

    Raises:
        LeakageError: a row that had a split has lost it, or has another picture, label or split; or test has a row
            that it had not; or an artist or a file stands in two splits that did not before.
    """
    before, after = ({row for row in _hashed(manifest) if row[3]} for manifest in (old, grown))
    changed = sorted(before - after)
    intruders = sorted(row for row in after - before if row[3] == "test")
    if changed or intruders:
        first = (changed or intruders)[0]
        raise LeakageError(
            f"{len(changed)} rows would lose their split, picture or label and {len(intruders)} would come into test, "
            f"such as {first[0]}; nothing was written. This is an error of smn: report it with the command.",
            evidence=(changed, intruders),
        )
    if not before:
        return
    known = {(shared.kind, shared.value) for shared in find_leakage(old).leaks}
    leaks = [shared for shared in find_leakage(grown).leaks if (shared.kind, shared.value) not in known]
    if leaks:
        raise LeakageError(
            f"{len(leaks)} artists or files would come to stand in two splits, such as {leaks[0].value}; nothing was "
            "written. This is an error of smn: report it with the command.",
            evidence=leaks,
        )


def _hashed(manifest: Manifest) -> list[tuple[Any, ...]]:
    return list(zip(*(manifest.column(name) for name in HASHED), strict=True))
