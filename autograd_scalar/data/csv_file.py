"""A user's own CSV file: finding the header and the target column, and refusing what is unclear."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import isfinite
from typing import Literal, NamedTuple

from autograd_scalar.data.dataset import Dataset, Schema

Path = str | os.PathLike[str]
Task = Literal["auto", "classification", "regression"]


class Table(NamedTuple):
    """The cells of a file as text, with what an error message needs to point at one."""

    path: str
    names: list[str]
    rows: list[list[str]]
    #: The line of the file on which each row ends.
    lines: list[int]
    header: bool

    def column(self, name: str | int) -> int:
        """Return the position of a column given by name or by position (from the end if < 0)."""
        if isinstance(name, int) and -len(self.names) <= name < len(self.names):
            return name % len(self.names)
        if name in self.names:
            return self.names.index(str(name))
        raise ValueError(f"{self.path}: no column {name!r}; there are {', '.join(self.names)}")

    def number(self, row: int, column: int) -> float:
        """Return a cell as a finite float."""
        cell = self.rows[row][column]
        if cell == "":
            raise ValueError(
                f"{self.place(row, column)}: the cell is empty; fill it in or leave out the row"
            )
        try:
            number = float(cell)
        except ValueError:
            raise ValueError(
                f"{self.place(row, column)}: {cell!r} is not a number; "
                "encode it as one, or choose other columns"
            ) from None
        if not isfinite(number):
            raise ValueError(f"{self.place(row, column)}: {cell!r} is not a finite number")
        return number

    def place(self, row: int, column: int) -> str:
        """Return where a cell is, for a message."""
        return f"{self.path}: row {row + 1} (line {self.lines[row]}), column {self.names[column]!r}"


def load_csv(
    path: Path,
    target: str | int = -1,
    *,
    features: Sequence[str | int] | None = None,
    header: bool | None = None,
    task: Task = "auto",
    delimiter: str | None = None,
) -> Dataset:
    """Return the data set in a CSV file.

    `target` is a column's name or position, the last one unless told; `features` are those of the
    columns to learn from, all others unless told. The first row is a header if
    none of its cells is a number; `header` overrides that. The delimiter is the one of , ; tab |
    that is commonest in the first line.

    A target of text gives classes, sorted by name, and so does a target of just two whole
    numbers, such as 0 and 1; other numbers are a regression. `task` overrides that.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "flowers.csv")
    >>> _ = path.write_text("length,width,kind\\n1.4,0.2,rose\\n4.7,1.4,iris\\n5.0,1.5,iris\\n")
    >>> data = load_csv(path, target="kind")
    >>> data
    Dataset(3 rows of 2 features, classes iris, rose)
    >>> data.y
    [1, 0, 0]

    Raises ValueError, naming file, row and column, for a cell that is empty or not a number, and
    for rows of different lengths.
    """
    if task not in ("auto", "classification", "regression"):
        raise ValueError(f"unknown task {task!r}; there are auto, classification, regression")
    table = _read(path, header, delimiter)
    at = table.column(target)
    columns = [i for i in range(len(table.names)) if i != at]
    if features is not None:
        columns = [table.column(name) for name in features]
    if not columns or at in columns:
        raise ValueError(f"{table.path}: the features must be columns other than the target")
    count = range(len(table.rows))
    X = [[table.number(row, column) for column in columns] for row in count]
    labels = [row[at] for row in table.rows]
    for row, label in enumerate(labels):
        if label == "":
            raise ValueError(
                f"{table.place(row, at)}: the cell is empty; fill it in or leave out the row"
            )
    numeric = all(map(_is_number, labels))
    if numeric and task != "regression":
        labels = [f"{float(label):g}" for label in labels]  # "1" and "1.0" are one class
    if task == "auto":
        two = len(set(labels)) == 2 and all(label.lstrip("-").isdigit() for label in labels)
        task = "regression" if numeric and not two else "classification"
    y: list[float]
    classes: list[str] | None = None
    if task == "regression":
        y = [table.number(row, at) for row in count]
    else:
        classes = sorted(set(labels), key=float if numeric else str)
        if len(classes) < 2:
            raise ValueError(f"{table.path}: all rows are of one class, {classes[0]!r}")
        index = {label: i for i, label in enumerate(classes)}
        y = [index[label] for label in labels]
    names = [table.names[i] for i in columns]
    return Dataset(X, y, features=names, target=table.names[at], classes=classes)


def load_rows(path: Path, schema: Schema, *, header: bool | None = None) -> list[list[float]]:
    """Return the rows of a CSV file as a trained model takes them: chosen by name and standardised.

    Columns may come in another order, and beside others. A file without a header whose columns
    are as many as the features is read in order.

    Raises ValueError where a feature's column is missing, or a cell is empty or not a number.
    """
    table = _read(path, header, None)
    if not table.header and len(table.names) == len(schema.features):
        columns = list(range(len(schema.features)))
    else:
        if missing := [name for name in schema.features if name not in table.names]:
            raise ValueError(
                f"{table.path}: no column {', '.join(map(repr, missing))}, which the model was "
                f"trained on; there are {', '.join(table.names)}"
            )
        columns = [table.names.index(name) for name in schema.features]
    return [
        schema.standardise([table.number(row, column) for column in columns])
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
        header = not any(map(_is_number, cells[0]))
    width = len(cells[0])
    names = cells[0] if header else [f"column {i + 1}" for i in range(width)]
    if twice := [cell for i, cell in enumerate(names) if cell in names[:i]]:
        raise ValueError(f"{name}: two columns are called {twice[0]!r}")
    table = Table(name, names, cells[header:], lines[header:], header)
    if not table.rows:
        raise ValueError(f"{name}: there is a header but no rows under it")
    for i, row in enumerate(table.rows):
        if len(row) != width:
            place = f"{name}: row {i + 1} (line {table.lines[i]})"
            raise ValueError(f"{place} has {len(row)} cells, expected {width}")
    return table


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
