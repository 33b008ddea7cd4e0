"""The notebooks follow from their scripts, give the outputs that are committed, and have exercises with solutions.

A kernel runs a notebook twice, in a copy of its folder: as it is committed, which must give the committed outputs, and
with each exercise replaced by its hidden solution, which the exercise's check must then accept.

To write the notebooks after a change to a script: python tests/test_notebooks.py
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

jupytext = pytest.importorskip("jupytext")
nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted((ROOT / "notebooks").glob("*.py"))
NAMES = [script.stem for script in SCRIPTS]
EXERCISE = re.compile(r"# (Exercise \d+)\n")
SOLUTION = re.compile(r"<summary>Solution (\d+)</summary>\s+```python\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[+-]?\d+)?")
#: The largest size of one notebook, and of all of them, in bytes.
MOST, MOST_TOGETHER = 1_000_000, 3_000_000


def from_script(name: str) -> Any:
    """Return the notebook that a script makes, without outputs."""
    notebook = jupytext.read(ROOT / "notebooks" / f"{name}.py")
    notebook.nbformat_minor = 5
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{place}"
    return notebook


def committed(name: str) -> Any:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


@contextmanager
def kernel(notebook: Any, folder: Path) -> Iterator[Callable[[], None]]:
    """Yield a function that runs a notebook from its top, in a kernel whose folder is not the repository's."""
    shutil.copytree(ROOT / "notebooks" / "data", folder / "data")
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    inline = "module://matplotlib_inline.backend_inline"  # not the one that the other tests set
    client = nbclient.NotebookClient(
        notebook,
        timeout=60,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )

    def run() -> None:
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)

    with client.setup_kernel(env={**os.environ, "PYTHONPATH": path, "MPLBACKEND": inline}):
        yield run
    gc.collect()  # sockets that the client leaves open warn here, not in some later test


def printed(notebook: Any) -> list[str]:
    """Return what each cell prints or answers in text; an error or a word on stderr fails the test."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error", output
            assert output.get("name") != "stderr", output.text
            texts.append(
                output.text if output.output_type == "stream" else output.data["text/plain"]
            )
    return texts


def write(name: str) -> None:
    """Write a notebook from its script, with outputs."""
    notebook = from_script(name)
    with tempfile.TemporaryDirectory() as folder, kernel(notebook, Path(folder)) as run:
        run()
    printed(notebook)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "data" in output:
                output.data["text/plain"] = re.sub(r" at 0x\w+", "", output.data["text/plain"])
    notebook.metadata = {
        "jupytext": {"formats": "ipynb,py:percent"},
        "kernelspec": notebook.metadata["kernelspec"],
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, ROOT / "notebooks" / f"{name}.ipynb")


def test_every_script_has_a_notebook_and_the_readme_names_it() -> None:
    readme = (ROOT / "notebooks" / "README.md").read_text()
    assert [name[:2] for name in NAMES] == ["01", "02", "03", "04", "05", "06"]
    assert sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")) == NAMES
    assert all(f"]({name}.ipynb)" in readme for name in NAMES)


def test_the_notebooks_are_small() -> None:
    sizes = [(ROOT / "notebooks" / f"{name}.ipynb").stat().st_size for name in NAMES]
    assert max(sizes) < MOST
    assert sum(sizes) < MOST_TOGETHER


@pytest.mark.parametrize("name", NAMES)
def test_notebook_and_script_have_the_same_cells(name: str) -> None:
    notebook = committed(name)
    assert [(cell.cell_type, cell.source, cell.metadata) for cell in from_script(name).cells] == [
        (cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells
    ]
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == [*range(1, len(counts) + 1)], "run from the top, in order"


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    texts = "\n".join(cell.source for cell in committed(name).cells if cell.cell_type == "markdown")
    for link in re.findall(r"\]\(([^)]+)\)", texts):
        assert link.startswith("https://") or (ROOT / "notebooks" / link).exists(), link


@pytest.mark.parametrize("name", NAMES)
def test_it_gives_what_is_committed_and_its_exercises_can_be_solved(
    name: str, tmp_path: Path
) -> None:
    notebook = committed(name)
    wanted = printed(notebook)
    with kernel(notebook, tmp_path) as run:
        run()
        assert_same_text(printed(notebook), wanted)
        checks = solve(notebook)
        run()
    for exercise, check in checks.items():
        said = printed_by(check).splitlines()
        assert said, exercise
        assert all(line.startswith("right") for line in said), f"{exercise}: {said}"


def assert_same_text(got: list[str], wanted: list[str]) -> None:
    """Compare what two runs printed: equal up to addresses, and up to 2 % in numbers, which differ between machines."""
    got = [re.sub(r" at 0x\w+", "", text) for text in got]
    assert [NUMBER.sub("#", text) for text in got] == [NUMBER.sub("#", text) for text in wanted]
    numbers = [
        [float(number) for text in texts for number in NUMBER.findall(text)]
        for texts in (got, wanted)
    ]
    assert numbers[0] == pytest.approx(numbers[1], rel=0.02, abs=1e-4)  # rounding errors are shown


def solve(notebook: Any) -> dict[str, Any]:
    """Replace each exercise of a notebook by its solution; return the cell that checks each, by the exercise's name."""
    places = {
        match[1]: place
        for place, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and (match := EXERCISE.match(cell.source))
    }
    solutions = {
        f"Exercise {match[1]}": match[2]
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for match in SOLUTION.finditer(cell.source)
    }
    assert places.keys() == solutions.keys()
    assert len(places) >= 3
    checks = {exercise: notebook.cells[place + 1] for exercise, place in places.items()}
    for exercise, check in checks.items():
        assert "not yet" in printed_by(check), f"{exercise}, as it is committed"
        notebook.cells[places[exercise]].source = solutions[exercise]
    return checks


def printed_by(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


if __name__ == "__main__":
    for name in NAMES:
        write(name)
