"""ag.draw: the DOT source, the layout that renders each format, groups, and large graphs."""

from __future__ import annotations

import re
import shutil
import sys
from functools import partial
from io import BytesIO
from math import inf, nan
from pathlib import Path
from xml.etree import ElementTree

import graphviz
import pytest
import resvg_py
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_scalar import Value, draw, functions, nn, topological_order
from autograd_scalar.show.draw import MAX_BOXES, picture_of
from autograd_scalar.show.render import dot, png
from autograd_scalar.show.render.svg import COLOURS, CORNERS, DARK, FAINT, INK

GOLDEN = Path(__file__).parent / "golden"
SVG = "{http://www.w3.org/2000/svg}"
NASTY = ['a<b>{c}|"x"', "</script>", r"\N \G", "&amp;", "'", "日本語", "-->", "]]>", "%s {}"]

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


@pytest.fixture
def no_dot(monkeypatch, tmp_path):
    """A machine without Graphviz."""
    monkeypatch.setenv("PATH", str(tmp_path))


def neuron(backward: bool = True) -> Value:
    x, w, b = Value(-3.0, "x"), Value(2.0, "w"), Value(6.88, "b")
    o = (w * x + b).tanh()
    o.label = "o"
    if backward:
        o.backward()
    return o


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in parsed(svg).iter(f"{SVG}text")]


def drawn(v, **settings) -> str:
    return draw(v, **settings).pipe("svg", encoding="utf-8")


def chain(length: int) -> Value:
    v = Value(0.5, "x")
    for _ in range(length):
        v = v.sin()
    return v


# ----- DOT -----


def test_dot_of_a_neuron_matches_the_golden_file():
    assert draw(neuron(), partials=True).source == (GOLDEN / "neuron.gv").read_text("utf-8")


def test_dot_of_a_small_network_matches_the_golden_file():
    model = nn.MLP(1, [1, 1], activation="tanh", seed=0)
    y = model([Value(0.5, "x")])
    assert draw(y, names=model, rankdir="TB").source == (GOLDEN / "mlp.gv").read_text("utf-8")


def test_a_drawing_is_a_deterministic_digraph():
    drawing = draw(neuron())
    assert isinstance(drawing, graphviz.Digraph)
    assert drawing.source == draw(neuron()).source
    assert re.findall(r"^\t(n\d+) \[", drawing.source, re.MULTILINE) == [f"n{i}" for i in range(6)]


def test_edges_are_in_operand_order_with_repeats():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    source = draw(y / x - x).source
    assert re.findall(r"n\d+ -> n\d+", source) == ["n0 -> n2", "n1 -> n2", "n2 -> n3", "n1 -> n3"]
    square = draw(x * x).source
    assert square.count("n0 -> n1") == 2


def test_colours_have_six_hex_digits():
    colours = re.findall(r"#\w+", draw(neuron()).source + drawn(neuron()))
    assert colours and all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)


# ----- boxes -----


@pytest.mark.parametrize("label", NASTY)
def test_labels_are_drawn_as_text(label):
    x = Value(1.0, label)
    svg = drawn(x * Value(2.0, "other"))
    assert label in texts(svg)
    assert {element.tag for element in parsed(svg).iter()}.isdisjoint({f"{SVG}script", f"{SVG}b"})
    (style,), (other,) = (parsed(one).iter(f"{SVG}style") for one in (svg, drawn(neuron())))
    assert style.text == other.text


@needs_dot
@pytest.mark.parametrize("label", NASTY)
def test_labels_are_drawn_as_text_by_dot(label):
    root = parsed(draw(Value(1.0, label).exp()).pipe("svg", engine="dot", encoding="utf-8"))
    node = next(g for g in root.iter(f"{SVG}g") if g.get("id") == "node1")
    shown = "".join(text.text or "" for text in node.iter(f"{SVG}text"))
    assert shown.startswith(label)


def test_labels_invalid_in_xml_and_long_labels_are_cleaned():
    x = Value(1.0, "a\x00b\nc\ud800")
    assert "a\ufffdb c\ufffd" in texts(drawn(x * 2.0))
    long = texts(drawn(Value(1.0, "begin" + "x" * 100 + "end") * 2.0))
    (shown,) = (text for text in long if text.startswith("begin"))
    assert "…" in shown and shown.endswith("end") and len(shown) == 28
    tooltips = [t.text for t in parsed(drawn(Value(1.0, "x" * 100) * 2.0)).iter(f"{SVG}title")]
    assert any("x" * 100 in text for text in tooltips)


def test_grad_is_a_dash_before_backward():
    assert texts(drawn(neuron(backward=False))).count("—") == 6
    x, y = Value(3.0, "x"), Value(0.0, "y")
    z = x * y
    z.backward()
    after = texts(drawn(z))
    assert "—" not in after
    assert after.count("0") == 3  # the data of y and of z, and the grad of x


def test_numbers_have_four_significant_digits():
    shown = texts(drawn(neuron()))
    assert {"6.88", "0.88", "0.7064"} <= set(shown)
    assert {"nan", "inf", "-inf", "1.235e-20"} <= set(
        texts(drawn(functions.sum([Value(n) for n in (nan, inf, -inf, 1.23456e-20)])))
    )


def test_partials_label_the_edges():
    x, y = Value(2.0, "x"), Value(5.0, "y")
    z = x * y + x * x
    shown = texts(drawn(z, partials=True))
    assert shown[-6:] == ["5", "2", "2", "2", "1", "1"]
    assert shown[:-6] == texts(drawn(z))


def test_leaves_and_operations_differ_by_more_than_colour():
    rects = list(parsed(drawn(neuron())).iter(f"{SVG}rect"))
    assert {rect.get("rx") for rect in rects if rect.get("fill") == "#fff4dc"} == {"0"}
    assert {rect.get("rx") for rect in rects if rect.get("fill") == "#eaf3fb"} == {"7"}


def test_the_svg_has_a_title_and_a_description_for_screen_readers():
    root = parsed(drawn(neuron()))
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title" and root[0].text == "Graph of o"
    assert root[1].text == "6 values, 3 of them operations. o = tanh(w*x + b)"


def rectangles(svg: str, kind: str) -> list[tuple[float, float, float, float]]:
    """Return the left, top, right and bottom of each box ("ag-box") or label of an edge ("ag-label")."""
    found = []
    for group in parsed(svg).iter(f"{SVG}g"):
        if kind in str(group.get("class")).split():
            rect = next(group.iter(f"{SVG}rect"))
            x, y, w, h = (float(str(rect.get(name))) for name in ("x", "y", "width", "height"))
            found.append((x, y, x + w, y + h))
    return found


def assert_apart(svg: str) -> None:
    """Fail if a box or a label is outside the picture or covers another."""
    left, top, width, height = map(float, str(parsed(svg).get("viewBox")).split())
    taken = [*rectangles(svg, "ag-box"), *rectangles(svg, "ag-label")]
    for i, (x, y, a, b) in enumerate(taken):
        assert left <= x and top <= y and a <= left + width and b <= top + height
        for p, q, r, s in taken[:i]:
            assert a <= p or r <= x or b <= q or s <= y


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
def test_boxes_of_a_drawing_do_not_overlap(rankdir):
    model = nn.MLP(2, [3, 1], seed=0)
    svg = drawn(model([1.0, 2.0]), names=model, rankdir=rankdir, partials=True)
    assert len(rectangles(svg, "ag-box")) == 22 and len(rectangles(svg, "ag-label")) == 25
    assert_apart(svg)


def test_labels_of_a_dense_picture_cover_nothing():
    model = nn.MLP(2, [16, 1], seed=0)
    loss = nn.binary_cross_entropy([model([0.1, 0.2])], [0])
    svg = drawn(loss, names=model, group=None, partials=True)
    assert len(rectangles(svg, "ag-label")) == sum(len(v.parents) for v in topological_order(loss))
    assert_apart(svg)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["add", "mul", "sin", "dot", "wide"]), *[st.integers(0, 99)] * 3),
        max_size=40,
    ),
    rankdir=st.sampled_from(["LR", "RL", "TB", "BT"]),
    partials=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_no_box_or_label_of_any_graph_covers_another(steps, rankdir, partials):
    values = [Value(0.123456, "x"), Value(-1234.5678, "net.cell.w"), Value(2.0)]
    for kind, *places in steps:
        a, b, c = (values[-1 - place % len(values)] for place in places)
        values.append(
            {
                "add": lambda a=a, b=b: a + b,
                "mul": lambda a=a, b=b: a * b,
                "sin": lambda a=a: a.sin(),
                "dot": lambda a=a, b=b, c=c: functions.dot([a, b], [b, c]),
                "wide": lambda: functions.sum(values[-9:]),
            }[kind]()
        )
    assert_apart(drawn(values[-3:], rankdir=rankdir, partials=partials))


# ----- long graphs -----


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
@pytest.mark.parametrize("length", [12, 55, 60, 400])
def test_a_long_chain_is_folded_into_rows(length, rankdir):
    svg = drawn(chain(length), rankdir=rankdir)
    width, height = float(str(parsed(svg).get("width"))), float(str(parsed(svg).get("height")))
    along, across = (width, height) if rankdir in ("LR", "RL") else (height, width)
    assert along < 1550 and across < 30 * length
    assert_apart(svg)


def test_a_value_used_along_a_long_chain_is_led_from_row_to_row():
    x = Value(0.5, "x")
    v = x
    for _ in range(40):
        v = (v * x).tanh()
    svg = drawn(v, partials=True)
    assert float(str(parsed(svg).get("width"))) < 1550
    assert_apart(svg)
    boxes = rectangles(svg, "ag-box")
    lines = next(path for path in parsed(svg).iter(f"{SVG}path") if path.get("fill") == "none")
    for x0, y0, *_, x1, y1 in (
        [float(n) for n in re.findall(r"-?[\d.]+", piece)]
        for piece in str(lines.get("d")).split("M")[1:]
    ):  # no line from row to row, level or upright, passes through a box
        if (x0 == x1) == (y0 == y1):
            continue
        for left, top, right, bottom in boxes:
            level = y0 == y1 and top < y0 < bottom and min(x0, x1) < left and max(x0, x1) > right
            upright = x0 == x1 and left < x0 < right and min(y0, y1) < top and max(y0, y1) > bottom
            assert not level and not upright


def test_a_dense_graph_is_not_cut():
    xs = [Value(float(i), f"x{i}") for i in range(12)]
    for _ in range(14):
        xs = [functions.sum(xs) * 0.1 for _ in range(12)]
    assert_apart(drawn(xs))


# ----- dark pages -----


def test_boxes_are_dark_where_the_reader_prefers_dark_pages():
    (style,) = parsed(drawn(neuron(), partials=True)).iter(f"{SVG}style")
    assert str(style.text).startswith("@media (prefers-color-scheme:dark){")
    for kind, (fill, stroke) in DARK.items():
        assert f".ag-{kind}>rect{{fill:{fill};stroke:{stroke}}}" in str(style.text)
    assert DARK.keys() == COLOURS.keys()
    classes = {
        str(group.get("class")) for group in parsed(drawn(neuron(), partials=True)).iter(f"{SVG}g")
    }
    assert classes == {"ag-box ag-leaf", "ag-box ag-operation", "ag-label"}


def luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_texts_and_borders_have_enough_contrast_on_both_pages():
    for (fill, stroke), dark in zip(COLOURS.values(), DARK.values(), strict=True):
        assert min(contrast(INK, fill), contrast(FAINT, fill)) >= 4.5
        assert contrast("#ffffff", stroke) >= 4.5  # the symbol on its chip
        assert min(contrast("#f2f2f2", dark[0]), contrast("#b3b3b3", dark[0])) >= 4.5
        assert contrast("#101010", dark[1]) >= 4.5
        assert contrast(dark[1], dark[0]) >= 3 and contrast(stroke, fill) >= 3


# ----- formats -----


def test_svg_needs_no_graphviz(no_dot, tmp_path):
    drawing = draw(neuron())
    assert parsed(drawing.pipe().decode()).tag == f"{SVG}svg"
    bundle = drawing._repr_mimebundle_()
    assert list(bundle) == ["image/svg+xml"] and "tanh" in bundle["image/svg+xml"]
    path = drawing.render("graph", directory=tmp_path)
    assert Path(path) == tmp_path / "graph.svg"
    assert parsed(Path(path).read_text("utf-8")).tag == f"{SVG}svg"
    assert (tmp_path / "graph").read_text("utf-8") == drawing.source


def test_other_formats_without_graphviz_raise_an_error_with_alternatives(no_dot, tmp_path):
    alternatives = "^pdf needs Graphviz.* install graphviz.*brew.*conda.*format='svg'"
    with pytest.raises(RuntimeError, match=alternatives):
        draw(neuron(), format="pdf").pipe()
    with pytest.raises(RuntimeError, match=alternatives):
        draw(neuron()).render(tmp_path / "graph", format="pdf")
    with pytest.raises(RuntimeError, match=alternatives):
        draw(neuron()).render(outfile=tmp_path / "graph.pdf")


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


def test_png_is_the_own_picture_at_twice_its_size(no_dot, tmp_path):
    root = parsed(drawn(neuron(), partials=True))
    size = tuple(2 * int(str(root.get(side))) for side in ("width", "height"))
    drawing = draw(neuron(), tmp_path / "n.png", partials=True)
    assert size_of((tmp_path / "n.png").read_bytes()) == size
    assert size_of(drawing.pipe("png")) == size
    assert size_of(drawing.pipe("png", encoding="utf-8")) == size
    path = drawing.render(tmp_path / "g", format="png", cleanup=True)
    assert path == str(tmp_path / "g.png") and size_of(Path(path).read_bytes()) == size


def test_a_png_has_texts_whatever_the_fonts_of_the_system(monkeypatch):
    image = pytest.importorskip("matplotlib.image")
    render = resvg_py.svg_to_bytes
    monkeypatch.setattr(resvg_py, "svg_to_bytes", partial(render, skip_system_fonts=True))
    pixels = image.imread(BytesIO(draw(neuron()).pipe("png")))
    box = pixels[24:130, 24:200, :3]  # inside the first box
    assert box.min() < 0.3 and box.max() > 0.9


def test_the_pixels_of_a_png_are_limited(monkeypatch):
    monkeypatch.setattr(png, "MAX_PIXELS", 10_000)
    width, height = size_of(draw(neuron()).pipe("png"))
    assert 9_000 < width * height < 11_000


def test_a_missing_renderer_of_png_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(RuntimeError, match=r"resvg-py.*pip install 'autograd-scalar\[png\]'.*svg"):
        draw(neuron(), tmp_path / "n.png")
    assert not list(tmp_path.iterdir())


@needs_dot
def test_dot_renders_png_where_it_is_asked_for():
    by_dot = draw(neuron()).pipe("png", engine="dot")
    assert size_of(by_dot) != size_of(draw(neuron()).pipe("png"))


def test_nodes_added_by_hand_are_omitted_without_graphviz(no_dot, tmp_path):
    drawing = draw(neuron())
    drawing.node("extra", "by hand")
    assert "tanh" in drawing.pipe(encoding="utf-8")
    assert "tanh" in Path(drawing.render(tmp_path / "g")).read_text("utf-8")


def test_a_failing_dot_is_reported_like_a_missing_one(monkeypatch, tmp_path):
    script = tmp_path / "dot"
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="missing or fails"):
        draw(neuron()).pipe("pdf", quiet=True)
    assert "tanh" in drawn(neuron())


def test_the_suffix_of_a_path_selects_the_format(no_dot, tmp_path):
    drawing = draw(neuron(), tmp_path / "n.SVG", rankdir="TB")
    assert isinstance(drawing, graphviz.Digraph)
    assert (tmp_path / "n.SVG").read_text("utf-8") == drawing.pipe(encoding="utf-8")
    draw(neuron(), str(tmp_path / "n.dot"))
    assert (tmp_path / "n.dot").read_text("utf-8") == draw(neuron()).source
    with pytest.raises(RuntimeError, match="pdf needs Graphviz"):
        draw(neuron(), tmp_path / "n.pdf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n.SVG", "n.dot"]


@needs_dot
def test_pdf_files_are_written_by_dot(tmp_path):
    draw(neuron(), tmp_path / "n.pdf")
    assert (tmp_path / "n.pdf").read_bytes()[1:4] == b"PDF"


def test_save_refuses_the_suffix_of_a_picture(no_dot, tmp_path):
    for save in (draw(neuron()).save, draw(neuron()).render):
        with pytest.raises(
            ValueError, match=r"DOT source, which .*n\.svg should not hold.* render\(outfile='"
        ):
            save(str(tmp_path / "n.svg"))
    assert not list(tmp_path.iterdir())
    assert Path(draw(neuron()).save("n.gv", tmp_path)).read_text("utf-8") == draw(neuron()).source


def test_a_png_has_a_white_background(tmp_path):
    image = pytest.importorskip("matplotlib.image")
    path = draw(neuron()).render(outfile=tmp_path / "g.png")
    corner = image.imread(path)[0, 0]
    assert list(corner) == [1.0] * len(corner)  # alpha too, where there is one


def test_outfile_cleanup_and_view(monkeypatch, tmp_path):
    viewed = []
    monkeypatch.setattr(graphviz, "view", viewed.append)
    path = draw(neuron()).render(outfile=tmp_path / "o.svg", cleanup=True, view=True)
    assert [file.name for file in tmp_path.iterdir()] == ["o.svg"]
    assert viewed == [path]


@needs_dot
def test_nodes_added_by_hand_are_drawn_by_dot(tmp_path):
    drawing = draw(neuron()).copy()
    assert "by hand" not in drawing.pipe(encoding="utf-8")
    drawing.node("extra", "by hand")
    assert "by hand" in drawing.pipe(encoding="utf-8")
    assert "by hand" in Path(drawing.render(tmp_path / "g")).read_text("utf-8")
    assert "Generated by graphviz" in draw(neuron()).pipe(engine="neato", encoding="utf-8")


@needs_dot
def test_a_subclass_without_a_picture_is_a_plain_digraph():
    empty = dot.Drawing("empty")
    empty.edge("a", "b")
    assert "<title>a</title>" in empty.pipe("svg", encoding="utf-8")


# ----- groups -----


def moons_like(samples: int) -> tuple[nn.MLP, Value]:
    model = nn.MLP(2, [16, 16, 1], seed=1)
    scores = [model([0.1 * i, -0.2 * i]) for i in range(samples)]
    losses = functions.sum([(1.0 - score * (-1.0) ** i).relu() for i, score in enumerate(scores)])
    loss = losses * (1.0 / samples) + 1e-4 * functions.sum([p * p for p in model.parameters()])
    loss.label = "loss"
    return model, loss


def test_small_models_are_drawn_with_frames():
    model = nn.MLP(2, [2, 1], seed=0)
    shown = texts(drawn(model([1.0, 2.0]), names=model))
    assert [text for text in shown if text.startswith("layers")] == ["layers.0", "layers.1"]
    assert sum(text.startswith("neurons") for text in shown) == 3
    assert shown.count("b") == 3  # a parameter shows the last part of its name


def test_larger_models_have_one_box_per_neuron_or_layer():
    model, loss = moons_like(20)
    neurons = picture_of(loss, names=model)
    assert [box.label for box in neurons.boxes if box.kind == "group"].count("loss") == 1
    assert sum(box.label.startswith("layers") for box in neurons.boxes) == 33
    layers = picture_of(loss, names=model, group="layer")
    assert [box.label for box in layers.boxes] == [
        "inputs", "layers.0", "layers.1", "layers.2", "others", "loss",
    ]  # fmt: skip
    assert layers.edges == [
        (0, 1),
        (1, 2),
        (2, 3),
        (3, 5),
        (4, 5),
    ]  # the others: a penalty on weights
    assert dict(layers.boxes[5].rows)["data"] == f"{loss.data:.4g}"
    deep = nn.MLP(2, [20, 20, 20, 1], seed=0)
    assert len(picture_of(deep([1.0, 2.0]), names=deep).boxes) == 6  # too many neurons: layers


def test_the_loss_is_outside_the_neurons():
    model = nn.MLP(2, [16, 1], seed=0)
    y = model([0.1, 0.2])
    for v in (nn.binary_cross_entropy([y], [0]), y.tanh()):
        picture = picture_of(v, names=model, group="neuron")
        last, *_, end = picture.boxes[-2:]
        assert last.label == "layers.1.neurons.0"
        assert dict(last.rows)["out"] == f"{y.data:.4g}"
        assert end.kind == "operation" and dict(end.rows)["data"] == f"{v.data:.4g}"


def test_the_box_of_a_neuron_has_its_output_gradient_and_weights():
    model = nn.MLP(2, [2, 1], seed=0)
    y = model([0.1, 0.2])
    rows = [("out", f"{y.data:.4g}"), ("grad", "—")]
    weights = [(f"w.{i}", f"{w.data:.4g}") for i, w in enumerate(model.layers[1].neurons[0].w)]
    last = picture_of(y, names=model, group="neuron").boxes[-1]
    assert last.rows == (*rows, *weights, ("b", "0")) and last.is_end
    assert picture_of(y, names=model, group="layer").boxes[-1].rows == last.rows
    y.backward()
    assert dict(picture_of(y, names=model, group="neuron").boxes[-1].rows)["grad"] == "1"


def test_the_box_of_a_layer_has_the_ranges_of_its_outputs_gradients_and_weights():
    model = nn.MLP(2, [4, 3, 1], activation="tanh", seed=0)
    y = model([0.1, 0.2])
    y.backward()
    first, second, _ = picture_of(y, names=model, group="layer").boxes[2:]
    hidden = [v for v in y.parents[3].parents[0].parents if v.op]  # the outputs of the first layer
    weights = [w.data for neuron in model.layers[0].neurons for w in neuron.w]

    def limits(numbers):
        return f"{min(numbers):.4g} … {max(numbers):.4g}"

    assert first.rows == (
        ("4 out", limits([v.data for v in hidden])),
        ("grad", limits([v.grad for v in hidden])),
        ("8 w", limits(weights)),
        ("4 b", "0"),
    )
    outs = y.parents[3:6]
    assert second.rows[0] == ("out", ", ".join(f"{v.data:.4g}" for v in outs))
    assert second.rows[1] == ("grad", ", ".join(f"{v.grad:.4g}" for v in outs))


def test_constants_inputs_and_parameters_look_different():
    model = nn.MLP(2, [2, 1], activation="leaky_relu", seed=0)
    loss = nn.mse([model([Value(0.5, "x"), 0.25])], [1.0])
    kinds = {box.label: box.kind for box in picture_of(loss, names=model).boxes if not box.symbol}
    assert kinds["x"] == kinds[""] == "input"
    assert {kinds[name] for name in ("w.0", "w.1", "b")} == {"leaf"}
    assert {kinds[number] for number in ("0.01", "1", "2")} == {"constant"}
    x = Value(3.0, "x")
    assert [box.kind for box in picture_of(2.0 * x).boxes] == ["constant", "leaf", "operation"]
    assert [box.kind for box in picture_of(Value(3.0) * 2.0).boxes][:2] == ["leaf", "leaf"]
    looks = {(fill, CORNERS[kind]) for kind, (fill, _) in COLOURS.items()}
    assert len(looks) == len(COLOURS)


def test_a_few_values_between_groups_are_shown_one_by_one():
    first, second = nn.Layer(2, 2, seed=0), nn.Layer(2, 1, seed=1)
    names = {f"a.{name}": p for name, p in first.named_parameters()}
    names |= {f"b.{name}": p for name, p in second.named_parameters()}

    def residual(row):
        return second([h + x for h, x in zip(first(row), row, strict=True)])

    one = picture_of(residual([Value(1.0, "x1"), Value(2.0, "x2")]), names=names, group="layer")
    assert [box.label or box.symbol for box in one.boxes] == ["x1", "x2", "a", "+", "+", "b"]
    many = [residual([Value(float(i)), Value(1.0)]) - 1.0 for i in range(10)]
    boxes = picture_of(functions.sum(many), names=names, group="layer").boxes
    assert [box.label for box in boxes] == ["inputs", "a", "others", "b", "result"]


def test_dotted_labels_replace_names():
    w = Value(2.0, "layer0.neuron1.w")
    x = Value(1.0, "x")
    shown = texts(drawn((w * x).tanh()))
    assert {"layer0", "neuron1", "w", "x"} <= set(shown)
    assert "layer0.neuron1.w" in texts(drawn((w * x).tanh(), group=None))


def test_a_recurrent_network_is_drawn():
    cell, out = nn.Neuron(2, activation="tanh", seed=0), nn.Neuron(1, seed=1)
    names = {f"cell.{name}": p for name, p in cell.named_parameters()}
    names |= {f"out.{name}": p for name, p in out.named_parameters()}
    h = Value(0.0, "h")
    for step in range(3):
        h = cell([Value(float(step), f"x{step}"), out([h])])
    assert len(parsed(drawn(h, names=names)).findall(f"{SVG}g")) == 21
    boxes = picture_of(h, names=names, group="neuron").boxes
    assert {box.label for box in boxes if box.kind == "group"} == {"cell", "out"}


# ----- large graphs -----


@pytest.mark.slow
def test_two_thousand_values_are_drawn_one_by_one(no_dot):
    v = chain(1999)
    assert len(parsed(drawn(v)).findall(f"{SVG}g")) == 2000
    assert size_of(draw(v).pipe("png"))[0] > 1000
    with pytest.raises(ValueError, match=r"2,000 boxes are too many for pdf.*group='neuron'"):
        draw(v).pipe("pdf")


@pytest.mark.slow
def test_a_chain_of_a_million_is_drawn_as_a_summary():
    picture = picture_of(chain(1_000_000))
    (counts,) = (box for box in picture.boxes if box.kind == "summary")
    assert counts.label == "1,000,001 values"
    assert dict(counts.rows) == {"leaves": "1", "depth": "1,000,000", "sin": "1,000,000"}
    assert picture.boxes[0].label == "x"
    assert picture.boxes[-1].is_end and len(picture.boxes) < 20


def test_a_summary_shows_the_ends_and_counts_the_rest():
    loss = functions.sum([getattr(Value(0.5), name)() for name in (
        "sin", "cos", "tan", "exp", "tanh", "relu", "sigmoid", "gelu", "silu", "erf",
    ) for _ in range(MAX_BOXES // 10)])  # fmt: skip
    loss.label = "loss"
    picture = picture_of([loss, loss * 2.0])
    (counts,) = (box for box in picture.boxes if box.kind == "summary")
    assert dict(counts.rows)["others"] == "602"  # two unary rows, the sum, the product
    assert [box.label for box in picture.boxes if box.is_end] == ["loss", ""]
    place = picture.boxes.index(counts)
    assert all(source < target for source, target in picture.edges)
    assert {(i, place) for i in range(place)} <= set(picture.edges)


def test_a_graph_with_too_many_edges_is_drawn_as_a_summary():
    xs = [Value(float(i)) for i in range(150)]
    ends = [functions.sum(xs) for _ in range(150)]
    assert any(box.kind == "summary" for box in picture_of(ends).boxes)
    assert len(picture_of(ends[:50]).boxes) == 200


# ----- errors -----


def test_errors_for_unknown_options_list_the_valid_ones():
    with pytest.raises(ValueError, match="unknown rankdir 'XX': use one of LR, RL, TB, BT"):
        draw(neuron(), rankdir="XX")
    with pytest.raises(ValueError, match="unknown group 'cell': use one of auto, frames, neuron"):
        draw(neuron(), group="cell")
    with pytest.raises(ValueError, match=r"group='layer' needs dotted .* names=model"):
        draw(neuron(), group="layer")
    with pytest.raises(ValueError, match="format"):
        draw(neuron(), format="bmpp")
    with pytest.raises(
        ValueError, match=r"unknown picture format in n\.jpg: use one of \.svg, \.png, \.pdf, \.dot"
    ):
        draw(neuron(), "n.jpg")


@pytest.mark.parametrize("v, kind", [(3.0, "float"), ("x", "str"), ([Value(1.0), 2], "int")])
def test_non_values_raise_type_error(v, kind):
    with pytest.raises(TypeError, match=f"needs a Value or a list of Values, got {kind}"):
        draw(v)


def test_several_values_must_be_a_list():
    with pytest.raises(TypeError, match=r"several Values as one list: draw\(\[a, b\]\)"):
        draw(neuron(), neuron())


def test_an_empty_list_raises_value_error():
    with pytest.raises(ValueError, match="at least one Value, got none"):
        draw([])
