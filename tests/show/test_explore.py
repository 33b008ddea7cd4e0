"""The explorer's page without a browser: data, views, policy, rows as JavaScript. See also tests/browser/."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
import time
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import autograd_scalar as ag
from autograd_scalar import Value, data, nn, topological_order, train
from autograd_scalar.cli import main
from autograd_scalar.ops.op import Op
from autograd_scalar.ops.table import BUILT_IN, TABLE
from autograd_scalar.show.explorer.explore import Explorer, explore
from autograd_scalar.show.explorer.javascript import expression, javascript
from autograd_scalar.value import restore


def data_of(page: Explorer) -> dict[str, Any]:
    """Return the data in a page."""
    _, _, rest = page.html.partition('id="graph-data">')
    found: dict[str, Any] = json.loads(rest.partition("</script>")[0])
    return found


def chain(length: int) -> Value:
    y = Value(0.5, "x")
    for _ in range(length):
        y = y.tanh()
    return y


def network(width: int = 3) -> tuple[nn.MLP, Value]:
    model = nn.MLP(2, [width, 1], seed=0)
    return model, model([Value(1.0, "x1"), Value(2.0, "x2")])


def _many_scopes() -> Value:
    """Return a graph with more neurons and layers than a view may have, each of one parameter."""
    leaves = [Value(1.0, f"layers.{i}.w.0") for i in range(700)]
    return ag.functions.sum([v * v for v in leaves]).exp()


# ----- the page -----


def test_page_data_has_the_graph_in_topological_order() -> None:
    x = Value(2.0, "x")
    y = x * x + 3.0
    y.label = "y"
    graph = data_of(explore(y))
    assert graph["names"] == ["x", "v1", "", "y"]
    assert graph["ops"] == ["", "mul", "", "add"]
    assert graph["parents"] == [[], [0, 0], [], [1, 2]]
    assert graph["data"] == [2.0, 0, 3.0, 0]
    assert graph["formula"] == "y = x*x + 3"


def test_formulas_are_typeset_once_for_each_kind_of_operation() -> None:
    x, w = Value(1.0, "x"), Value(2.0, "w")
    total = ag.dot([w, x], [x, x], 0.0) + ag.dot([w, w], [x, w], 3.0)
    y = ag.where(x, total * w, total * x)
    order, graph = topological_order(y), data_of(explore(y))
    slots = [
        re.sub("\ue000(\\d+)\ue001", r"#\1", re.sub("<[^>]*>", "", t)) for t in graph["templates"]
    ]
    kinds = {v.op: slots[kind] for v, kind in zip(order, graph["kinds"], strict=True) if v.op}
    assert kinds["mul"] == "#0#1"
    assert kinds["where"] == "{#1#0≠0#2otherwise"
    assert [s for s in slots if s.startswith("#0#2")] == ["#0#2+#1#3", "#0#2+#1#3+#4"]
    assert len(slots) == len(set(slots)) == 5
    assert [kind for v, kind in zip(order, graph["kinds"], strict=True) if not v.op] == [-1] * 4
    assert not any(" style=" in template for template in graph["templates"])


def test_formulas_have_placeholders_for_names_and_numbers() -> None:
    x = Value(2.0, "x")
    graph = data_of(explore(x.leaky_relu(3.0) * x.tanh()))
    filled = [
        re.sub("\ue000(\\d+)\ue001", lambda m: f"<{m[1]}>", text) for text in graph["formulas"]
    ]
    assert filled == ["", "", "leaky_relu(<0>, 3)", "tanh(<0>)", "<2>*<3>"]
    local = graph["locals"][3]
    assert [re.sub("\ue000(\\d+)\ue001", r"<\1>", text) for text in local[0]] == ["1 - <3>**2"]
    # The second form of the derivative of leaky_relu is not simplified: its `where` may change branch.
    assert "where(step(" in graph["locals"][2][0][1]


def test_non_finite_numbers_are_strings_in_json() -> None:
    leaves = [
        Value(x, f"x{i}") for i, x in enumerate((float("inf"), float("-inf"), float("nan"), -0.0))
    ]
    assert data_of(explore(ag.functions.sum(leaves)))["data"][:4] == [
        "Infinity",
        "-Infinity",
        "NaN",
        -0.0,
    ]


def test_the_policy_names_the_script_and_the_style_by_their_hashes() -> None:
    html = explore(chain(3)).html
    (policy,) = re.findall('http-equiv="Content-Security-Policy" content="(.*?)"', html)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy and "http" not in policy
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        (source,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy


def test_a_page_has_no_links() -> None:
    html = explore(network()[1]).html
    for namespace in ("http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"):
        html = html.replace(namespace, "")  # no address
    assert not re.search(
        r"https?:|//[a-z]+\.|\bsrc=|@import|url\(|fetch\(|XMLHttp|WebSocket|<link", html
    )


def test_a_page_without_its_data_is_small() -> None:
    for page, most in ((explore(chain(3)), 84_000), (_trained(), 92_000)):
        data = json.dumps(data_of(page), ensure_ascii=False, separators=(",", ":"))
        assert len(page.html.encode()) - len(data.encode()) < most


@pytest.mark.parametrize(
    "label", ["</script><script>alert(1)</script>", "<!--<script>", "{{SCRIPT}}", "\ud800\x00"]
)
def test_labels_cannot_break_out_of_the_data(label: str, tmp_path: Path) -> None:
    x = Value(1.0, label)
    y = x * x
    y.label = label
    page = explore(y, tmp_path / "x.html", title=label)
    assert (tmp_path / "x.html").read_text(encoding="utf-8") == page.html
    assert page.html.count("<script") == 2
    assert page.html.count("</script>") == 2
    assert data_of(page)["names"][0].startswith("‹")


def test_the_title_is_a_short_formula() -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    c = a * b
    c.label = "c"
    assert explore(c + c.exp()).title == "c = a*b; y = c + exp(c)"
    assert explore(c, title=" my\npage ").title == "my page"
    assert (
        explore(ag.functions.sum([Value(1.0, f"long_name_{i}") for i in range(40)])).title
        == "Graph of y"
    )
    assert explore(chain(300)).title == "Graph of y"


def test_a_notebook_displays_a_frame_and_a_link(tmp_path: Path) -> None:
    page = explore(chain(2), tmp_path / 'a"b.html')
    html = page._repr_html_()
    (source,) = re.findall('srcdoc="([^"]*)"', html)
    assert unescape(source) == page.html
    assert 'sandbox="allow-scripts allow-downloads"' in html
    assert 'a&quot;b.html" target="_blank">' in html
    assert "<a" not in explore(chain(2))._repr_html_().partition("</iframe>")[2]
    assert re.fullmatch(r"Explorer\('y = tanh\(tanh\(x\)\)', \d+ kB, .*a\"b.html\)", repr(page))
    assert repr(explore(chain(2))).endswith(
        "not in a file: explore(..., 'page.html') writes one for a browser)"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("y", "kind", "message"),
    [
        (3.0, TypeError, "explore takes a Value or a History, got 3.0"),
        ([Value(1.0)], TypeError, r"explore takes a Value or a History, got \[Value"),
        (chain(2001), ValueError, "explore takes up to 2,000 values, this graph has 2,002: explore the loss"),
        (chain(700), ValueError, "shows up to 600 values at once, this graph has 701 and no layers"),
        (_many_scopes(), ValueError, "shows up to 600 values at once, this graph has 1,402"),
        (restore(None, 1.0, 0.0, None, "compiled", (Value(1.0),), (1.0,)), ValueError, "got 'compiled'"),
    ],
)  # fmt: skip
def test_graphs_that_cannot_be_explored_raise_errors(
    y: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        explore(y)


@pytest.mark.slow
def test_the_largest_graphs_take_under_20_seconds() -> None:
    model = nn.MLP(2, [16, 16, 16, 16, 1], seed=0)
    y = model([Value(1.0, "x1"), Value(2.0, "x2")])
    assert 600 < len(topological_order(y)) < 2000
    started = time.process_time()
    graph = data_of(explore(y, names=model))
    assert time.process_time() - started < 20.0
    assert [view[0] for view in graph["views"] if not view[1]] == ["neurons", "layers"]


# ----- views -----


def test_views_show_every_value_once_and_every_use() -> None:
    model, y = network()
    order = topological_order(y)
    index = {v: i for i, v in enumerate(order)}
    uses = sorted((node, i) for node, v in enumerate(order) for i in range(len(v.parents)))
    for name, inside, width, height, boxes, edges, _, _ in data_of(explore(y, names=model))[
        "views"
    ]:
        if inside:
            continue
        assert sorted(member for box in boxes for member in box[4]) == list(range(len(order)))
        home = {member: place for place, box in enumerate(boxes) for member in box[4]}
        drawn = [tuple(use) for edge in edges for use in edge[2]]
        parent = {use: index[order[use[0]].parents[use[1]]] for use in uses}
        outside = [use for use in uses if home[use[0]] != home[parent[use]]]
        assert sorted(drawn) == outside, name
        for source, target, edge_uses, *_ in edges:
            assert all((home[parent[tuple(u)]], home[u[0]]) == (source, target) for u in edge_uses)
        for x, y_, wide, high, *_ in boxes:
            assert x - wide / 2 >= -0.1 and x + wide / 2 <= width + 0.1
            assert y_ - high / 2 >= -0.1 and y_ + high / 2 <= height + 0.1


def test_boxes_and_labels_do_not_overlap() -> None:
    model, y = network(4)
    for name, _, _, _, boxes, edges, _, _ in data_of(explore(y, names=model))["views"]:
        spans = [(x - w / 2, x + w / 2, y - h / 2, y + h / 2) for x, y, w, h, *_ in boxes]
        spans += [
            (x - 20, x + 20, y - 8, y + 8)
            for *_, label in edges
            if label
            for x, y, hidden in [label]
            if not hidden
        ]
        for i, (a, b, c, d) in enumerate(spans):
            for e, f, g, h in spans[:i]:
                assert b <= e or f <= a or d <= g or h <= c, name


def test_views_are_also_arranged_from_top_to_bottom() -> None:
    model, y = network()
    for *_, boxes, edges, _, (width, height, centres, placed, _) in data_of(
        explore(y, names=model)
    )["views"]:
        spans = [
            (x - w / 2, x + w / 2, y - h / 2, y + h / 2)
            for (x, y), (_, _, w, h, *_) in zip(centres, boxes, strict=True)
        ]
        for i, (a, b, c, d) in enumerate(spans):
            assert a >= -0.2 and b <= width + 0.2 and c >= -0.2 and d <= height + 0.2
            assert all(b <= e or f <= a or d <= g or h <= c for e, f, g, h in spans[:i])
        for (source, target, *_), (route, _) in zip(edges, placed, strict=True):
            assert route[1] == pytest.approx(spans[source][3], abs=0.3)
            assert route[-1] == pytest.approx(spans[target][2], abs=0.3)
    large = nn.MLP(2, [16, 16, 1], seed=0)
    page = explore(large([Value(1.0), Value(2.0)]), names=large)
    assert [view[7] is None for view in data_of(page)["views"] if not view[1]] == [
        True,
        False,
        False,
    ]


def test_the_inside_of_a_neuron_shows_its_values_and_neighbours() -> None:
    model, y = network()
    views = {view[0]: view for view in data_of(explore(y, names=model))["views"]}
    assert list(views)[:3] == ["values", "neurons", "layers"]
    boxes = views["inside layers.0.neurons.1"][4]
    assert sorted(box[5] or "value" for box in boxes) == sorted(
        ["layers.1.neurons.0", *["value"] * 7]
    )
    assert {box[5] for box in views["inside layers.0"][4]} >= {
        f"layers.0.neurons.{i}" for i in range(3)
    }
    # A layer without neurons opens to its values.
    linear = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    found = data_of(explore(linear([Value(1.0, "x1"), Value(2.0, "x2")])[0], names=linear))
    assert [view[0] for view in found["views"]] == [
        "values",
        "layers",
        *(f"inside modules.{i}" for i in range(2)),
    ]


def test_routes_run_from_box_to_box() -> None:
    for *_, boxes, edges, _, _ in data_of(explore(network()[1]))["views"]:
        for source, target, _, route, _ in edges:
            assert route[0] == pytest.approx(boxes[source][0] + boxes[source][2] / 2, abs=0.2)
            assert route[-2] == pytest.approx(boxes[target][0] - boxes[target][2] / 2, abs=0.2)
            assert all(a <= b + 0.2 for a, b in pairwise(route[::2]))


# ----- rows as JavaScript -----


def test_javascript_of_a_row_includes_the_rows_it_calls() -> None:
    names = re.findall(r'^rows\["(\w+)"\] = ', javascript(["logsumexp"]), re.MULTILINE)
    assert {"logsumexp", "logaddexp", "maximum", "sigmoid"} <= set(names)
    assert len(names) == len(set(names))


def test_every_row_has_javascript() -> None:
    rows = {name: TABLE[name] for name in BUILT_IN}  # other tests add rows in Python
    source = javascript(rows)
    assert all(f'rows["{name}"] = [' in source for name in rows)
    assert "**" not in source  # JavaScript's differs: 1 ** NaN


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("-x ** 2", "(-math.pow(x, 2.0))"),
        ("inf - nan", "(Infinity - NaN)"),
        ("1e22 * round(x)", "(1e+22 * math.round(x))"),
        ("x / y if x != y else sin(x)", "((x != y) ? (x / y) : Math.sin(x))"),
        ("relu(x)", 'rows["relu"][0](x)'),
    ],
)
def test_expressions_in_javascript(text: str, script: str) -> None:
    assert expression(ast.parse(text, mode="eval").body) == script


def test_javascript_of_a_row_over_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Op("norm", "z + w * x * x", "x * x, 2.0 * w * x", operands="*w, *x", start="0.0")
    monkeypatch.setitem(TABLE, "norm", row)
    assert javascript(["norm"]) == (
        'rows["norm"] = [(w$, x$) => w$.reduce((z, w, i$) => { const x = x$[i$]; return (z + ((w * x) * x)); }, 0.0), '
        "(z, w$, x$) => [...w$.map((w, i$) => { const x = x$[i$]; return (x * x); }), "
        "...w$.map((w, i$) => { const x = x$[i$]; return ((2.0 * w) * x); })]];"
    )


# ----- a training -----


def _trained(**settings: Any) -> Explorer:
    model = nn.MLP(2, [2, 1], seed=0)
    moons = data.moons(20, noise=0.1, seed=0)
    history = train.fit(model, moons, lr=0.05, epochs=4, record=1, progress=False)
    return explore(history, model=model, data=moons, **settings)


def test_training_data_has_every_recorded_epoch(tmp_path: Path) -> None:
    page = _trained(path=tmp_path / "training.html")
    assert (tmp_path / "training.html").exists()
    assert page.title == "MLP over 5 recorded epochs"
    graph = data_of(page)
    found = graph["training"]
    assert [frame[0] for frame in found["frames"]] == [0, 1, 2, 3, 4]
    assert len(found["points"]) == 20 and found["classes"] == ["0", "1"]
    assert graph["names"][-1] == "sample_loss"
    assert [graph["names"][node] for node in found["inputs"]] == ["x1", "x2"]
    assert found["threshold"] == 0.0 and len(found["columns"]["loss"]) == 5


def test_training_data_of_several_classes_own_losses_and_squared_errors() -> None:
    # Three classes: several outputs, with a boundary between each pair of them.
    model = nn.MLP(2, [3, 3], seed=0)
    blobs = data.blobs(30, seed=0)
    history = train.fit(model, blobs, epochs=2, record=1, progress=False)
    found = data_of(explore(history, model=model, data=blobs))["training"]
    assert len(found["outputs"]) == 3 and {point[2] for point in found["points"]} == {0, 1, 2}
    # One input and the caller's own loss: no boundary, and the graph of the model's output.
    line = nn.MLP(1, [2, 1], seed=0)
    rows = [[0.1], [0.2], [0.9]], [0.3, 0.1, 0.7]

    def largest(predictions: list[Value], targets: list[float]) -> Value:
        return ag.functions.maximum(
            *[(p - t) ** 2 for p, t in zip(predictions[:2], targets[:2], strict=True)]
        )

    history = train.fit(line, rows, largest, epochs=2, record=1, progress=False)
    graph = data_of(explore(history, model=line, data=rows))
    assert graph["training"]["points"] == [] and graph["names"][-1] == "y"
    # Targets 0 and 1 with squared error: the threshold is 0.5.
    square = nn.MLP(2, [2, 1], seed=0)
    moons = data.moons(20, seed=0)
    history = train.fit(square, moons, "mse", epochs=1, record=1, progress=False)
    assert data_of(explore(history, model=square, data=moons))["training"]["threshold"] == 0.5


def test_a_regression_has_no_boundary() -> None:
    model = nn.MLP(2, [2, 1], seed=0)
    rows = [[i / 20, i / 10] for i in range(20)], [i / 3 for i in range(20)]
    history = train.fit(model, rows, epochs=1, record=1, progress=False)
    assert data_of(explore(history, model=model, data=rows))["training"]["points"] == []
    pairs = rows[0], [[x, x] for x in rows[1]]
    model = nn.MLP(2, [2, 2], seed=0)
    history = train.fit(model, pairs, epochs=1, record=1, progress=False)
    assert data_of(explore(history, model=model, data=pairs))["training"]["points"] == []


def test_a_long_training_is_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograd_scalar.show.explorer.training_data.MAX_NUMBERS", 30)
    frames = data_of(_trained())["training"]["frames"]
    assert [frame[0] for frame in frames] == [0, 2, 4]


def test_a_training_without_recorded_epochs_shows_its_end() -> None:
    model = nn.MLP(2, [2, 1], seed=0)
    history = train.fit(model, data.moons(20, seed=0), epochs=3, progress=False)
    page = history.explore()
    found = data_of(page)["training"]
    assert page.title == "MLP after training" and page.path is None
    assert found["frames"] == [[3, *(v.data for v in model.parameters())]]


def test_a_training_that_kept_its_best_epoch_says_which() -> None:
    model = nn.MLP(2, [2, 1], seed=0)
    history = train.fit(
        model, data.moons(20, seed=0), lr=3.0, epochs=30, early_stopping=1, progress=False
    )
    assert history.kept == history.best_epoch < len(history)
    (frame,) = data_of(ag.explore(history))["training"]["frames"]
    assert frame == [history.kept, *(v.data for v in model.parameters())]


def test_a_training_from_a_file_needs_its_model_and_data() -> None:
    with pytest.raises(TypeError, match="pass model= and data="):
        ag.explore(train.History())


# ----- the command -----


def test_the_command_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "neuron.html"
    assert main(["explore", "tanh(w*x + b)", "w=2", "x=-3", "-o", str(path), "b=6.88"]) == 0
    assert (
        capsys.readouterr().out == f"tanh(w*x + b) = 0.706419\nwrote {path}: open it in a browser\n"
    )
    assert "<title>y = tanh(w*x + b)</title>" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["x", "x=1", "-o", "x.svg"], "x.svg: the name of a page must end in .html"),
        (["x*y", "x=1"], "no value is given for y"),
        (["__import__('os')"], "column 1: "),
    ],
)
def test_command_line_errors_are_one_line(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explore", *argv]) == 2
    assert capsys.readouterr().err.startswith(f"autograd-scalar explore: {message}")
