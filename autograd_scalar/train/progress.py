"""Progress of training: a bar in a terminal, a display in a notebook, lines elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import suppress
from typing import Any

from autograd_scalar.train.history import History


class Progress:
    """Base class of the kinds of progress; shows nothing."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def batch(self, history: History, done: int, batches: int) -> None:
        """Show that `done` of the `batches` of the current epoch are done; called after each batch."""

    def close(self, history: History) -> None:
        """Show the final state; called once."""

    def line(self, history: History, done: int = 0, batches: int = 1) -> str:
        """Return the state as text: `epoch 3/10: loss 0.52, accuracy 0.91`."""
        text = f"epoch {len(history)}/{self.epochs}"
        if 0 < done < batches:
            text += f" + {done}/{batches}"
        return text + (f": {scores(history)}" if history else "")


class Lines(Progress):
    """Lines at intervals of `seconds`, for logs; on stderr, like tqdm's bar."""

    seconds = 5.0

    def __init__(self, epochs: int) -> None:
        super().__init__(epochs)
        self.last = time.monotonic()

    def batch(self, history: History, done: int, batches: int) -> None:
        now = time.monotonic()
        if now - self.last >= self.seconds:
            self.last = now
            self._show(self.line(history, done, batches))

    def close(self, history: History) -> None:
        self._show(f"{self.line(history)}; {history.stopped or 'stopped'}")

    def _show(self, text: str) -> None:
        with suppress(OSError, ValueError):  # a closed stderr does not end the training
            print(text, file=sys.stderr, flush=True)


class Notebook(Lines):
    """A display in a notebook, updated in place, with a sparkline of the loss.

    It is plain text, because tqdm's notebook bar shows a warning if ipywidgets is missing.
    """

    seconds = 0.2

    def __init__(self, epochs: int) -> None:
        super().__init__(epochs)
        self.display: Any = None

    def line(self, history: History, done: int = 0, batches: int = 1) -> str:
        curve = sparkline(history.columns.get(history.monitored, []))
        return f"{super().line(history, done, batches)}  {curve}"

    def _show(self, text: str) -> None:
        from IPython import display as ipython

        display: Any = ipython.display  # Any, whether or not IPython is installed for mypy
        content = {"text/plain": text}
        if self.display is None:
            self.display = display(content, raw=True, display_id=True)
        else:
            self.display.update(content, raw=True)


class Bar(Progress):
    """The bar of tqdm, on stderr."""

    def __init__(self, epochs: int, tqdm: Any) -> None:
        super().__init__(epochs)
        self.tqdm: Any = tqdm
        self.bar: Any = None

    def batch(self, history: History, done: int, batches: int) -> None:
        passed = len(history) * batches
        if self.bar is None:
            # On a terminal of unknown size tqdm shows nothing, while shutil assumes 80 by 24.
            columns, lines = shutil.get_terminal_size()
            self.bar = self.tqdm(
                total=self.epochs * batches,
                initial=passed,
                ncols=columns,
                nrows=lines,
                bar_format="{bar:8}| {n}/{total} <{remaining}{postfix}",
            )
        self.bar.set_postfix_str(scores(history), refresh=False)
        self.bar.update(passed + done - self.bar.n)

    def close(self, history: History) -> None:
        if self.bar is not None:
            self.bar.set_postfix_str(scores(history))
            self.bar.close()


def progress(epochs: int, shown: bool) -> Progress:
    """Return the kind of progress that suits where the program runs."""
    if not shown:
        return Progress(epochs)
    if _in_notebook():
        return Notebook(epochs)
    if sys.stderr is not None and sys.stderr.isatty():
        try:
            from tqdm import tqdm
        except ImportError:
            return Lines(epochs)
        return Bar(epochs, tqdm)
    return Lines(epochs)


def scores(history: History) -> str:
    """Return loss and metric of the last epoch: `loss 0.12 (val 0.15), accuracy 0.95 (val 0.9)`."""
    row = history.row(-1) if history else {}
    texts = []
    for name in ("loss", "accuracy", "error"):
        if name in row:
            validation = f" (val {row[f'val_{name}']:.3g})" if f"val_{name}" in row else ""
            texts.append(f"{name} {row[name]:.3g}{validation}")
    return ", ".join(texts)


def sparkline(numbers: list[float], width: int = 24) -> str:
    """Return a series of numbers as a row of bars, at most `width` of them.

    >>> sparkline([3.0, 2.0, 1.0])
    '█▅▁'
    """
    finite = [x for x in numbers if x - x == 0.0]
    if not finite:
        return ""
    count = min(len(finite), width)
    picked = [finite[(i + 1) * len(finite) // count - 1] for i in range(count)]
    low, span = min(picked), max(picked) - min(picked)
    return "".join("▁▂▃▄▅▆▇█"[round(7 * (x - low) / span) if span else 0] for x in picked)


def _in_notebook() -> bool:
    # A program that runs in the kernel of a notebook has imported IPython.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None
