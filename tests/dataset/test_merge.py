"""Adding to a data set: what is new comes in, what is held back stays what it was."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from smn.dataset import SplitRules, add_to_dataset, import_dataset
from smn.dataset.merge import Part, unite_columns, write_union
from smn.errors import InputError, ManifestError, OutputExistsError
from smn.manifest import HASHED, SPLITS, Manifest, read_manifest, write_manifest
from smn.manifest.identity import artist_key
from smn.manifest.lineage import describe_step


class StoppedError(Exception):
    """What a test raises in place of a kill."""


OLD = [
    {"seed": 1, "artist": "Monet", "movement": "impressionism", "split": "train"},
    {"seed": 2, "artist": "Manet", "movement": "realism", "split": "val"},
    {"seed": 3, "artist": "Morisot", "movement": "impressionism", "split": "test"},
    {"seed": 4, "artist": "Morisot", "movement": None, "split": "test"},
]


def rows_of(manifest):
    return list(zip(*(manifest.column(name) for name in HASHED), strict=True))


def by_seed(manifest, seeds):
    """Splits of rows by their place among the seeds."""
    return dict(zip(seeds, manifest.column("split"), strict=True))


def test_what_is_new_comes_in_and_the_old_rows_stay(collect, tmp_path):
    old = collect(OLD, museum=pa.string())
    before = old.file.read_bytes()
    new = collect(
        [
            {"seed": 5, "artist": "Monet", "movement": "impressionism", "split": "test", "licence": "CC0-1.0"},
            {"seed": 6, "artist": "Morisot", "movement": "impressionism"},
            {"seed": 3, "artist": "Somebody", "movement": "cubism"},
            {"seed": 7, "artist": "Gris", "movement": "cubism", "page_url": "https://example.org/7"},
            {"seed": 8, "movement": "cubism"},
            {"seed": 9, "artist": "Manet"},
        ],
        "new",
        page_url=pa.string(),
    )
    growth = add_to_dataset(old.file, [new.file], tmp_path / "out", rules=SplitRules(ratios=(1, 0)))
    grown = read_manifest(tmp_path / "out")
    assert rows_of(grown)[:4] == rows_of(old)
    assert grown.column("split")[4:] == ["train", None, "train", "train", "val"]
    assert grown.column("licence")[4] == "CC0-1.0"
    assert grown.column("page_url")[6] == "https://example.org/7"
    assert grown.column("museum") == [None] * 9
    assert grown.column("also_in") == [None, None, [f"new:{new.column('id')[2]}"], *[None] * 6]
    assert grown.column("added_in") == [None] * 4 + [grown.data_hash()[:16]] * 5
    assert [Path(grown.picture(row)).is_file() for row in range(9)] == [True] * 9
    assert old.file.read_bytes() == before
    assert growth.splits == {"train": (1, 4), "val": (1, 2), "test": (2, 2), "no split": (0, 1)}
    assert growth.reasons() == {"same-file": 1, "artist-in-test": 1}
    assert (growth.rows, growth.nameless, growth.data_hash) == (9, 1, grown.data_hash())
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "growth-report.json", "growth-report.md", "manifest.parquet",
    ]  # fmt: skip


def test_the_history_says_what_was_added(collect, tmp_path):
    old, new, held_out = (collect([{"seed": seed}], name) for seed, name in enumerate(("old", "new", "held")))
    add_to_dataset(old.file, [new.file], tmp_path / "a", against=held_out.file, rules=SplitRules(freeze_val=True))
    add_to_dataset(tmp_path / "a", [collect([{"seed": 5}], "third").file], tmp_path / "b")
    first, second = read_manifest(tmp_path / "b").lineage()
    assert first.parents == (old.data_hash(), new.data_hash())
    assert describe_step(first) == (
        f"dataset add (new {new.file}, against {held_out.file}, ratios 70/10, seed 0, freeze_val yes)"
    )
    assert second.parents[0] == first.data == read_manifest(tmp_path / "a").data_hash()
    assert read_manifest(tmp_path / "b").column("added_in") == [None, first.data[:16], second.data[:16]]


def test_provenance_is_carried_on(collect, tmp_path):
    old = collect([{"seed": 1}])
    for number, name in enumerate(("two", "three"), 2):
        collect([{"seed": 1, "id": f"{name}-1"}, {"seed": number}], name)
    add_to_dataset(old.file, [tmp_path / "two"], tmp_path / "a")
    add_to_dataset(tmp_path / "a", [tmp_path / "three"], tmp_path / "b")
    grown = read_manifest(tmp_path / "b")
    assert grown.column("also_in")[0] == ["two:two-1", "three:three-1"]


def test_pictures_inside_and_beside_go_together(collect, tmp_path, paint):
    old = collect([row | {"seed": number} for number, row in enumerate(OLD)], embed=True)
    new = collect([{"seed": 20}, {"seed": 1, "size": (96, 64)}], "new")
    embedded = collect([{"seed": 21}, {"seed": 20}], "embedded", embed=True)
    growth = add_to_dataset(old.file, [new.file, embedded.file], tmp_path / "out")
    grown = read_manifest(tmp_path / "out")
    found = [grown.picture(row) for row in range(len(grown))]
    assert [one if isinstance(one, bytes) else one.read_bytes() for one in found] == [
        *(paint(number) for number in range(4)), paint(20), paint(21),
    ]  # fmt: skip
    assert growth.reasons() == {"same-picture": 1, "same-file": 1}


def test_a_set_without_splits_stays_without(collect, tmp_path):
    old = collect([{"seed": 1, "artist": "Monet"}])
    new = collect([{"seed": 2, "artist": "Manet", "split": "train"}], "new")
    growth = add_to_dataset(old.file, [new.file], tmp_path / "out")
    assert read_manifest(tmp_path / "out").column("split") == [None, None]
    assert growth.reasons() == {"no-splits": 1}


def test_feedback_is_kept_apart_until_it_is_accepted(collect, tmp_path):
    said = {"label_kind": "feedback", "consent": "yes", "movement": "cubism"}
    new = collect(
        [{"seed": 5, "artist": "Monet"} | said, {"seed": 6, "artist": "Morisot"} | said, {"seed": 7} | said],
        "feedback",
        consent=pa.string(),
    )
    first = add_to_dataset(collect(OLD).file, [new.file], tmp_path / "a")
    assert first.reasons() == {"feedback": 3}
    assert read_manifest(tmp_path / "a").column("split")[4:] == [None] * 3
    second = add_to_dataset(tmp_path / "a", [], tmp_path / "b", rules=SplitRules(accept_feedback=True))
    grown = read_manifest(tmp_path / "b")
    assert grown.column("split")[4:] == ["train", None, "train"]
    assert rows_of(grown)[:4] == rows_of(read_manifest(tmp_path / "a"))[:4]
    assert second.splits["train"] == (1, 3)


def test_nothing_to_add_is_said(collect, tmp_path):
    with pytest.raises(InputError, match="name one or more manifests after the old one"):
        add_to_dataset(collect(OLD).file, [], tmp_path / "out")


@pytest.mark.parametrize("name", ["manifest.parquet", "growth-report.json", "growth-report.md"])
def test_nothing_is_overwritten(collect, tmp_path, name):
    old, new = collect(OLD), collect([{"seed": 5}], "new")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    with pytest.raises(OutputExistsError):
        add_to_dataset(old.file, [new.file], tmp_path / "out")
    assert (tmp_path / "out" / name).read_text() == "mine"
    with pytest.raises(OutputExistsError):
        add_to_dataset(old.file, [new.file], old.file.parent)


@pytest.mark.parametrize("name", ["also_in", "added_in"])
def test_a_column_of_the_same_name_is_not_taken_over(collect, tmp_path, name):
    old = collect([{"seed": 1, name: 3}], **{name: pa.int64()})
    with pytest.raises(ManifestError, match=f"The column {name} holds int64, but smn writes .* rename yours"):
        add_to_dataset(old.file, [collect([{"seed": 2}], "new").file], tmp_path / "out")


@pytest.mark.parametrize("what", ["looking at", "writing rows"])
def test_interrupted_it_leaves_nothing_and_can_be_run_again(collect, tmp_path, what):
    old, new = collect(OLD), collect([{"seed": seed} for seed in range(5, 9)], "new")

    def stop(told, done, total):
        if told.startswith(what) and done:
            raise StoppedError

    with pytest.raises(StoppedError):
        add_to_dataset(old.file, [new.file], tmp_path / "out", progress=stop)
    assert [file.name for file in (tmp_path / "out").glob("*")] == []
    # What a kill leaves behind does not stand in the way.
    (tmp_path / "out").mkdir(exist_ok=True)
    name = "manifest.unchecked.parquet"
    for left in (name, f".partial-1-00-{name}"):
        (tmp_path / "out" / left).write_bytes(b"half")
    add_to_dataset(old.file, [new.file], tmp_path / "out")
    assert len(read_manifest(tmp_path / "out")) == 8
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_progress_is_told(collect, tmp_path):
    told = []
    old, new = collect(OLD), collect([{"seed": 5}], "new")
    add_to_dataset(old.file, [new.file], tmp_path / "out", progress=lambda *what: told.append(what))
    assert told == [
        (f"looking at {old.file}", 4, 4),
        (f"looking at {new.file}", 1, 1),
        ("writing rows", 4, 5),
        ("writing rows", 5, 5),
    ]


def test_the_report_is_written_for_people_and_programs(collect, tmp_path):
    new = collect([{"seed": 3, "movement": "cubism"}, {"seed": 5, "artist": "Morisot"}, {"picture": b"bad"}], "new")
    growth = add_to_dataset(collect(OLD).file, [new.file], tmp_path / "out")
    assert json.loads((tmp_path / "out" / "growth-report.json").read_text()) == growth.to_dict()
    page = (tmp_path / "out" / "growth-report.md").read_text()
    for said in (
        "1 of 3 offered rows were added to 4", "The 2 rows of test are what they were.", growth.data_hash,
        "impressionism / cubism", "not a picture", "| artist-in-test | 1 |",
    ):  # fmt: skip
        assert said in page, said


ARTISTS = ("Monet", "Manet", "Morisot", "Gris", "Claude Monet", None, "unknown")
OFFERED = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 9),
        "form": st.sampled_from(["PNG", "JPEG"]),
        "artist": st.sampled_from(ARTISTS),
        "movement": st.sampled_from(["cubism", "not-a-painting", None]),
        "label_kind": st.sampled_from(["work", "feedback"]),
        "consent": st.sampled_from(["yes", None]),
        "split": st.sampled_from([*SPLITS, None]),
    }
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(additions=st.lists(st.lists(OFFERED, min_size=1, max_size=6), min_size=1, max_size=3), frozen=st.booleans())
def test_whatever_is_added_the_test_split_stays(collect, tmp_path_factory, additions, frozen):
    folder = tmp_path_factory.mktemp("grown")
    current = first = collect(OLD, f"{folder}/old")
    for number, rows in enumerate(additions):
        named = [row | {"id": f"{place}"} for place, row in enumerate(rows)]  # ids that every manifest has
        offered = collect(named, f"{folder}/new-{number}", consent=pa.string(), embed=number % 2 == 1)
        rules = SplitRules(ratios=(1, 1), freeze_val=frozen, accept_feedback=number == 2)
        growth = add_to_dataset(current.file, [offered.file], folder / f"out-{number}", rules=rules)
        grown = read_manifest(folder / f"out-{number}")
        # Old rows stay; so does all of test, and of val where it is frozen.
        held = [split for split in SPLITS if split == "test" or (frozen and split == "val")]
        for split in held:
            assert {row for row in rows_of(grown) if row[3] == split} == {
                row for row in rows_of(first) if row[3] == split
            }
        assert {row for row in rows_of(current) if row[3]} <= set(rows_of(grown))
        # No artist stands in two splits.
        pairs = zip(grown.column("artist"), grown.column("split"), strict=True)
        homes = {(artist_key(artist), split) for artist, split in pairs}
        known = [artist for artist, split in homes if artist is not None and split is not None]
        assert len(known) == len(set(known))
        # Every row is in the result or in the report.
        assert len(grown) + len(growth.left_out) == len(current) + len(offered)
        assert set(offered.column("sha256")) <= set(grown.column("sha256")) | {
            offered.column("sha256")[int(one.id)] for one in growth.left_out
        }
        assert len(growth.aside) == grown.column("split")[len(current) :].count(None)
        assert growth.data_hash == grown.data_hash() == grown.lineage()[-1].data
        current = grown


def test_a_table_of_feedback_becomes_candidates(collect, tmp_path, write, paint):
    """The contract in docs/dataset.md: what a CSV of feedback holds, and what becomes of it."""
    for number in (5, 6):
        write(f"said/{number}.png", paint(number))
    lines = [
        "path,movement,label_kind,consent,given_at,model,answer",
        "5.png,Cubism,feedback,yes,2025-03-01,m-1,fauvism",
    ]
    table = write("said/feedback.csv", "\n".join([*lines, "6.png,Cubism,feedback,,2025-03-01,m-1,fauvism"]).encode())
    import_dataset([table], tmp_path / "feedback")
    growth = add_to_dataset(collect(OLD).file, [tmp_path / "feedback"], tmp_path / "out")
    assert growth.reasons() == {"no-consent": 1, "feedback": 1}
    last = {name: values[-1] for name, values in read_manifest(tmp_path / "out").table.to_pydict().items()}
    assert (last["movement"], last["label_kind"], last["split"]) == ("cubism", "feedback", None)
    assert (last["given_at"], last["model"], last["answer"]) == ("2025-03-01", "m-1", "fauvism")


QUIET = {"made_by": {"command": "test"}, "progress": lambda *_: None}


def everything(*manifests, columns=None):
    return [Part(manifest, [True] * len(manifest), columns or {}) for manifest in manifests]


def with_column(manifest: Manifest, values: pa.Array, name: str = "extra") -> Manifest:
    table = manifest.table.append_column(name, values)
    return read_manifest(write_manifest(table, manifest.file, replace=True))


def test_a_union_of_pictures_inside_and_beside(collect, paint, tmp_path):
    beside = collect([{"seed": 1}, {"seed": 2}], "beside", museum=pa.string())
    inside = collect([{"seed": 3}, {"seed": 4, "stars": 5}], "inside", embed=True, stars=pa.int32())
    extras = unite_columns([beside, inside])
    assert extras == {"museum": pa.string(), "stars": pa.int32()}
    parts = [Part(beside, [True, False], {"id": ["x", "y"]}), Part(inside, [True, True], {})]
    file = write_union(parts, tmp_path / "out" / "m.parquet", extras=extras, **QUIET)
    union = read_manifest(file)
    assert union.column("id") == ["x", *inside.column("id")]
    assert union.column("stars") == [None, None, 5]
    assert union.column("museum") == [None] * 3
    found = [union.picture(row) for row in range(3)]
    assert found == [Path(beside.picture(0)), paint(3), paint(4)]
    assert not Path(union.column("path")[0]).is_relative_to("..")
    assert b"Image" in parquet.read_schema(file).metadata[b"huggingface"]
    (step,) = union.lineage()
    assert step.parents == (beside.data_hash(), inside.data_hash())


def test_pictures_below_the_new_folder_are_relative(collect, tmp_path):
    manifest = collect([{"seed": 1}])
    file = write_union(everything(manifest), tmp_path / "m.parquet", extras={}, **QUIET)
    assert read_manifest(file).column("path") == [f"old/{manifest.column('path')[0]}"]


@pytest.mark.parametrize(
    ("one", "other", "united"),
    [
        (pa.array([1], pa.int32()), pa.array([2], pa.int64()), pa.int64()),
        (pa.array([1], pa.int64()), pa.array([0.5]), pa.float64()),
        (pa.array([1], pa.int64()), pa.array(["c. 1889"]), pa.string()),
        (pa.array([True]), pa.array([3], pa.int64()), pa.string()),
        (pa.nulls(1), pa.array([3], pa.int32()), pa.int32()),
        (pa.nulls(1), pa.nulls(1), pa.string()),
        (pa.array(["a"], pa.large_string()), pa.array(["b"]).dictionary_encode(), pa.string()),
        (pa.array([["a"]]), pa.nulls(1), pa.list_(pa.string())),
    ],
)
def test_types_that_hold_the_values_of_both(collect, tmp_path, one, other, united):
    manifests = [
        with_column(collect([{"seed": 1}], "one"), one),
        with_column(collect([{"seed": 2}], "other"), other),
    ]
    for order in (manifests, manifests[::-1]):
        extras = unite_columns(order)
        assert extras == {"extra": united}
        file = write_union(
            everything(*order), tmp_path / order[0].file.parent.name / "u.parquet", extras=extras, **QUIET
        )
        assert read_manifest(file).table.schema.field("extra").type == united


def test_types_that_no_value_could_have(collect):
    manifests = [
        with_column(collect([{"seed": 1}], "one"), pa.array([["a"]])),
        with_column(collect([{"seed": 2}], "other"), pa.array(["b"])),
    ]
    with pytest.raises(ManifestError, match=r"other.*the column extra holds string, but list.*rename or drop it"):
        unite_columns(manifests)


def test_a_value_that_does_not_fit_names_its_column(collect, tmp_path):
    manifest = with_column(collect([{"seed": 1}]), pa.array(["many"]))
    with pytest.raises(ManifestError, match=r"the column extra cannot be read as int32 .*correct or drop it"):
        write_union(everything(manifest), tmp_path / "u.parquet", extras={"extra": pa.int32()}, **QUIET)
    assert not list(tmp_path.glob("*.parquet*"))


def test_a_union_overwrites_nothing(collect):
    manifest = collect([{"seed": 1}])
    with pytest.raises(OutputExistsError):
        write_union(everything(manifest), manifest.file, extras={}, **QUIET)
