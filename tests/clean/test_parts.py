"""What has been measured, on disk."""

from pathlib import Path

import numpy as np

from smn.clean.parts import Look, blank_part, make_part, read_parts, write_part


def look(number: int) -> Look:
    return Look(
        sha256=f"{number:064x}",
        pixels=f"{number:032x}",
        hashes=np.arange(4, dtype=np.uint64) + np.uint64(2**63),
        values=np.array([0.5, np.nan], np.float32),
        logits=np.array([1, 2, 3], np.float32),
        painting=0.25,
        embedding=np.array([1.5, -2], np.float16),
    )


def test_parts_come_back_as_they_were_written(tmp_path: Path) -> None:
    write_part(tmp_path, make_part([look(1), look(2)]))
    write_part(tmp_path, make_part([look(3)]))
    parts = list(read_parts(tmp_path))
    assert sorted(len(part.sha256) for part in parts) == [1, 2]
    pair = next(part for part in parts if len(part.sha256) == 2)
    assert pair.sha256.tolist() == [f"{number:064x}".encode() for number in (1, 2)]
    assert pair.hashes[0, 0] == 2**63
    assert pair.values.shape == (2, 2)
    assert pair.embedding.dtype == np.float16
    assert not list(tmp_path.glob("*.partial"))


def test_a_damaged_part_is_passed_over(tmp_path: Path) -> None:
    whole, cut = write_part(tmp_path, make_part([look(1)])), write_part(tmp_path, make_part([look(2)]))
    cut.write_bytes(cut.read_bytes()[:200])
    (tmp_path / "empty.npz").touch()
    (tmp_path / "begun.1.partial").write_bytes(b"PK")
    assert [part.sha256[0] for part in read_parts(tmp_path)] == [f"{1:064x}".encode()]
    assert whole.exists()


def test_a_blank_part_has_the_shapes_of_the_others() -> None:
    part = blank_part(values=5, labels=3)
    assert (part.values.shape, part.logits.shape, part.hashes.shape) == ((0, 5), (0, 3), (0, 4))
    assert not list(read_parts(Path("nowhere")))
