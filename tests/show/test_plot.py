"""Plots: they show the given numbers, on the axes they are given, in light and dark themes."""

from __future__ import annotations

import subprocess
import sys
from math import inf, nan, sqrt, tanh

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from PIL import Image

from autograd_scalar import Value, nn
from autograd_scalar.data import Dataset
from autograd_scalar.show.plots import plot
from autograd_scalar.show.plots.figure import COLOURS
from autograd_scalar.show.plots.layers import layer_outputs
from autograd_scalar.train import History
from autograd_scalar.train.history import Frame


def history(**columns: list[float]) -> History:
    made = History()
    made.columns = {"epoch": list(range(1, len(columns["loss"]) + 1)), **columns}
    return made


def lines(axes) -> dict[str, list[float]]:
    return {str(line.get_label()): list(line.get_ydata()) for line in axes.get_lines()}


X = [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]]


# ----- the axes -----


def drawn_by_each(**settings) -> list:
    """Return what each plot returns, all for the same settings."""
    return [
        plot.loss_curve(history(loss=[1.0, 0.5], accuracy=[0.5, 0.9]), **settings),
        plot.metric_curve(history(loss=[1.0, 0.5], accuracy=[0.5, 0.9]), **settings),
        plot.activation("tanh", **settings),
        plot.decision_boundary(lambda x: x[0] - 0.5, X, [0, 1, 0, 1], grid=4, **settings),
        plot.weights(nn.MLP(2, [1], seed=0), **settings),
        plot.gradients(nn.MLP(2, [1], seed=0), **settings),
        plot.gradient_flow(trained(), **settings),
        plot.activations(nn.MLP(2, [1], seed=0), X, **settings),
        plot.update_ratios(nn.MLP(1, [1]), [[1.0, 1.0], [1.1, 1.2]], **settings),
        plot.loss_surface(
            *(lambda: 1.0, nn.MLP(1, [1]), [[1.0, 1.0], [1.1, 1.2]]), **{"grid": 3, **settings}
        ),
    ]


def trained() -> nn.MLP:
    """Return a model after backward()."""
    model = nn.MLP(2, [3, 1], seed=0)
    model([1.0, 2.0]).backward()
    return model


def test_importing_plot_imports_no_heavy_package():
    code = (
        "import sys, autograd_scalar.show.plots.plot, autograd_scalar.show.draw; "
        "assert not {'numpy', 'matplotlib', 'graphviz', 'PIL'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_pyplot_is_imported_only_for_a_new_figure():
    code = (
        "import sys; from matplotlib.figure import Figure; from autograd_scalar import plot, nn; "
        "plot.loss_curve([1.0, 0.5], ax=Figure().add_subplot()); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_pyplot_shows_the_figures_of_plots():
    for axes in drawn_by_each():
        assert isinstance(axes, Axes)
        assert plt.figure(axes.figure.number) is axes.figure


def test_plots_use_the_given_axes():
    axes = Figure().add_subplot()
    for drawn in drawn_by_each(ax=axes, label="mine", color="#123456"):
        assert drawn is axes
    assert not plt.get_fignums()


@pytest.mark.slow
def test_plots_take_a_label_and_a_colour():
    for axes in drawn_by_each(label="mine", color="#123456"):
        assert any("mine" in text.get_text() for text in axes.get_legend().get_texts())
        stairs = [to_hex(patch.get_edgecolor()) for patch in axes.patches]
        assert "#123456" in {*stairs, *(line.get_color() for line in axes.get_lines())}


def test_two_runs_compare_in_one_picture():
    axes = plot.loss_curve(history(loss=[1.0, 0.5], val_loss=[1.1, 0.7]), label="sgd")
    plot.loss_curve([1.0, 0.2], label="adam", ax=axes)
    assert list(lines(axes)) == [
        *("sgd", "sgd, validation", "sgd, best 0.7"),
        *("adam", "adam, best 0.2"),
    ]
    sgd, validation, best, adam, _ = (line.get_color() for line in axes.get_lines())
    assert sgd == validation == best == COLOURS[0]
    assert adam == COLOURS[1]


def luminance(colour) -> float:
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True))


def contrast(one, other) -> float:
    """Return the contrast of two colours as WCAG defines it."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["default", "dark_background"])
def test_text_and_lines_are_legible_in_every_theme(theme):
    with plt.style.context(theme):
        for axes in drawn_by_each(label="mine"):
            paper = axes.figure.get_facecolor()
            assert paper == axes.get_facecolor()
            texts = [
                *(axes.title, axes.xaxis.label, axes.yaxis.label),
                *axes.get_xticklabels(),
                *axes.get_yticklabels(),
                *axes.get_legend().get_texts(),
            ]
            for text in texts:
                assert contrast(text.get_color(), paper) > 4.5
            for line in axes.get_lines():
                if line.get_linewidth() == 4.0 and line.get_color() == paper:
                    continue  # the outline of a path
                assert contrast(line.get_color(), paper) > 3.0


@pytest.mark.slow
def test_a_legend_covers_no_part_of_the_plot():
    for axes in drawn_by_each(label="mine"):
        axes.figure.canvas.draw()
        legend = axes.get_legend().get_window_extent()
        assert legend.x0 >= axes.get_window_extent().x1
        assert legend.x1 <= axes.figure.bbox.x1


# ----- losses -----


def test_losses_are_plotted_by_epoch():
    axes = plot.loss_curve(history(loss=[0.9, 0.5, 0.4], val_loss=[1.0, 0.6, 0.8]))
    drawn = lines(axes)
    assert drawn["training"] == [0.9, 0.5, 0.4]
    assert drawn["validation"] == [1.0, 0.6, 0.8]
    assert drawn["best 0.6"] == [0.6]
    assert axes.get_yscale() == "linear"


def test_accuracy_or_error_is_a_plot_of_its_own():
    axes = plot.metric_curve(history(loss=[0.9, 0.5], error=[3.0, 2.0], val_error=[4.0, 3.0]))
    assert axes.get_ylabel() == "error"
    assert lines(axes) == {"training": [3.0, 2.0], "validation": [4.0, 3.0]}
    with pytest.raises(
        ValueError, match="no accuracy or error to plot; the columns are loss, epoch"
    ):
        plot.metric_curve([1.0, 0.5])


def test_losses_over_a_wide_range_get_a_logarithmic_scale():
    assert plot.loss_curve([1.0, 0.1, 0.001]).get_yscale() == "log"
    assert plot.loss_curve([1.0, 0.1, 0.0]).get_yscale() == "linear"


def test_non_finite_losses_leave_gaps():
    drawn = lines(plot.loss_curve({"loss": [0.5, nan, 0.4, inf]}))
    assert drawn["best 0.4"] == [0.4]
    assert list(lines(plot.loss_curve([nan]))) == ["training"]


@pytest.mark.parametrize("empty", [[], {}, {"loss": []}, {"epoch": [1.0]}, History()])
def test_a_history_without_losses_raises_value_error(empty):
    with pytest.raises(ValueError, match="no loss to plot; the columns are"):
        plot.loss_curve(empty)


@pytest.mark.parametrize("wrong", [3.0, "loss", None])
def test_other_objects_than_histories_raise_type_error(wrong):
    with pytest.raises(TypeError, match="expected a History, a mapping of columns or a list"):
        plot.loss_curve(wrong)


# ----- activations -----


def test_an_activation_is_plotted_with_its_derivatives():
    axes = plot.activation("tanh")
    x = np.array(axes.get_lines()[0].get_xdata())
    drawn = lines(axes)
    assert (x[0], x[-1]) == (-5.0, 5.0)
    z = np.array([tanh(place) for place in x])
    assert drawn["tanh"] == pytest.approx(z)
    assert drawn["tanh'"] == pytest.approx(1 - z**2)
    assert drawn["tanh''"] == pytest.approx(-2 * z * (1 - z**2))
    assert axes.get_title() == r"$\tanh \left(x\right)$"


@pytest.mark.slow
@pytest.mark.parametrize("name", nn.activations.activation_names())
def test_every_activation_can_be_plotted(name):
    axes = plot.activation(name)
    assert axes.get_title()
    axes.figure.canvas.draw()


def test_the_range_is_the_domain_or_as_given():
    assert min(plot.activation("log").get_lines()[0].get_xdata()) > 0.0
    x = plot.activation("log", low=1.0, high=2.0).get_lines()[0].get_xdata()
    assert (min(x), max(x)) == (1.0, 2.0)
    with pytest.raises(ValueError, match=r"low must be below high, got low=2\.0 and high=1\.0"):
        plot.activation("tanh", low=2.0, high=1.0)


def test_jumps_are_gaps():
    drawn = lines(plot.activation("step"))
    assert sum(np.isnan(drawn["step"])) == 1
    assert not any(np.isnan(lines(plot.activation("relu"))["relu"]))


def test_poles_do_not_flatten_the_other_curves():
    low, high = plot.activation("log").get_ylim()
    assert -20 < low < high < 20  # the second derivative goes down to -100


def test_functions_are_labelled_by_their_name():
    def cube(x):
        return x**3

    assert list(lines(plot.activation(cube)))[:2] == ["cube", "cube'"]
    assert "f" in lines(plot.activation(lambda x: x * x))
    constant = plot.activation(lambda x: Value(2.0))
    assert set(lines(constant)["f'"]) == {0.0}
    branching = plot.activation(lambda x: (lambda h: h.relu() * h)(x + x))
    assert branching.get_title() == "f"  # mathtext cannot typeset aligned lines
    assert "tanh" in lines(plot.activation(nn.Tanh()))


def test_a_function_that_is_nan_everywhere_has_an_empty_plot():
    assert all(np.isnan(lines(plot.activation(lambda x: x * nan))["f"]))


def test_the_error_for_an_unknown_activation_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown activation 'thanh'; choose from .*tanh"):
        plot.activation("thanh")


# ----- parameters -----


def test_parameters_are_plotted_by_layer():
    model = nn.MLP(2, [3, 1], seed=0)
    for parameter in model.parameters():
        parameter.grad = 2.0 * parameter.data
    for axes, factor in ((plot.weights(model), 1.0), (plot.gradients(model), 2.0)):
        assert [t.get_text() for t in axes.get_yticklabels()] == ["layers.0\n9", "layers.1\n4"]
        shown = [
            x for line in axes.get_lines() if line.get_marker() == "o" for x in line.get_xdata()
        ]
        assert shown == pytest.approx([factor * p.data for p in model.parameters()])


def test_the_median_and_the_quartiles_are_marked():
    model = nn.Neuron(4, seed=0)
    for weight, data in zip(model.w, (1.0, 2.0, 3.0, 40.0), strict=True):
        weight.data = data
    _, quartiles, median, *_ = plot.weights(model).get_lines()
    assert list(quartiles.get_xdata()) == [1.0, 3.0]
    assert list(median.get_xdata()) == [2.0]


def test_gradients_over_a_wide_range_get_a_logarithmic_scale():
    model = nn.MLP(1, [1, 1], seed=0)
    assert "call backward()" in plot.gradients(model).get_title()
    for parameter, grad in zip(model.parameters(), (1e-6, 1e-6, 1.0, 1.0), strict=True):
        parameter.grad = grad
    assert plot.gradients(model).get_xscale() == "symlog"
    model.parameters()[0].grad = nan
    plot.gradients(model).figure.canvas.draw()


def test_objects_without_parameters_raise_errors():
    with pytest.raises(TypeError, match="expected a module with named parameters, got list"):
        plot.weights([1.0])
    with pytest.raises(ValueError, match="this Activation has no parameters"):
        plot.gradients(nn.Tanh())


def test_the_flow_of_the_gradient_is_its_size_by_layer():
    model = nn.MLP(1, [1, 1], seed=0)
    assert "call backward()" in plot.gradient_flow(model).get_title()
    for parameter, grad in zip(model.parameters(), (3.0, 4.0, 0.0, 0.0), strict=True):
        parameter.grad = grad
    axes = plot.gradient_flow(model, label="mine")
    assert lines(axes)["mine"] == pytest.approx([sqrt(12.5), nan], nan_ok=True)
    assert [t.get_text() for t in axes.get_xticklabels()] == ["layers.0", "layers.1"]
    assert axes.get_yscale() == "log"


# ----- activations -----


def test_outputs_are_counted_by_layer():
    model = nn.Sequential(nn.Linear(1, 2, init="zeros"), "tanh", nn.Linear(2, 1, init="zeros"))
    for w, b, data in zip(model.modules[0].w, model.modules[0].b, (100.0, 0.0), strict=True):
        w[0].data, b.data = data, 0.5
    axes = plot.activations(model, [[1.0], [2.0], [-3.0]])
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts[1] == "layer 1 tanh: std 0.67, 50 % saturated, 1 of 2 dead"
    for patch in axes.patches:
        assert sum(patch.get_data().values) == pytest.approx(1.0)


def test_dead_relus_are_counted():
    model = nn.MLP(2, [3, 1], seed=0)
    model.layers[0].neurons[1].b.data = -100.0
    (first, last) = layer_outputs(model, X)
    assert first.summary().endswith("saturated, 1 of 3 dead")
    assert last.name == "layer 1" and "saturated" not in last.summary()
    assert [v.data for v in last.rows[2]] == [model(X[2]).data]
    assert len(layer_outputs([lambda row: row[0]], Dataset(X, [0, 1, 0, 1]))[0].data) == 4


def test_activations_need_a_chain_and_rows():
    with pytest.raises(
        TypeError, match="expected an MLP, a Sequential or a list of layers, got Neu"
    ):
        plot.activations(nn.Neuron(2), X)
    with pytest.raises(ValueError, match="needs rows of inputs, got none"):
        plot.activations(nn.MLP(2, [1]), [])
    plot.activations(nn.MLP(2, [1]), [[nan, 1.0], [inf, 0.0]]).figure.canvas.draw()


# ----- steps -----


def test_updates_are_measured_against_the_parameters():
    model = nn.MLP(1, [1, 1], seed=0)
    frames = [[3.0, 4.0, 1.0, 0.0], [3.0, 4.5, 1.0, 0.0], [3.0, 4.5, 1.0, 0.1]]
    axes = plot.update_ratios(model, frames)
    assert lines(axes)["layers.0"] == pytest.approx([0.1, nan], nan_ok=True)
    assert lines(axes)["layers.1"] == pytest.approx([nan, 0.1], nan_ok=True)
    assert axes.get_xlabel() == "step"
    made = History()
    made.frames = [Frame(0, frames[0]), Frame(5, frames[1])]
    axes = plot.update_ratios(model, made)
    assert axes.get_xlabel() == "epoch" and list(axes.get_lines()[0].get_xdata()) == [5.0]
    with pytest.raises(
        ValueError, match=r"expected two or more frames, got 0: fit\(..., record=1\)"
    ):
        plot.update_ratios(model, History())
    with pytest.raises(ValueError, match="the model has 4 parameters, a frame has 3"):
        plot.update_ratios(model, [[1.0] * 3] * 2)


# ----- surfaces -----


def test_two_parameters_span_the_surface():
    a, b = Value(1.0, label="a"), Value(2.0)
    seen = []

    def loss():
        seen.append((a.data, b.data))
        return a * a + b * b

    axes = plot.loss_surface(loss, [a, b], [[1.0, 2.0], [0.0, 1.0]], grid=5, label="descent")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a", "params[1]")
    assert list(axes.get_lines()[1].get_xdata()) == [1.0, 0.0]
    assert seen[0] == pytest.approx((-0.35, 0.65)) and seen[-1] == pytest.approx((1.35, 2.35))
    assert len(seen) == 25 and (a.data, b.data) == (1.0, 2.0)
    axes.figure.canvas.draw()


@pytest.mark.slow
def test_the_plane_goes_along_the_path():
    values = [Value(float(k)) for k in range(4)]
    path = [[4.0, 0.0, 0.0, 0.0], [2.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    axes = plot.loss_surface(lambda: sum((v * v for v in values), Value(0.0)), values, path, grid=5)
    x, y = axes.get_lines()[1].get_data()
    assert (x**2 + y**2) == pytest.approx([16.0, 5.0, 0.0])  # distances are kept: all in the plane
    assert axes.get_xlabel().endswith("% of the path")
    assert x[0] < x[-1]
    along_a_line = plot.loss_surface(lambda: 1.0, values, path[::2], grid=3)
    assert "direction 2, 0 % of the path" in along_a_line.get_ylabel()
    without = plot.loss_surface(lambda: values[0] * 1.0, values, grid=3)
    assert not without.get_lines() and without.get_xlabel() == "direction 1"
    plot.loss_surface(lambda: nan, values, grid=3).figure.canvas.draw()


def test_a_loss_surface_restores_the_parameters():
    values = [Value(1.0), Value(2.0)]
    with pytest.raises(ZeroDivisionError):
        plot.loss_surface(lambda: 1 / 0, values)
    assert [v.data for v in values] == [1.0, 2.0]
    with pytest.raises(ValueError, match="a plane needs two or more parameters, got 1"):
        plot.loss_surface(lambda: 1.0, values[:1])


# ----- boundaries -----


def contour_lines(axes):
    return [
        path.vertices
        for collection in axes.collections
        if getattr(collection, "filled", None) is False
        for path in collection.get_paths()
        if len(path.vertices)
    ]


def test_the_boundary_is_where_the_output_is_at_its_threshold():
    def model(x):
        return x[0] * 2.0 + x[1]

    for threshold in (0.0, 0.7):
        axes = plot.decision_boundary(model, X, [-1, 1, 1, -1], grid=21, threshold=threshold)
        (vertices,) = contour_lines(axes)
        assert 2.0 * vertices[:, 0] + vertices[:, 1] == pytest.approx(threshold)
        assert [t.get_text() for t in axes.get_legend().get_texts()] == ["-1", "1"]


def test_the_largest_of_several_outputs_decides():
    def model(x):
        return [x[0], x[1], 0.5]  # a float is an output too

    axes = plot.decision_boundary(model, X, [0, 1, 1, 2], grid=31)
    for vertices in contour_lines(axes):
        largest = np.sort(np.column_stack([vertices, np.full(len(vertices), 0.5)]), axis=1)
        assert largest[:, 2] == pytest.approx(largest[:, 1], abs=0.05)
    assert len(axes.get_legend().get_texts()) == 3


def test_an_output_that_is_never_largest_has_no_region():
    axes = plot.decision_boundary(lambda x: [x[0], x[0] - 1.0], X, [0, 1, 0, 1], grid=5)
    assert contour_lines(axes) == []


def test_a_dataset_sets_the_names_and_the_threshold():
    data = Dataset(X, [0, 1, 0, 1], features=["height", "weight"], classes=["no", "yes"])
    data.schema = data.schema._replace(threshold=0.5)
    axes = plot.decision_boundary(lambda x: x[0], data, grid=9)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("height", "weight")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["no", "yes"]
    (vertices,) = contour_lines(axes)
    assert vertices[:, 0] == pytest.approx(0.5)


def clouds(axes) -> dict[str, tuple[str, list]]:
    """Return the colour and the points of each class by its name."""
    return {
        str(cloud.get_label()): (to_hex(cloud.get_facecolor()[0]), cloud.get_offsets().tolist())
        for cloud in axes.collections
        if isinstance(cloud, PathCollection)
    }


def test_points_are_plotted_by_class():
    axes = plot.decision_boundary(lambda x: x[0], X, [0, 1, 0, 1], grid=3)
    assert clouds(axes) == {
        "0": (COLOURS[0], [[0.0, 0.0], [0.0, 1.0]]),
        "1": (COLOURS[1], [[1.0, 1.0], [1.0, 0.0]]),
    }


def test_a_class_has_one_colour_however_many_there_are():
    def of(model, y, **names):
        axes = plot.decision_boundary(model, Dataset(X, y, **names), grid=3)
        return {name: colour for name, (colour, _) in clouds(axes).items()}

    assert of(lambda x: x[0], [0, 1, 0, 1]) == {"0": COLOURS[0], "1": COLOURS[1]}
    assert of(lambda x: x[0], [-1, 1, -1, 1]) == {"-1": COLOURS[0], "1": COLOURS[1]}
    three = ["no", "perhaps", "yes"]
    whole = dict(zip(three, COLOURS, strict=False))
    assert of(lambda x: [x[0], x[1], 0.5], [0, 1, 2, 1], classes=three) == whole
    # Also where no point is of the class in the middle.
    assert of(lambda x: [x[0], x[1], 0.5], [0, 2, 2, 0], classes=three) == whole


def test_the_shade_of_a_region_is_the_colour_of_its_class():
    for model in (lambda x: x[0] - 0.5, lambda x: [0.5 - x[0], x[0] - 0.5]):
        axes = plot.decision_boundary(model, X, [0, 1, 1, 0], grid=9)
        axes.figure.canvas.draw()
        left, right = (
            np.asarray(axes.figure.canvas.buffer_rgba())[
                tuple(int(c) for c in (axes.figure.bbox.height - y, x))
            ][:3]
            for x, y in axes.transData.transform([(0.03, 0.5), (0.97, 0.5)])
        )
        assert left[2] > left[0] and right[0] > right[2]  # blue, and vermilion


def test_a_standardised_dataset_is_plotted_in_its_own_units():
    flowers = Dataset([[100.0, 0.1], [300.0, 0.2], [200.0, 0.4], [400.0, 0.3]], [0, 1, 0, 1],
                      features=["mass (g)", "width (m)"])  # fmt: skip
    scaled = flowers.standardise()
    axes = plot.decision_boundary(lambda x: x[0], scaled, grid=9)
    points = [point for _, shown in clouds(axes).values() for point in shown]
    assert np.array(points) == pytest.approx(np.array([flowers.X[k] for k in (0, 2, 1, 3)]))
    low, high = axes.get_xlim()
    assert 50.0 < low < 100.0 and 400.0 < high < 450.0
    (vertices,) = contour_lines(axes)
    assert vertices[:, 0] == pytest.approx(250.0)  # the mean, which the model sees as 0


def test_boundaries_of_two_models_compare_in_one_picture():
    axes = plot.decision_boundary(lambda x: x[0] - 0.5, X, [0, 1, 0, 1], grid=5, label="first")
    plot.decision_boundary(
        *(lambda x: x[1] - 0.5, X, [0, 1, 0, 1]),
        **{"grid": 5, "fill": False, "label": "second", "color": "#123456", "ax": axes},
    )
    assert len(clouds(axes)) == 2
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["first", "0", "1", "second"]
    assert len(contour_lines(axes)) == 2


def test_decision_boundary_records_nothing():
    seen = []

    def model(x):
        seen.append(x[0] + x[1])
        return seen[-1]

    plot.decision_boundary(model, X, [0, 1, 0, 1], grid=3)
    assert len(seen) == 9 and not any(v.parents for v in seen)


@pytest.mark.slow
@pytest.mark.parametrize("output", [nan, inf, 0.0, 5.0])
def test_constant_and_non_finite_outputs_have_no_boundary(output):
    for model in (lambda x: output, lambda x: [output, output]):
        axes = plot.decision_boundary(model, X, [0, 1, 0, 1], grid=3)
        axes.figure.canvas.draw()
        assert contour_lines(axes) == []


def test_a_single_point_has_a_margin():
    axes = plot.decision_boundary(lambda x: x[0], [[1.0, 2.0]], [0], grid=3)
    assert axes.get_xlim()[0] < 1.0 < axes.get_xlim()[1]


def test_invalid_data_raises_errors():
    def plot_boundary(X, y=None):
        return plot.decision_boundary(lambda x: x[0], X, y, grid=3)

    with pytest.raises(ValueError, match="rows of 2 inputs, got a row of 3"):
        plot_boundary([[1.0, 2.0, 3.0]], [0])
    with pytest.raises(ValueError, match="needs points, got no rows"):
        plot_boundary([], [])
    with pytest.raises(ValueError, match="X has 4 rows and y has 1 targets"):
        plot_boundary(X, [0])
    with pytest.raises(ValueError, match="at most 8 classes, got 9 distinct values in y"):
        plot_boundary([[float(i), 0.0] for i in range(9)], range(9))
    with pytest.raises(TypeError, match="expected X and y, or a Dataset, got list without y"):
        plot_boundary(X)


# ----- animations -----


@pytest.mark.slow
def test_a_gif_has_a_frame_per_title_and_is_small(tmp_path):
    weight = Value(0.0)

    def steps():
        for step in range(40):
            weight.data = step / 20.0
            yield f"step {step}"

    path = plot.boundary_gif(
        lambda x: x[0] * weight - x[1], X * 10, [0, 1, 0, 1] * 10, steps(), tmp_path / "gif.gif"
    )
    assert path.stat().st_size < 400_000
    with Image.open(path) as gif:
        assert gif.n_frames == 40
        first = gif.convert("RGB").tobytes()
        gif.seek(39)
        assert gif.convert("RGB").tobytes() != first


@pytest.mark.slow
def test_a_gif_replays_a_history(tmp_path):
    model = nn.MLP(2, [1], seed=0)
    data = [p.data for p in model.parameters()]
    made = History.from_json(
        {
            "columns": {},
            "settings": {},
            "stopped": "",
            "frames": [[0, [1.0, 0.0, 0.0]], [5, [0.0, 1.0, 0.0]]],
        }
    )
    path = plot.boundary_gif(
        model, Dataset(X, [0, 1, 0, 1]), None, made, str(tmp_path / "f.gif"), grid=5, fps=2
    )
    with Image.open(path) as gif:
        assert gif.n_frames == 2
        assert gif.width > 600  # twice the pixels of a usual screen
        assert gif.info["duration"] == 500
    assert [p.data for p in model.parameters()] == data


def test_a_gif_without_frames_raises_value_error(tmp_path):
    with pytest.raises(ValueError, match=r"no frames to show: fit\(..., record=1\)"):
        plot.boundary_gif(nn.Neuron(2), X, [0, 1, 0, 1], History(), tmp_path / "f.gif")
    assert list(tmp_path.iterdir()) == []


def test_plots_leave_rcparams_alone():
    before = dict(matplotlib.rcParams)
    plot.loss_curve([1.0, 0.5])
    plot.activation("relu")
    assert dict(matplotlib.rcParams) == before
