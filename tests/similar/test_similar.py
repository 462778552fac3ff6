import shutil
from pathlib import Path

import numpy as np
import pytest

import smn
from smn.bundle import Bundle, read_bundle
from smn.errors import InputError, OutputExistsError, SimilarError
from smn.examples import paint
from smn.similar import DEFAULT_INDEX, find_similar, read_index
from smn.similar.index import place_picture
from smn.similar.index_building import add_works, arrange, build_index, draw_map, remove_works


def unit(count: int, length: int = 32, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(count, length)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def test_the_index_in_the_package_is_of_the_model_in_the_package_and_holds_no_pictures() -> None:
    index, model = read_index(), smn.load()
    assert index.model_sha256 == model.bundle.embedding_id == read_bundle("fast").model_sha256
    assert len(index) == len(index.vectors) > 2500
    assert index.places is not None
    assert index.places.shape == (len(index), 2)
    works = [index.work(place) for place in range(len(index))]
    named = [work.wikidata_id for work in works if work.wikidata_id]
    assert len(set(named)) == len(named) > 2000
    assert {file.suffix for file in DEFAULT_INDEX.iterdir()} == {".json", ".npy", ".npz", ".gz"}
    assert sum(file.stat().st_size for file in DEFAULT_INDEX.iterdir()) <= 6_000_000


def test_a_picture_finds_works_most_alike_first() -> None:
    found = find_similar(smn.load(), paint("impressionism", seed=0), top_k=5)
    assert len(found) == 5
    alike = [round(one.similarity, 2) for one in found]
    assert alike == sorted(alike, reverse=True)
    assert set(found[0].to_dict()) >= {"title", "artist", "thumbnail", "attribution", "page", "similarity"}
    with pytest.raises(InputError, match="top_k is 0; it must be 1 or more"):
        find_similar(smn.load(), paint("impressionism", seed=0), top_k=0)


@pytest.fixture
def painted(tmp_path: Path, make_painted_set) -> Path:  # type: ignore[no-untyped-def]
    return make_painted_set(tmp_path / "painted", splits={"train": 4})  # type: ignore[no-any-return]


def test_an_index_of_ones_own_finds_the_picture_itself(painted: Path, tmp_path: Path, tiny_bundle: Bundle) -> None:
    from smn.manifest import read_manifest

    told: list[tuple[str, int, int]] = []
    count, failures = build_index(
        [painted], tmp_path / "index", bundle=tiny_bundle, on_progress=lambda *one: told.append(one)
    )
    index, model, manifest = read_index(tmp_path / "index"), smn.load(tiny_bundle.folder), read_manifest(painted)
    assert (count, failures, len(index)) == (len(manifest), [], len(manifest))
    assert told[-1] == ("works", count, count)
    for row in (0, count - 1):
        found = find_similar(model, manifest.picture(row), index=index, top_k=1)
        assert found[0].work.id == manifest.column("id")[row]
        assert found[0].similarity > 0.99
    assert not (tmp_path / ".index.features").exists()
    assert index.hashes is not None
    assert index.hashes.shape == (count, 4)
    with pytest.raises(OutputExistsError):
        build_index([painted], tmp_path / "index", bundle=tiny_bundle)


def test_an_interrupted_build_continues(painted: Path, tmp_path: Path, tiny_bundle: Bundle) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index([painted], tmp_path / "index", bundle=tiny_bundle, on_progress=stop)
    assert not (tmp_path / "index").exists()
    seen: list[int] = []
    count, _ = build_index(
        [painted], tmp_path / "index", bundle=tiny_bundle, on_progress=lambda *one: seen.append(one[1])
    )
    assert seen[0] == 7
    build_index([painted], tmp_path / "whole", bundle=tiny_bundle)
    np.testing.assert_array_equal(read_index(tmp_path / "index").vectors, read_index(tmp_path / "whole").vectors)
    assert count == len(read_index(tmp_path / "whole"))


def test_a_picture_that_cannot_be_read_is_left_out(painted: Path, tmp_path: Path, tiny_bundle: Bundle) -> None:
    from smn.manifest import read_manifest

    manifest = read_manifest(painted)
    Path(str(manifest.picture(1))).write_bytes(b"nothing")
    count, failures = build_index([painted, painted], tmp_path / "index", bundle=tiny_bundle)
    assert count == len(manifest) - 1  # named twice, taken once
    assert [failure.id for failure in failures] == [manifest.column("id")[1]]
    with pytest.raises(InputError, match="are left; name a manifest with pictures"):
        build_index([painted], tmp_path / "none", bundle=tiny_bundle, known="wikidata_id")


def test_works_are_removed_and_added_again(painted: Path, tmp_path: Path, tiny_bundle: Bundle) -> None:
    folder = tmp_path / "index"
    count, _ = build_index([painted], folder, bundle=tiny_bundle)
    before = read_index(folder)
    gone = [before.work(place).id for place in (0, count - 1)]
    assert remove_works(folder, gone, bundle=tiny_bundle) == len(read_index(folder)) == count - 2
    with pytest.raises(InputError, match="has no work 'nothing'; list its works with: smn index show"):
        remove_works(folder, ["nothing"], bundle=tiny_bundle)
    assert add_works([painted], folder, bundle=tiny_bundle) == (2, [])
    after = read_index(folder)
    assert {after.work(place).id for place in range(count)} == {before.work(place).id for place in range(count)}
    assert {path.name for path in tmp_path.iterdir()} - {"tiny-bundle"} == {"index", "painted"}
    with pytest.raises(SimilarError, match="was made by the model tiny-1, not by"):
        add_works([painted], folder, bundle=smn.load().bundle)


def test_another_models_index_is_refused(tiny_bundle: Bundle) -> None:
    with pytest.raises(SimilarError, match=r"was made by the model fast-\d, but tiny-1 is asked.*smn index build"):
        find_similar(smn.load(tiny_bundle.folder), paint("cubism", seed=0))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "index.json").unlink(), "There is no index in .* make one with: smn index build"),
        (lambda folder: (folder / "index.json").write_text("{}"), "lacks one of schema"),
        (lambda folder: (folder / "index.json").write_text("no"), "cannot be read .* build the index anew"),
        (lambda folder: (folder / "vectors.npy").write_bytes(b"no"), r"vectors\.npy cannot be read .* anew"),
        (lambda folder: (folder / "works.jsonl.gz").write_bytes(b"no"), r"works\.jsonl\.gz cannot be read .* anew"),
    ],
)
def test_a_damaged_index_is_said(damage, said: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    shutil.copytree(DEFAULT_INDEX, tmp_path / "index")
    damage(tmp_path / "index")
    with pytest.raises(SimilarError, match=said):
        find_similar(smn.load(), paint("cubism", seed=0), index=read_index(tmp_path / "index"))


def test_works_that_look_alike_stand_near_each_other() -> None:
    one, other = unit(1)[0], unit(1, seed=9)[0]
    draw = np.random.default_rng(0)
    vectors = np.concatenate([centre + 0.05 * draw.normal(size=(20, 32)) for centre in (one, other)]).astype(np.float32)
    places = arrange(vectors)
    assert places.min() >= 0
    assert places.max() <= 1
    within = np.linalg.norm(places[:20] - places[:20].mean(0), axis=1).mean()
    between = np.linalg.norm(places[:20].mean(0) - places[20:].mean(0))
    assert within < between
    assert arrange(vectors[:3]).shape == (3, 2)


def test_the_map_is_drawn_with_the_picture_on_it(tmp_path: Path) -> None:
    index, model = read_index(), smn.load()
    place = 17
    x, y = place_picture(index, model.analyze(paint("cubism", seed=0)).embedding)
    assert 0 <= x <= 1
    assert 0 <= y <= 1
    assert index.places is not None
    assert place < len(index.places)
    draw_map(index, tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 20_000
    with pytest.raises(OutputExistsError):
        draw_map(index, tmp_path / "map.png")
    shutil.copytree(DEFAULT_INDEX, tmp_path / "index")
    (tmp_path / "index" / "places.npy").unlink()
    with pytest.raises(SimilarError, match="has no map"):
        draw_map(read_index(tmp_path / "index"), tmp_path / "none.png")
