"""History: columns, the printed table, the CSV file, the page."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

import autograd_scalar as ag
from autograd_scalar import data, nn
from autograd_scalar.train import History, fit


def history(*losses, column="loss"):
    made = History()
    for epoch, loss in enumerate(losses, 1):
        made.append({"epoch": epoch, column: loss})
    return made


def test_the_best_epoch_is_the_first_with_the_lowest_loss_and_never_nan():
    assert history(3.0, 1.0, math.nan, 1.0, 2.0).best_epoch == 2
    assert history(math.nan, 5.0).best_epoch == 2
    assert History().best_epoch == 0
    made = history(1.0, 2.0)
    made.columns["val_loss"] = [2.0, 1.0]
    assert (made.monitored, made.best_epoch) == ("val_loss", 2)


def test_rows_and_columns_are_found_by_index_and_name():
    made = history(0.5, 0.25)
    assert made["loss"] == [0.5, 0.25]
    assert made.row(-1) == {"epoch": 2, "loss": 0.25}
    assert len(made) == 2
    with pytest.raises(KeyError, match="no column 'acc'; the columns are epoch, loss"):
        made["acc"]
    with pytest.raises(ValueError, match=r"expected columns \['epoch', 'loss'\], got \['epoch'\]"):
        made.append({"epoch": 3})


def test_repr_shows_the_first_the_best_and_the_last_epoch():
    made = history(0.5, 0.125, 0.25)
    made.stopped = "finished"
    assert repr(made).splitlines() == [
        "History: 3 epochs, finished; best epoch 2",
        "epoch   loss",
        "    1    0.5",
        "    2  0.125",
        "    3   0.25",
    ]
    assert repr(history(1.0)).startswith("History: 1 epoch, training; best epoch 1")
    assert repr(History()) == "History(no epoch)"


def test_the_csv_file_is_exact(tmp_path):
    path = tmp_path / "history.csv"
    made = history(0.1, 1 / 3, math.nan)
    made.to_csv(path)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [float(row["loss"]) for row in rows[:2]] == [0.1, 1 / 3]
    assert rows[2]["loss"] == "nan"


def test_explore_writes_a_page_of_the_recorded_epochs(tmp_path: Path) -> None:
    model, moons = nn.MLP(2, [2, 1], seed=0), data.moons(10, seed=0)
    history = fit(model, moons, epochs=2, record=1, progress=False)
    assert history.explore().html == ag.explore(history).html
    history.explore(tmp_path / "training.html")
    page = (tmp_path / "training.html").read_text()
    assert "MLP over 3 recorded epochs" in page and "default-src 'none'" in page
