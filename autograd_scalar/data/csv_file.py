"""CSV files: detect the header, delimiter and kind of target; report bad cells by row and column."""

from __future__ import annotations

import os
from collections.abc import Sequence
from decimal import Decimal
from math import isfinite
from typing import Literal, NamedTuple

from autograd_scalar.data.dataset import Dataset, Schema

Path = str | os.PathLike[str]
Task = Literal["auto", "classification", "regression"]


class Table(NamedTuple):
    """The cells of a file as text, and their places for error messages."""

    path: str
    names: list[str]
    rows: list[list[str]]
    #: The line of the file on which each row ends.
    lines: list[int]
    header: bool

    def column(self, name: str | int) -> int:
        """Return the index of a column given by name or index; negative ones count from the end."""
        if isinstance(name, int) and -len(self.names) <= name < len(self.names):
            return name % len(self.names)
        if name in self.names:
            return self.names.index(str(name))
        raise ValueError(
            f"{self.path}: no column {name!r}; the columns are {', '.join(self.names)}"
        )

    def text(self, row: int, column: int) -> str:
        """Return the text of a cell; ValueError if it is empty."""
        cell = self.rows[row][column]
        if cell == "":
            raise ValueError(
                f"{self.place(row, column)}: the cell is empty; fill it in or leave out the row"
            )
        return cell

    def float_at(self, row: int, column: int) -> float:
        """Return a cell as a float; ValueError unless it is a finite number."""
        cell = self.text(row, column)
        x = _number(cell)
        if x is None:
            raise ValueError(
                f"{self.place(row, column)}: {cell!r} is not a number; "
                "encode it as one, or choose other columns"
            )
        if not isfinite(x):
            raise ValueError(f"{self.place(row, column)}: {cell!r} is not a finite number")
        return x

    def place(self, row: int, column: int) -> str:
        """Return the place of a cell, for an error message."""
        return f"{self.path}: row {row + 1} (line {self.lines[row]}), column {self.names[column]!r}"


def load_csv(
    path: Path,
    target: str | int = -1,
    *,
    features: Sequence[str | int] | None = None,
    header: bool | None = None,
    task: Task = "auto",
    classes: Sequence[str] | None = None,
    delimiter: str | None = None,
) -> Dataset:
    """Return the data set in a CSV file.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "flowers.csv")
    >>> _ = path.write_text("length,width,kind\\n1.4,0.2,rose\\n4.7,1.4,iris\\n5.0,1.5,iris\\n")
    >>> data = load_csv(path, target="kind")
    >>> data
    Dataset(3 rows of 2 features, classes iris, rose)
    >>> data.y
    [1, 0, 0]

    Args:
        path: The file, in UTF-8. Blank lines are skipped.
        target: Name or index of the column to predict. Defaults to the last one.
        features: Names or indices of the columns to learn from. Defaults to all others.
        header: Whether the first row contains the names. By default it does if none of its cells is
            a number; without a header the names are "column 1", "column 2", ...
        task: "classification", "regression" or "auto". "auto" treats text, and two different
            integers such as 0 and 1, as classes, and other numbers as targets of a regression. Classes are
            numbered in the order of their names, or of their values if all are numbers.
        classes: The names of the classes, in the order of their numbers, where a file may not have all of
            them: `load_csv("test.csv", classes=train.classes)`. Defaults to those in the file.
        delimiter: Character between cells. Defaults to the most frequent of comma, semicolon, tab
            and | in the first line.

    Raises ValueError, with file, row and column, for a cell that is empty, not a number or not a class, for
    rows of different lengths and for columns that do not exist.
    """
    if task not in ("auto", "classification", "regression"):
        raise ValueError(f"unknown task {task!r}; choose from auto, classification, regression")
    table = _read(path, header, delimiter)
    goal = table.column(target)
    columns = [i for i in range(len(table.names)) if i != goal]
    if features is not None:
        columns = [table.column(name) for name in features]
    if not columns or goal in columns:
        raise ValueError(
            f"{table.path}: expected one or more columns of features, without the target"
        )
    X = [[table.float_at(row, i) for i in columns] for row in range(len(table.rows))]
    y, found = _targets(table, goal, task, classes)
    names = [table.names[i] for i in columns]
    return Dataset(X, y, features=names, target=table.names[goal], classes=found)


def _targets(
    table: Table, column: int, task: Task, given: Sequence[str] | None
) -> tuple[Sequence[float], Sequence[str] | None]:
    """Return the targets in a column and the names of the classes (None for a regression)."""
    rows = range(len(table.rows))
    labels = [table.text(row, column) for row in rows]
    numeric = all(_number(label) is not None for label in labels)
    if task != "regression" and numeric:
        labels = [_digits(table, row, column) for row in rows]
    if given is not None:
        if task == "regression":
            raise ValueError("classes= names the classes of a classification, not of a regression")
        task = "classification"
    if task == "auto":
        two = len(set(labels)) == 2 and all(label.lstrip("-").isdigit() for label in labels)
        task = "regression" if numeric and not two else "classification"
    if task == "regression":
        return [table.float_at(row, column) for row in rows], None
    classes = given or sorted(set(labels), key=Decimal if numeric else str)
    if len(classes) < 2:
        raise ValueError(
            f"{table.path}: expected two classes or more, but all rows are {classes[0]!r}"
        )
    index = {label: i for i, label in enumerate(classes)}
    for row, label in enumerate(labels):
        if label not in index:
            raise ValueError(
                f"{table.place(row, column)}: {label!r} is not one of the classes {', '.join(classes)}"
            )
    return [index[label] for label in labels], classes


def _digits(table: Table, row: int, column: int) -> str:
    """Return the number in a cell in one spelling: "1" for "1.0", which is the same class. All digits count.

    Raises ValueError unless it is finite.
    """
    table.float_at(row, column)
    number = Decimal(table.text(row, column))
    digits = f"{number:f}" if number else "0"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def load_rows(path: Path, schema: Schema, *, header: bool | None = None) -> list[list[float]]:
    """Return the rows of a CSV file as inputs of a trained model, standardised by its schema.

    Columns are found by name, in any order; others are ignored. A file without a header is read in
    order if it has as many columns as the schema has features.

    Raises ValueError for a missing column and for a cell that is empty or not a number.
    """
    table = _read(path, header, None)
    if not table.header and len(table.names) == len(schema.features):
        columns = list(range(len(schema.features)))
    else:
        if missing := [name for name in schema.features if name not in table.names]:
            raise ValueError(
                f"{table.path}: no column {', '.join(map(repr, missing))}, which the model was "
                f"trained on; the columns are {', '.join(table.names)}"
            )
        columns = [table.names.index(name) for name in schema.features]
    return [
        schema.standardise([table.float_at(row, column) for column in columns])
        for row in range(len(table.rows))
    ]


def _read(path: Path, header: bool | None, delimiter: str | None) -> Table:
    """Return the cells of a file, stripped; blank lines are skipped."""
    import csv

    name = os.fspath(path)
    cells: list[list[str]] = []
    lines: list[int] = []
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            if delimiter is None:
                first = file.readline()
                file.seek(0)
                delimiter = max(",;\t|", key=first.count)
            reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True, strict=True)
            for row in reader:
                if any(cell.strip() for cell in row):
                    cells.append([cell.strip() for cell in row])
                    lines.append(reader.line_num)
    except (UnicodeDecodeError, csv.Error) as problem:
        raise ValueError(f"{name}: not a CSV file of UTF-8 text: {problem}") from None
    if not cells:
        raise ValueError(f"{name}: the file is empty")
    if header is None:
        header = all(_number(cell) is None for cell in cells[0])
    width = len(cells[0])
    names = cells[0] if header else [f"column {i + 1}" for i in range(width)]
    if twice := [cell for i, cell in enumerate(names) if cell in names[:i]]:
        raise ValueError(f"{name}: two columns have the name {twice[0]!r}; rename one")
    table = Table(name, names, cells[header:], lines[header:], header)
    if not table.rows:
        raise ValueError(f"{name}: the file has a header but no rows")
    for i, row in enumerate(table.rows):
        if len(row) != width:
            place = f"{name}: row {i + 1} (line {table.lines[i]})"
            raise ValueError(f"{place} has {len(row)} cells, expected {width}")
    return table


def _number(cell: str) -> float | None:
    """Return the number in a cell, or None. 1_000, which Python's float() reads, is none."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None
