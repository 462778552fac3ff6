import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from made_index import make_index
from smn.errors import SimilarError
from smn.works import DEFAULT_INDEX, Work, parse_work, read_index


def test_a_work_at_commons_has_a_thumbnail_a_page_and_an_attribution() -> None:
    address = "http://commons.wikimedia.org/wiki/Special:FilePath/A%20b%20%281%29.jpg"
    work = Work("1", "A b", "Ann Artist", 1901, "Museum", "realism", "Q1", address)
    assert work.thumbnail == "https://commons.wikimedia.org/wiki/Special:FilePath/A%20b%20%281%29.jpg?width=500"
    assert work.page == "https://commons.wikimedia.org/wiki/File:A%20b%20%281%29.jpg"
    assert work.file_name == "A b (1).jpg"
    assert work.attribution == "Ann Artist, A b, 1901; Museum; Wikimedia Commons"
    assert parse_work(json.loads(json.dumps(work.to_dict()))) == work


def test_a_work_elsewhere_has_what_it_has() -> None:
    work = Work("1", None, None, None, None, None, "Q5", "https://museum.example/5.jpg")
    assert (work.thumbnail, work.page, work.file_name) == (
        "https://museum.example/5.jpg", "https://www.wikidata.org/wiki/Q5", None,
    )  # fmt: skip
    assert work.attribution == "unknown artist"
    assert Work("1", None, None, None, None, None, None, None).page is None


def test_a_work_without_a_title_is_called_by_its_artist() -> None:
    facts = dict.fromkeys(("title", "artist", "year", "museum", "movement", "wikidata_id", "image_url"))
    assert Work("1", **facts | {"title": "The Kiss"}).name == "The Kiss"
    assert Work("1", **facts | {"artist": "Titian"}).name == "a work by Titian"
    assert Work("1", **facts).name == "an unknown work"
    assert not Work("1", **facts).is_public


def test_an_index_of_the_first_schema_is_read(tmp_path: Path) -> None:
    shutil.copytree(DEFAULT_INDEX, tmp_path / "old", ignore=shutil.ignore_patterns("hashes*", "hubness*", "rules*"))
    facts = json.loads((tmp_path / "old" / "index.json").read_text())
    (tmp_path / "old" / "index.json").write_text(json.dumps(facts | {"schema": 1}))
    index = read_index(tmp_path / "old")
    assert index.hashes is None
    assert index.rules == {}
    assert not index.hubness.any()
    assert len(index.search(np.ones(index.projection.matrix.shape[0], np.float32), top_k=4)) == 4
    (tmp_path / "old" / "index.json").write_text(json.dumps(facts | {"schema": 9}))
    with pytest.raises(SimilarError, match="has schema 9, but this smn reads 1 to 2"):
        read_index(tmp_path / "old")


def test_an_index_that_is_warm_reads_no_file_for_a_search(tmp_path: Path) -> None:
    shutil.copytree(DEFAULT_INDEX, tmp_path / "index")
    warm, cold = read_index(tmp_path / "index"), read_index(tmp_path / "index")
    warm.warm_up()
    shutil.rmtree(tmp_path / "index")
    asked = np.ones(warm.projection.matrix.shape[0], np.float32)
    assert warm.search(asked, top_k=4)[0].work.artist
    with pytest.raises((SimilarError, OSError)):
        cold.search(asked, top_k=4)


def test_of_a_series_one_work_is_shown_and_of_equals_the_public_one_first(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    vectors = draw.normal(size=(60, 16)).astype(np.float32)
    vectors[1:6] = vectors[0] + 0.01 * draw.normal(size=(5, 16))
    vectors[20] = vectors[10]
    index = read_index(make_index(tmp_path / "index", vectors, artists=["A"] * 60, public={20}))
    found = index.search(vectors[0], top_k=5)
    assert sum(int(one.work.id) < 6 for one in found) == 1
    alike = [round(one.similarity, 2) for one in found]
    assert alike == sorted(alike, reverse=True)
    everything = index.search(vectors[10], top_k=60)
    assert [one.work.id for one in everything[:2]] == ["20", "10"]
    assert len(everything) == 60
