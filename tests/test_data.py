"""Toy shapes, data sets, and CSV files."""

from __future__ import annotations

import json
import math
import random
import statistics

import numpy as np
import pytest

from autograd_scalar import Value, data
from autograd_scalar.data import Dataset, Schema, load_csv, load_rows


@pytest.mark.parametrize("name", data.SHAPES)
def test_shapes_are_reproducible_lists_of_floats(name):
    X, y = data.make(name, 60, noise=0.1, seed=1)
    assert (X, y) == tuple(data.make(name, 60, noise=0.1, seed=1))
    assert X != data.make(name, 60, noise=0.1, seed=2).X
    assert {type(x) for row in X for x in row} == {float}
    assert {type(label) for label in y} == {int}
    assert {len(row) for row in X} == {2}
    assert len(X) == len(y) == 60
    assert data.make(name, 60).classes == tuple(map(str, sorted(set(y))))


@pytest.mark.parametrize("name", data.SHAPES)
def test_without_a_seed_points_come_from_the_global_generator(name):
    made = []
    for _ in range(2):
        random.seed(11)
        made.append(tuple(data.make(name, 20, noise=0.1)))
    assert made[0] == made[1]


def test_a_seed_does_not_touch_the_global_generator():
    before = random.getstate()
    for name in data.SHAPES:
        data.make(name, 10, noise=0.1, seed=0).split(seed=0)
    assert random.getstate() == before


def test_moons_lie_on_their_half_circles():
    # scikit-learn's make_moons(7, shuffle=False), written out in numpy
    outer, inner = np.linspace(0, np.pi, 3), np.linspace(0, np.pi, 4)
    x = np.append(np.cos(outer), 1 - np.cos(inner))
    y = np.append(np.sin(outer), 1 - np.sin(inner) - 0.5)
    expected = sorted([*zip(x, y, strict=True)])
    got = sorted(map(tuple, data.moons(7).X))
    assert np.array(got) == pytest.approx(np.array(expected))
    assert data.moons(7).y.count(0) == 3


def test_noise_is_a_standard_deviation():
    clean, noisy = data.circles(4000, seed=5), data.circles(4000, noise=0.3, seed=5)
    radius = [math.hypot(*row) for row in clean.X]
    assert sorted(set(np.round(radius, 9))) == [0.8, 1.0]
    assert statistics.pstdev(row[0] for row in noisy.X) == pytest.approx(
        math.hypot(0.3, statistics.pstdev(row[0] for row in clean.X)), rel=0.05
    )


def test_a_spiral_has_equal_arms_that_turn():
    X, y = data.spiral(300, arms=3, turns=0.5)
    assert [y.count(k) for k in range(3)] == [100] * 3
    ends = [row for row in X if math.hypot(*row) > 0.9999]
    angles = sorted(math.degrees(math.atan2(b, a)) % 360 for a, b in ends)
    assert angles == pytest.approx([60, 180, 300])


def test_blobs_surround_their_centres():
    X, y = data.blobs(3000, noise=0.5, seed=0, centers=[[0, 0, 0], [5, -5, 1]])
    cloud = np.array([row for row, label in zip(X, y, strict=True) if label == 1])
    assert cloud.mean(axis=0) == pytest.approx([5, -5, 1], abs=0.1)
    assert cloud.std(axis=0) == pytest.approx([0.5] * 3, rel=0.1)
    assert data.blobs(9, seed=0).classes == ("0", "1", "2")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: data.make("moon"), "unknown data set 'moon'; choose from moons, circles, spiral"),
        (lambda: data.moons(1), "n must be at least the number of classes, .* got 1 and 2"),
        (lambda: data.spiral(10, arms=0), "number of arms, which must be positive: got 10 and 0"),
        (
            lambda: data.moons(10, noise=-0.1),
            "noise must be a standard deviation that is not negative, got -0.1",
        ),
        (lambda: data.xor(10, noise=math.nan), "noise must be a standard deviation"),
        (lambda: data.circles(10, factor=1.5), "factor must be a radius between 0 and 1, got 1.5"),
        (lambda: Dataset([[1.0]], [1, 2]), "X has 1 rows and y has 2 targets"),
        (lambda: Dataset([], []), "at least one row"),
        (lambda: Dataset([[1.0, 2.0], [1.0]], [1, 2]), "row 1 has 1 values, row 0 has 2"),
        (
            lambda: Dataset([[1.0]], [1], features=["a", "b"]),
            "expected 1 feature names, one per column, got 2",
        ),
        (lambda: data.moons(10).split(test=1.0), "fraction of the rows between 0 and 1, got 1"),
        (lambda: Dataset([[1.0]], [1]).split(), "a data set of one row cannot be split"),
        (lambda: data.spiral(9, arms=3).signed(), r"takes targets 0 and 1, got \[0, 1, 2\]"),
        (lambda: data.moons(9).standardise().standardise(), "already standardised"),
        (lambda: data.moons(9).standardise(target=True), "but the targets are classes"),
        (
            lambda: data.moons(9).standardise(by=data.moons(9)),
            "by must be a data set that standardise.. returned",
        ),
        (lambda: data.spiral(4, turns=math.nan), "these settings give points that are not finite"),
        (lambda: data.blobs(4, centers=[[math.inf]]), "these settings give points that are not"),
        (lambda: Dataset([[1.0, 2.0]], [0], features="aa"), "two features have the same name in a"),
        (
            lambda: Dataset([[1.0], [2.0]], [0, 5], classes=["a", "b"]),
            "the target of row 1, 5, is not one of 2 classes, numbered from 0",
        ),
        (lambda: Dataset([[1.0], [2.0]], [0, -1], classes=["a", "b"]), "of row 1, -1, is not one"),
        (lambda: Dataset([[1.0]], [0.5], classes=["a", "b"]), "of row 0, 0.5, is not one of 2"),
        (
            lambda: Dataset([[1.0], [math.nan]], [0, 1], features=["a"]).standardise(),
            "row 1, feature 'a': nan is not finite",
        ),
        (lambda: Schema(("x",), classes=("a", "b")).decode(math.nan), "nan, which names no class"),
        (lambda: Schema(("x",), classes=("a", "b")).decode([1.0, math.nan]), "names no class"),
        (
            lambda: Schema(("x",), classes=("a", "b")).decode([1.0] * 3),
            "3 outputs, expected 1 or 2",
        ),
        (lambda: Schema(("x",)).decode([1.0, 2.0]), "the model has 2 outputs, expected 1"),
        (
            lambda: data.moons(9).standardise(by=data.blobs(9, centers=[[0]]).standardise()),
            "this data set has features x1, x2, expected x1",
        ),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Dataset([["a"]], [0]), TypeError, "row 0, value 0: 'a' is not a number"),
        (lambda: Dataset([1.0], [0]), TypeError, "row 0 must be a list of numbers, got 1.0"),
        (lambda: Dataset([{1.0, 2.0}], [0]), TypeError, "row 0 must be a list of numbers, got {1"),
        (lambda: Dataset([{"a": 1.0}], [0]), TypeError, "row 0 must be a list of numbers, got {'a"),
        (
            lambda: Dataset([[1.0]], ["cat"]),
            TypeError,
            "the target of row 0, 'cat', is not a number",
        ),
        (lambda: data.moons(9, seed="a"), TypeError, "expected an integer as seed, got 'a'"),
        (lambda: data.moons(9).split(seed=1.5), TypeError, "expected an integer as seed, got 1.5"),
        (lambda: data.moons(1.5), ValueError, "n and classes must be integers, got 1.5"),
    ],
)
def test_cells_targets_and_seeds_must_be_numbers(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_rows_may_come_from_a_generator():
    assert Dataset(([i] for i in range(3)), iter([0, 1, 0])).X == [[0], [1], [2]]


def test_a_numpy_integer_is_a_seed():
    assert data.moons(9, 0.1, np.int64(3)).X == data.moons(9, 0.1, 3).X
    assert (
        data.moons(9, seed=1).split(seed=np.int64(3))[1].X
        == data.moons(9, seed=1).split(seed=3)[1].X
    )


def test_a_split_uses_every_row_once():
    whole = data.blobs(25, seed=0)
    train, test = whole.split(test=0.2, seed=3)
    assert (len(train), len(test)) == (20, 5)
    assert sorted(train.X + test.X) == sorted(whole.X)
    assert whole.split(test=0.2, seed=3)[1].X == test.X != whole.split(test=0.2, seed=4)[1].X
    assert [len(part) for part in whole.take([0, 1]).split(test=0.01)] == [1, 1]


def test_selected_features_keep_their_scaling():
    whole = Dataset([[1.0, 20.0, 5.0], [3.0, 40.0, 7.0]], [0, 1], features=["a", "b", "c"])
    part = whole.standardise().select(["c", "b"])
    assert part.X == whole.select(["c", "b"]).standardise().X
    assert (part.features, part.schema.mean, part.schema.scale) == (
        *(("c", "b"), (6.0, 30.0), (1.0, 10.0)),
    )
    with pytest.raises(ValueError, match="no feature 'd'; they are a, b, c"):
        whole.select(["d"])


def test_standardising_uses_the_training_rows_alone():
    train, test = Dataset([[1.0, 7.0], [3.0, 7.0]], [10.0, 30.0]), Dataset([[5.0, 8.0]], [40.0])
    scaled = train.standardise(target=True)
    assert (scaled.X, scaled.y) == ([[-1.0, 0.0], [1.0, 0.0]], [-1.0, 1.0])
    assert tuple(test.standardise(by=scaled)) == ([[3.0, 1.0]], [2.0])
    assert scaled.schema.decode(Value(2.0)) == 40.0
    assert train.X == [[1.0, 7.0], [3.0, 7.0]]


@pytest.mark.parametrize("number", [0.1, 2.7, 1e300, 5e-324])
def test_a_constant_feature_is_only_centred(number):
    train = Dataset([[number]] * 3, [0, 1, 0]).standardise()
    assert (train.X, train.schema.mean, train.schema.scale) == ([[0.0]] * 3, (number,), (1.0,))


@pytest.mark.parametrize("size", [1e-300, 1.0, 1e300])
def test_features_of_any_size_are_scaled(size):
    X = [[size * x] for x in (1.0, 2.0, 4.0, -3.0)]
    scaled = [x for (x,) in Dataset(X, [0, 1, 0, 1]).standardise().X]
    assert scaled == pytest.approx([0.0, 0.392232, 1.176697, -1.568929], abs=1e-6)


def test_arrays_make_data_sets():
    made = Dataset(np.eye(2), np.array([0, 1]))
    assert (made.X, made.y) == ([[1.0, 0.0], [0.0, 1.0]], [0, 1])
    assert repr(made) == "Dataset(2 rows of 2 features, target target)"


def test_decode_names_the_class_of_the_largest_output():
    flowers = Schema(("x",), classes=("iris", "rose", "lily"))
    assert flowers.decode([Value(-1.0), 3.0, Value(2.0)]) == "rose"
    assert Schema(("x",), classes=("no", "yes"), threshold=0.5).decode([Value(0.4)]) == "no"


# ----- CSV -----


def write(tmp_path, text, name="data.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "a,b,kind\n1,2,x\n3,4,y\n5,6,x\n",
        "\ufeffa,b,kind\r\n1, 2,x\r\n\r\n3,4,y\r\n5,6,x",
        "a;b;kind\n1;2;x\n3;4;y\n5;6;x\n",
        "a\tb\tkind\n1\t2\tx\n3\t4\ty\n5\t6\tx\n",
        'a,b,kind\n1,2,"x"\n3,4,"y"\n5,6,"x"\n',
    ],
)
def test_delimiters_quotes_and_line_endings_are_detected(tmp_path, text):
    loaded = load_csv(write(tmp_path, text), target="kind")
    assert tuple(loaded) == ([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [0, 1, 0])
    assert (loaded.features, loaded.classes) == (("a", "b"), ("x", "y"))
    assert loaded.schema.target == "kind"


def test_a_file_without_a_header(tmp_path):
    path = write(tmp_path, "x,1,2\ny,3,4\n")
    loaded = load_csv(path, target=0)
    assert loaded.features == ("column 2", "column 3")
    assert loaded.X == [[1.0, 2.0], [3.0, 4.0]]
    assert load_rows(write(tmp_path, "5,6\n", "new.csv"), loaded.schema) == [[5.0, 6.0]]
    assert load_rows(path, loaded.schema) == loaded.X


def test_features_can_be_chosen(tmp_path):
    path = write(tmp_path, "name,a,b,kind\nann,1,2,x\nbob,3,4,y\n")
    assert load_csv(path, features=["b", 1]).X == [[2.0, 1.0], [4.0, 3.0]]
    with pytest.raises(ValueError, match="'ann' is not a number; encode it as one, or choose"):
        load_csv(path)
    with pytest.raises(ValueError, match="no column 'c'; the columns are name, a, b, kind"):
        load_csv(path, features=["c"])


def test_delimiter_and_header_can_be_given(tmp_path):
    assert load_csv(write(tmp_path, "a,1:y\n2:u\n3:v\n"), delimiter=":").features == ("a,1",)
    path = write(tmp_path, "2019,2020\n1,2\n3,4\n5,6\n")
    assert load_csv(path, header=True).features == ("2019",)
    assert len(load_csv(path)) == 4


@pytest.mark.parametrize(
    ("cells", "task", "y", "classes"),
    [
        ("1.5 2.5 4", "auto", [1.5, 2.5, 4.0], None),
        ("0 1 1", "auto", [0, 1, 1], ("0", "1")),
        ("-1 1 1.0", "auto", [0, 1, 1], ("-1", "1")),
        ("0.5 1.5 1.5", "auto", [0.5, 1.5, 1.5], None),
        ("0 1 1", "regression", [0.0, 1.0, 1.0], None),
        ("10 9 8", "auto", [10.0, 9.0, 8.0], None),
        ("10 9 8", "classification", [2, 1, 0], ("8", "9", "10")),
        ("1234567 1234568 1234568.0", "auto", [0, 1, 1], ("1234567", "1234568")),
        (
            "9007199254740993 9007199254740992 0",
            "classification",
            [2, 1, 0],
            ("0", "9007199254740992", "9007199254740993"),
        ),
        ("0.1234567 0.1234568 0.12345670", "classification", [0, 1, 0], ("0.1234567", "0.1234568")),
        ("1e3 1000 1", "auto", [1, 1, 0], ("1", "1000")),
        ("-0 0.0 2", "auto", [0, 0, 1], ("0", "2")),
        ("1_0 2_0 10", "auto", [1, 2, 0], ("10", "1_0", "2_0")),
        ("b a 1", "auto", [2, 1, 0], ("1", "a", "b")),
    ],
)
def test_the_task_follows_the_target(tmp_path, cells, task, y, classes):
    rows = "".join(f"{i},{cell}\n" for i, cell in enumerate(cells.split()))
    loaded = load_csv(write(tmp_path, "x,y\n" + rows), task=task)
    assert (loaded.y, loaded.classes) == (y, classes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,y\n1,2,3\n4,,6\n", r"data.csv: row 2 \(line 3\), column 'b': the cell is empty"),
        ("a,b,y\n\n1,2,3\n4,?,6\n", r"row 2 \(line 4\), column 'b': '\?' is not a number"),
        ("a,y\n1,3\nnan,6\n", "column 'a': 'nan' is not a finite number"),
        ("a,y\n1,0\n2,nan\n", r"row 2 \(line 3\), column 'y': 'nan' is not a finite number"),
        ("a,y\n1,0\n1_0,1\n", r"row 2 \(line 3\), column 'a': '1_0' is not a number"),
        ("a,y\n1,u\n2,\n", r"row 2 \(line 3\), column 'y': the cell is empty"),
        ("a,y\n1,u\n2\n", r"row 2 \(line 3\) has 1 cells, expected 2"),
        ("a,y\n", "the file has a header but no rows"),
        ("\n\n", "the file is empty"),
        ("", "the file is empty"),
        ("a,a,y\n1,2,3\n", "two columns have the name 'a'"),
        ("y\nu\nv\n", "expected one or more columns of features, without the target"),
        ("a,y\n1,u\n2,u\n", "expected two classes or more, but all rows are 'u'"),
        (b"a,y\n\xff\xfe,u\n", "not a CSV file of UTF-8 text"),
        ('a,y\n1,"u\n', "not a CSV file of UTF-8 text: unexpected end of data"),
    ],
)
def test_errors_name_the_place_in_the_file(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        load_csv(write(tmp_path, text))


def test_files_that_lack_a_class_are_numbered_alike(tmp_path):
    train = load_csv(write(tmp_path, "x,y\n1,a\n2,b\n3,c\n"))
    path = write(tmp_path, "x,y\n1,c\n2,a\n", "test.csv")
    assert load_csv(path).y == [1, 0]
    test = load_csv(path, classes=train.classes)
    assert (test.y, test.classes) == ([2, 0], ("a", "b", "c"))
    with pytest.raises(
        ValueError, match=r"row 1 .*, column 'y': 'c' is not one of the classes a, b"
    ):
        load_csv(path, classes=["a", "b"])
    with pytest.raises(ValueError, match="not of a regression"):
        load_csv(path, classes=["a", "b"], task="regression")


def test_unknown_targets_and_tasks_are_refused(tmp_path):
    path = write(tmp_path, "a,b\n1,2\n3,4\n")
    with pytest.raises(ValueError, match="no column 'c'; the columns are a, b"):
        load_csv(path, target="c")
    with pytest.raises(ValueError, match="no column 2; the columns are a, b"):
        load_csv(path, target=2)
    with pytest.raises(ValueError, match="unknown task 'guess'; choose from auto, classification"):
        load_csv(path, task="guess")
    with pytest.raises(ValueError, match="column 'b': 'x' is not a number"):
        load_csv(write(tmp_path, "a,b\n1,x\n3,y\n"), task="regression")
    with pytest.raises(FileNotFoundError):
        load_csv(tmp_path / "none.csv")


def test_load_rows_finds_and_scales_the_columns_of_the_schema(tmp_path):
    train = load_csv(write(tmp_path, "a,b,kind\n1,2,x\n3,6,y\n"), target="kind").standardise()
    schema = Schema.from_json(json.loads(json.dumps(train.schema.to_json())))
    assert schema == train.schema
    other = write(tmp_path, "note,b,a\nhello,6,1\n", "other.csv")
    assert load_rows(other, schema) == [[-1.0, 1.0]]
    with pytest.raises(ValueError, match=r"no column 'b', which the model was trained on; .* a, c"):
        load_rows(write(tmp_path, "a,c\n1,2\n"), schema)
    with pytest.raises(ValueError, match=r"row 1 \(line 2\), column 'b': the cell is empty"):
        load_rows(write(tmp_path, "a,b,c\n1,,3\n"), schema)
