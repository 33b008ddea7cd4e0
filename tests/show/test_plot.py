"""Plots: they show the given numbers, and leave pyplot alone."""

from __future__ import annotations

import subprocess
import sys
from math import inf, nan, tanh

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from autograd_scalar import Value, nn
from autograd_scalar.data import Dataset
from autograd_scalar.show.plots import plot
from autograd_scalar.train import History


def history(**columns: list[float]) -> History:
    made = History()
    made.columns = {"epoch": list(range(1, len(columns["loss"]) + 1)), **columns}
    return made


def lines(axes) -> dict[str, list[float]]:
    return {str(line.get_label()): list(line.get_ydata()) for line in axes.get_lines()}


X = [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]]


# ----- the figure -----


@pytest.mark.slow
def test_plots_do_not_import_pyplot():
    code = (
        "import sys; from autograd_scalar import plot, nn; "
        "plot.loss_curve([1.0, 0.5])._repr_png_(); plot.weights(nn.MLP(2, [1])); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_plot_imports_no_heavy_package():
    code = (
        "import sys, autograd_scalar.show.plots.plot, autograd_scalar.show.draw; "
        "assert not {'numpy', 'matplotlib', 'graphviz', 'PIL'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_plot_displays_as_png_in_a_notebook():
    assert plot.loss_curve([1.0, 0.5])._repr_png_().startswith(b"\x89PNG")


def test_plots_use_the_given_axes():
    axes = Figure().add_subplot()
    for drawn in (
        plot.loss_curve(history(loss=[1.0, 0.5], accuracy=[0.5, 0.9]), ax=axes),
        plot.activation("tanh", ax=axes),
        plot.decision_boundary(lambda x: x[0] - 0.5, X, [0, 1, 0, 1], grid=4, ax=axes),
        plot.weights(nn.MLP(2, [1], seed=0), ax=axes),
        plot.gradients(nn.MLP(2, [1], seed=0), ax=axes),
    ):
        assert drawn is axes.figure


# ----- losses -----


def test_losses_are_plotted_by_epoch():
    figure = plot.loss_curve(history(loss=[0.9, 0.5, 0.4], val_loss=[1.0, 0.6, 0.8]))
    (axes,) = figure.axes
    drawn = lines(axes)
    assert drawn["training"] == [0.9, 0.5, 0.4]
    assert drawn["validation"] == [1.0, 0.6, 0.8]
    assert drawn["best, 0.6"] == [0.6]
    assert axes.get_yscale() == "linear"


@pytest.mark.slow
def test_accuracy_or_error_is_plotted_below():
    above, below = plot.loss_curve(history(loss=[0.9, 0.5], error=[3.0, 2.0])).axes
    assert above.get_ylabel() == "loss" and below.get_ylabel() == "error"
    assert lines(below) == {"training": [3.0, 2.0]}


def test_losses_over_a_wide_range_get_a_logarithmic_scale():
    assert plot.loss_curve([1.0, 0.1, 0.001]).axes[0].get_yscale() == "log"
    assert plot.loss_curve([1.0, 0.1, 0.0]).axes[0].get_yscale() == "linear"


def test_non_finite_losses_leave_gaps():
    drawn = lines(plot.loss_curve({"loss": [0.5, nan, 0.4, inf]}).axes[0])
    assert drawn["best, 0.4"] == [0.4]
    assert list(lines(plot.loss_curve([nan]).axes[0])) == ["training"]


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
    (axes,) = plot.activation("tanh").axes
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
    figure = plot.activation(name)
    assert figure.axes[0].get_title()
    figure.canvas.draw()


def test_the_range_is_the_domain_or_as_given():
    assert min(plot.activation("log").axes[0].get_lines()[0].get_xdata()) > 0.0
    x = plot.activation("log", low=1.0, high=2.0).axes[0].get_lines()[0].get_xdata()
    assert (min(x), max(x)) == (1.0, 2.0)
    with pytest.raises(ValueError, match=r"low must be below high, got low=2\.0 and high=1\.0"):
        plot.activation("tanh", low=2.0, high=1.0)


def test_jumps_are_gaps():
    drawn = lines(plot.activation("step").axes[0])
    assert sum(np.isnan(drawn["step"])) == 1
    assert not any(np.isnan(lines(plot.activation("relu").axes[0])["relu"]))


def test_poles_do_not_flatten_the_other_curves():
    low, high = plot.activation("log").axes[0].get_ylim()
    assert -20 < low < high < 20  # the second derivative goes down to -100


def test_functions_are_labelled_by_their_name():
    def cube(x):
        return x**3

    assert list(lines(plot.activation(cube).axes[0]))[:2] == ["cube", "cube'"]
    assert "f" in lines(plot.activation(lambda x: x * x).axes[0])
    constant = plot.activation(lambda x: Value(2.0)).axes[0]
    assert set(lines(constant)["f'"]) == {0.0}
    branching = plot.activation(lambda x: (lambda h: h.relu() * h)(x + x)).axes[0]
    assert branching.get_title() == "f"  # mathtext cannot typeset aligned lines
    assert "tanh" in lines(plot.activation(nn.Tanh()).axes[0])


def test_a_function_that_is_nan_everywhere_has_an_empty_plot():
    assert all(np.isnan(lines(plot.activation(lambda x: x * nan).axes[0])["f"]))


def test_the_error_for_an_unknown_activation_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown activation 'thanh'; choose from .*tanh"):
        plot.activation("thanh")


# ----- parameters -----


def test_parameters_are_plotted_by_layer():
    model = nn.MLP(2, [3, 1], seed=0)
    for parameter in model.parameters():
        parameter.grad = 2.0 * parameter.data
    for drawn, factor in ((plot.weights(model), 1.0), (plot.gradients(model), 2.0)):
        (axes,) = drawn.axes
        assert [t.get_text() for t in axes.get_yticklabels()] == ["layers.0\n9", "layers.1\n4"]
        shown = [x for strip in axes.collections for x, _ in strip.get_offsets()]
        assert shown == pytest.approx([factor * p.data for p in model.parameters()])


def test_the_median_and_the_quartiles_are_marked():
    model = nn.Neuron(4, seed=0)
    for weight, data in zip(model.w, (1.0, 2.0, 3.0, 40.0), strict=True):
        weight.data = data
    quartiles, median, *_ = plot.weights(model).axes[0].get_lines()
    assert list(quartiles.get_xdata()) == [1.0, 3.0]
    assert list(median.get_xdata()) == [2.0]


def test_gradients_over_a_wide_range_get_a_logarithmic_scale():
    model = nn.MLP(1, [1, 1], seed=0)
    assert "call backward()" in plot.gradients(model).axes[0].get_title()
    for parameter, grad in zip(model.parameters(), (1e-6, 1e-6, 1.0, 1.0), strict=True):
        parameter.grad = grad
    assert plot.gradients(model).axes[0].get_xscale() == "symlog"
    model.parameters()[0].grad = nan
    plot.gradients(model).canvas.draw()


def test_objects_without_parameters_raise_errors():
    with pytest.raises(TypeError, match="expected a module with named parameters, got list"):
        plot.weights([1.0])
    with pytest.raises(ValueError, match="this Activation has no parameters"):
        plot.gradients(nn.Tanh())


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
        figure = plot.decision_boundary(model, X, [-1, 1, 1, -1], grid=21, threshold=threshold)
        (vertices,) = contour_lines(figure.axes[0])
        assert 2.0 * vertices[:, 0] + vertices[:, 1] == pytest.approx(threshold)
        assert [t.get_text() for t in figure.axes[0].get_legend().get_texts()] == ["-1", "1"]


def test_the_largest_of_several_outputs_decides():
    def model(x):
        return [x[0], x[1], 0.5]  # a float is an output too

    axes = plot.decision_boundary(model, X, [0, 1, 1, 2], grid=31).axes[0]
    for vertices in contour_lines(axes):
        largest = np.sort(np.column_stack([vertices, np.full(len(vertices), 0.5)]), axis=1)
        assert largest[:, 2] == pytest.approx(largest[:, 1], abs=0.05)
    assert len(axes.get_legend().get_texts()) == 3


def test_an_output_that_is_never_largest_has_no_region():
    axes = plot.decision_boundary(lambda x: [x[0], x[0] - 1.0], X, [0, 1, 0, 1], grid=5).axes[0]
    assert contour_lines(axes) == []


def test_a_dataset_sets_the_names_and_the_threshold():
    data = Dataset(X, [0, 1, 0, 1], features=["height", "weight"], classes=["no", "yes"])
    data.schema = data.schema._replace(threshold=0.5)
    axes = plot.decision_boundary(lambda x: x[0], data, grid=9).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("height", "weight")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["no", "yes"]
    (vertices,) = contour_lines(axes)
    assert vertices[:, 0] == pytest.approx(0.5)


def test_points_are_plotted_by_class():
    axes = plot.decision_boundary(lambda x: x[0], X, [0, 1, 0, 1], grid=3).axes[0]
    shown = [c.get_offsets().tolist() for c in axes.collections if len(c.get_offsets()) == 2]
    assert shown == [[[0.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 0.0]]]


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
    figure = plot.decision_boundary(lambda x: output, X, [0, 1, 0, 1], grid=3)
    figure.canvas.draw()
    assert contour_lines(figure.axes[0]) == []
    plot.decision_boundary(lambda x: [output, output], X, [0, 1, 0, 1], grid=3).canvas.draw()


def test_a_single_point_has_a_margin():
    axes = plot.decision_boundary(lambda x: x[0], [[1.0, 2.0]], [0], grid=3).axes[0]
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
