"""autograd-scalar train: train a network on a toy data set or a CSV file and plot the results."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from autograd_scalar.cli.results import summary, write_files

if TYPE_CHECKING:
    from autograd_scalar.data import Dataset
    from autograd_scalar.nn import MLP
    from autograd_scalar.train import History

SUMMARY = "train a small network on moons, circles, spiral, xor, blobs or a CSV file"
EXAMPLE = """\
  autograd-scalar train moons
  autograd-scalar train spiral --activation tanh --epochs 150 --gif -o spiral
  autograd-scalar train flowers.csv --target kind --hidden 8

The folder then has model.json (for predict), history.csv, loss.png, network.svg (the network for one
row), neuron.svg (the graph of one neuron), for two features and up to 8 classes boundary.png, and for
at most two features and two classes play.html (a page to train the model further in). Ctrl-C stops
the training and keeps the model; the same command with --resume continues."""

#: Default settings of the toy data sets.
SETTINGS: dict[str, dict[str, float]] = {
    "moons": {"noise": 0.1},
    "circles": {"noise": 0.05, "factor": 0.5},
    "spiral": {"noise": 0.02},
    "xor": {"noise": 0.15},
    "blobs": {"noise": 1.0},
}

#: Approximate number of pictures in boundary.gif.
FRAMES = 40


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("data", help="moons, circles, spiral, xor, blobs, or a CSV file")
    parser.add_argument(
        "-o", "--out", metavar="DIR", help="the output folder (default: moons-model ...)"
    )

    add_data_options(parser.add_argument_group("the data"))
    add_network_options(parser.add_argument_group("the network"))
    add_training_options(parser.add_argument_group("the training"))


def add_data_options(data: argparse._ArgumentGroup) -> None:
    """Add the options that choose the data and split it."""
    data.add_argument("--samples", type=count, help="size of a toy data set (default: 200)")
    data.add_argument("--noise", type=float, help="standard deviation of the noise in a toy set")
    data.add_argument("--target", metavar="COLUMN", help="column to predict (default: the last)")
    data.add_argument(
        "--task",
        choices=("auto", "classification", "regression"),
        help="kind of target (default: auto, detected from its cells)",
    )
    data.add_argument(
        "--validation",
        type=float,
        default=0.2,
        metavar="FRACTION",
        help="fraction of the rows to hold out for validation (default: 0.2)",
    )


def add_network_options(network: argparse._ArgumentGroup) -> None:
    """Add the options of the network and its initial weights."""
    network.add_argument(
        "--hidden",
        type=widths,
        default=[16, 16],
        metavar="16,16",
        help="widths of the hidden layers; 0 for none (default: 16,16)",
    )
    network.add_argument(
        "--activation", default="relu", metavar="NAME", help="relu, tanh, gelu ... (default: relu)"
    )
    network.add_argument(
        "--init",
        metavar="NAME",
        help="xavier, he, uniform, normal (default: chosen by the activation)",
    )


def add_training_options(training: argparse._ArgumentGroup) -> None:
    """Add the options that are passed to `fit`, and those of the output."""
    training.add_argument(
        "--loss",
        default="auto",
        metavar="NAME",
        help="cross_entropy, binary_cross_entropy, hinge, mse (default: chosen by the target)",
    )
    training.add_argument(
        "--optimizer",
        default="adam",
        metavar="NAME",
        help="sgd, rmsprop, adam, adamw (default: adam)",
    )
    training.add_argument("--lr", type=float, default=0.02, help="learning rate (default: 0.02)")
    training.add_argument(
        "--epochs", type=count, default=60, help="passes over the data (default: 60)"
    )
    training.add_argument(
        "--batch-size", type=count, default=16, metavar="ROWS", help="rows per step (default: 16)"
    )
    training.add_argument(
        "--l2",
        type=float,
        default=0.0,
        metavar="FACTOR",
        help="factor of the sum of squared parameters added to the loss (default: 0)",
    )
    training.add_argument(
        "--early-stopping",
        type=count,
        metavar="EPOCHS",
        help="stop after this many epochs without a lower validation loss, and keep the best epoch",
    )
    training.add_argument(
        "--seed", type=int, default=0, help="seed of the data, weights and shuffling (default: 0)"
    )
    training.add_argument(
        "--resume", action="store_true", help="continue from model.json in the folder"
    )
    training.add_argument(
        "--force", action="store_true", help="replace a model that is already in the folder"
    )
    training.add_argument(
        "--gif", action="store_true", help="also write boundary.gif, which takes some time"
    )
    training.add_argument("--quiet", action="store_true", help="show no progress")


def count(text: str) -> int:
    """Return the positive integer in a text."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a positive integer, got {text!r}")
    return int(text)


def widths(text: str) -> list[int]:
    """Return the widths in a text such as 16,16; an empty list for 0."""
    try:
        found = [int(word) for word in text.split(",")]
    except ValueError:
        found = [-1]
    if found == [0]:
        return []
    if min(found) < 1:
        raise argparse.ArgumentTypeError(f"expected widths such as 16,16, got {text!r}")
    return found


def run(options: argparse.Namespace) -> int:
    """Train, print the numbers, and write the files. Bad options raise before a file is written."""
    from autograd_scalar.nn.losses import loss_function
    from autograd_scalar.train import load_checkpoint

    if options.loss != "auto":
        loss_function(options.loss)
    data = dataset(options)
    if options.gif and (data.classes is None or len(data.features) != 2):
        raise ValueError("--gif draws the boundary between classes over two features; omit it")
    train, held_out = split(data, options)
    model = network(train, options)
    folder = options.out or f"{os.path.splitext(os.path.basename(options.data))[0]}-model"
    saved = os.path.join(folder, "model.json")
    if os.path.exists(saved) and not (options.resume or options.force):
        raise ValueError(
            f"{saved} exists: --resume continues from it, --force replaces it, "
            "-o names another folder"
        )
    history = fitted(model, train, held_out, saved, options)
    for line in summary(history, train.schema, early_stopping=bool(options.early_stopping)):
        print(line)
    print(f"wrote       {saved}, the model, for autograd-scalar predict")
    for path, description in write_files(folder, load_checkpoint(saved), data, gif=options.gif):
        print(f"wrote       {path}, {description}")
    return 130 if history.stopped == "interrupted" else 0


def fitted(
    model: MLP, train: Dataset, held_out: Dataset | None, saved: str, options: argparse.Namespace
) -> History:
    """Train the model and return the history. The folder is removed again if `fit` cannot start."""
    from autograd_scalar.optim import optimizer
    from autograd_scalar.train import fit

    mover = optimizer(options.optimizer, model.parameters(), lr=options.lr)
    folder = os.path.dirname(saved)
    is_new = not os.path.isdir(folder)
    os.makedirs(folder, exist_ok=True)
    print_network(model, train, held_out, options)
    try:
        return fit(
            model,
            train,
            options.loss,
            optimizer=mover,
            epochs=options.epochs,
            batch_size=options.batch_size,
            seed=options.seed,
            validation=held_out,
            early_stopping=options.early_stopping,
            l2=options.l2,
            checkpoint=saved,
            checkpoint_every=10,
            resume=options.resume,
            record=max(1, options.epochs // FRAMES) if options.gif else None,
            progress=not options.quiet,
        )
    finally:
        if is_new and not os.listdir(folder):
            os.rmdir(folder)


def print_network(
    model: MLP, train: Dataset, held_out: Dataset | None, options: argparse.Namespace
) -> None:
    """Print a line about the data and one about the network."""
    rows = f"{len(train)} rows" + (f", {len(held_out)} held out" if held_out else "")
    goal = train.schema.target
    if train.classes is not None:
        goal += f" ({', '.join(train.classes)})"
    print(f"data        {options.data}: {rows}; {', '.join(train.features)} to {goal}")
    shape = "-".join(map(str, [model.nin, *(len(layer.neurons) for layer in model.layers)]))
    count = len(model.parameters())
    print(f"network     {shape}, {options.activation}: {count} parameters", flush=True)


def dataset(options: argparse.Namespace) -> Dataset:
    """Return the data set that the options name; raise ValueError for options that do not apply."""
    from autograd_scalar.data import load_csv, make

    if options.data in SETTINGS:
        if options.target is not None or options.task is not None:
            raise ValueError(f"--target and --task apply to CSV files, not to {options.data}")
        settings = dict(SETTINGS[options.data])
        if options.noise is not None:
            settings["noise"] = options.noise
        return make(options.data, options.samples or 200, seed=options.seed, **settings)
    if not os.path.exists(options.data):
        raise ValueError(
            f"no data set or file {options.data!r}; the data sets are {', '.join(SETTINGS)}"
        )
    if options.samples is not None or options.noise is not None:
        raise ValueError("--samples and --noise apply to the toy data sets, not to a CSV file")
    target: str | int = -1 if options.target is None else options.target
    return load_csv(options.data, target, task=options.task or "auto")


def split(data: Dataset, options: argparse.Namespace) -> tuple[Dataset, Dataset | None]:
    """Return the rows to train on and the held-out ones, both scaled by the first."""
    if options.loss == "hinge" and data.classes is not None:
        data = data.signed()
    held_out = None
    if options.validation:
        if len(data) == 1:
            raise ValueError("a data set of one row cannot be split; use --validation 0")
        data, held_out = data.split(options.validation, seed=options.seed)
    data = data.standardise(target=data.classes is None)
    return data, held_out and held_out.standardise(by=data)


def network(data: Dataset, options: argparse.Namespace) -> MLP:
    """Return an untrained network with the inputs and outputs of the data."""
    from autograd_scalar.nn import MLP

    classes = len(data.classes or ())
    outputs = classes if classes > 2 or options.loss == "cross_entropy" else 1
    init = "xavier" if options.activation in ("tanh", "sigmoid", "linear") else "he"
    return MLP(
        len(data.features),
        [*options.hidden, outputs],
        activation=options.activation,
        init=options.init or init,
        seed=options.seed,
    )
