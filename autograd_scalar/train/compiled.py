"""Compiled training: loss, gradient and optimizer step over arrays, which are copied from and to the Values."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from math import isclose, isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_scalar.compiler import (
    CHECK,
    JitError,
    RowFunction,
    RowResults,
    Rows,
    UpdateRule,
    check_sum,
)
from autograd_scalar.data.samples import Samples
from autograd_scalar.nn import LOSSES, Module, l2
from autograd_scalar.node import gradient_hooks
from autograd_scalar.optim import Optimizer
from autograd_scalar.train.task import Task
from autograd_scalar.train.trainer import Trainer
from autograd_scalar.value import Value

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

#: With jit="auto", fit compiles if the eager run would record this many nodes, which takes about as long as compiling.
WORTHWHILE = 500_000


class _Table(NamedTuple):
    """Samples as rows of numbers: those of X, then those of y."""

    samples: Samples  # kept alive: tables are found by the id of their samples
    rows: Rows
    targets: Array


class CompiledTrainer(Trainer):
    """A trainer that records the loss of one sample, and runs batches as rows of its kernel.

    While an epoch runs, the parameters are an array. `begin` copies them, the grads and the optimizer's running numbers
    from the Values, and `settle` copies them back. Raises JitError if the model, the loss or the data cannot be
    compiled.
    """

    def __init__(
        self, model: Module, task: Task, optimizer: Optimizer, l2: float, data: Samples
    ) -> None:
        super().__init__(model, task, optimizer, l2)
        self._check_supported()
        self._train = data
        self._tables: dict[int, _Table] = {}
        self._rules: dict[str, UpdateRule] = {}
        # A recording that is refused may have changed the model by then.
        trial = _copied(model)
        self._check_numbers(data, trial)
        self._function = self._recorded(data, model)
        self.compiled = True
        #: Whether the arrays match the Values; False before the first epoch.
        self._is_current = False
        #: True while the arrays are ahead of the Values: from a step to `settle`.
        self._is_ahead = False

    def _check_supported(self) -> None:
        """Raise JitError for a custom loss or optimizer, whose code works on Values."""
        if self.task.loss not in LOSSES.values():
            raise JitError(
                f"compiled training supports the losses {', '.join(LOSSES)}, which are means over the samples; "
                f"got {self.task.name}, which may be any function of all predictions"
            )
        for method in ("step", "begin_step", "next_update", "update", "zero_grad"):
            if getattr(self.optimizer, method).__module__ != Optimizer.__module__:
                raise JitError(
                    f"{type(self.optimizer).__name__} overrides {method}(), which works on Values; "
                    "compiled training supports the optimizers of autograd_scalar.optim"
                )

        self._check_hooks()

    def _check_hooks(self) -> None:
        """Raise JitError if a parameter has hooks, which are called by backward() alone."""
        if gradient_hooks.live and any(map(gradient_hooks.has_hooks, self.optimizer.params)):
            raise JitError(
                "a parameter has a gradient hook, which only backward() calls; use jit=False"
            )

    def nodes(self) -> int:
        """Return the number of nodes of one sample."""
        return len(self._function.trace.program)

    # ----- the recorded sample -----

    def _recorded(self, data: Samples, model: Module) -> RowFunction:
        """Record one sample: its loss, and the numbers that the model predicts."""

        def sample(x: Any, y: Any) -> tuple[Value, Any]:
            prediction = model(x)
            loss = self.task.loss([prediction], [y])
            if self.l2:
                loss = loss + self.l2 * l2(self.optimizer.params)
            return loss, prediction

        sample.__name__ = type(model).__name__
        arrays = {"X": data.X, "y": data.y}
        function = RowFunction.record(sample, arrays, inputs=self.optimizer.params)
        if not function.trace.gives_only_values:
            raise JitError("the model predicts numbers that depend on no Value; use jit=False")
        return function

    def _check_numbers(self, data: Samples, model: Module) -> None:
        """Raise JitError if the model returns other numbers for Values, with which it is recorded, than for floats."""
        function = self._recorded(data, model)
        ours = function.outputs(self._table(data, function).rows, row=0)[0]
        theirs, _ = Trainer(model, self.task, self.optimizer, self.l2).run(data, [0])
        if not isclose(ours, theirs.data, rel_tol=1e-9, abs_tol=1e-12) and isfinite(theirs.data):
            raise JitError(
                f"the model's loss for the first row is {theirs.data!r} from floats, and {ours!r} from Values, "
                "with which it is recorded; does it look at their type?"
            )

    def _table(self, data: Samples, function: RowFunction) -> _Table:
        """Return samples as the rows of the function, converted once."""
        import numpy as np

        if id(data) not in self._tables:
            tables = []
            for column, name in ((data.X, "X"), (data.y, "y")):
                try:
                    table = np.array(column, dtype=np.float64)
                except (TypeError, ValueError):
                    raise JitError(
                        f"compiled training needs {name} as rows of numbers of one shape; use jit=False"
                    ) from None
                tables.append(table.reshape(len(table), -1))
            table = np.concatenate(tables, axis=1)
            targets = table[:, tables[0].shape[1] :]
            self._tables[id(data)] = _Table(data, Rows([table]), targets)
        return self._tables[id(data)]

    # ----- parameters, as Values and as an array -----

    def begin(self, *, anew: bool = False) -> None:
        """Copy parameters and running numbers from the Values, if other code may have changed them.

        With `anew` the sample is recorded again, since the model may have changed.
        """
        import numpy as np

        if not self.compiled:
            return
        self._check_hooks()
        if self._is_current and not anew:
            return
        self._is_current = True
        if anew:
            self._tables.clear()
            self._function = self._recorded(self._train, self.model)
        self._data = np.array([p.data for p in self.optimizer.params])
        self._gradient = np.array([p.grad for p in self.optimizer.params])
        self._running = {name: np.array(state) for name, state in self.optimizer.state.items()}

    def settle(self) -> None:
        """Copy parameters, grads and running numbers back to the Values."""
        if not self.compiled:
            return
        for p, data, grad in zip(
            self.optimizer.params, self._data.tolist(), self._gradient.tolist(), strict=True
        ):
            p.data, p.grad = data, grad
        self.optimizer.state = {name: state.tolist() for name, state in self._running.items()}
        self._is_ahead = False

    def mark(self) -> Callable[[], None]:
        if not self._is_ahead:
            return super().mark()
        optimizer, data, running = self.optimizer, self._data, self._running  # steps make new ones
        lr, steps = optimizer.lr, optimizer.steps

        def restore() -> None:
            for p, x in zip(optimizer.params, data.tolist(), strict=True):
                p.data = x
            optimizer.state = {name: state.tolist() for name, state in running.items()}
            optimizer.lr, optimizer.steps = lr, steps
            self._is_current = False

        return restore

    # ----- batches -----

    def _run(
        self, data: Samples, some: Sequence[int] | None, *, gradient: bool
    ) -> tuple[float, Array, Callable[[], float]]:
        """Return the loss over some rows, or all, its gradient if asked for, and a function that returns the metric."""
        if not self._function.holds():
            self._function = self._recorded(self._train, self.model)
        _, rows, targets = self._table(data, self._function)
        if some is not None:
            rows, targets = rows.take(some), targets[some]
        predictions = tuple(range(1, len(self._function.trace.program.outputs)))
        found = self._function(rows, self._data, gradient=gradient, by_row=predictions)
        if CHECK and gradient:
            self._audit(data, some, rows, found)
        metric = self.task.metric
        return (
            found.sums.item(0) / rows.count,
            found.gradient[0, : len(self._data)] / rows.count,
            lambda: 0.0 if metric is None else metric(found.by_row.T, targets),
        )

    def _audit(
        self, data: Samples, some: Sequence[int] | None, rows: Rows, found: RowResults
    ) -> None:
        """Raise JitCheckError unless loss and gradient of a batch are those of eager training."""
        params, n = self.optimizer.params, len(self._data)
        check_sum(
            self._function,
            rows,
            rows.count,
            dict(zip(params, self._data.tolist(), strict=True)),
            (
                found.sums.item(0) / rows.count,
                dict(zip(params, (found.gradient[0, :n] / rows.count).tolist(), strict=True)),
            ),
            lambda: self.run(data, range(rows.count) if some is None else some)[0],
        )

    def step(self, data: Samples, rows: list[int]) -> tuple[float, float]:
        if self.compiled:
            try:
                return self._step(data, rows)
            except JitError:  # too many paths through the model
                self.settle()
                self.compiled = False
        return super().step(data, rows)

    def _step(self, data: Samples, rows: list[int]) -> tuple[float, float]:
        import numpy as np

        some = rows if len(rows) < len(data.X) else None  # the order of all rows does not matter
        loss, gradient, metric = self._run(data, some, gradient=True)
        if not isfinite(loss):
            self.settle()
            raise self._error(f"the loss became {loss}", data, rows)
        value = metric()
        self.good = self._data.tolist()
        self._is_ahead = True
        self._gradient = gradient
        self._apply(*self.optimizer.next_update())
        if not np.isfinite(self._data).all():
            self.settle()
            self._go_back()
            raise self._error("a step produced parameters that are not finite", data, rows)
        return loss, value

    def _apply(self, rule: str, *settings: float) -> None:
        """Apply an update rule to the arrays, as Optimizer.update does to the Values."""
        if rule not in self._rules:
            self._rules[rule] = UpdateRule(rule)
        arrays = [self._data, self._gradient, *self._running.values()]
        self._data, *running = self._rules[rule](arrays, settings)
        self._running = dict(zip(self._running, running, strict=True))

    def _error(self, what: str, data: Samples, rows: list[int]) -> Any:
        error = super()._error(what, data, rows)
        self._is_current = False
        self.begin()
        return error

    def evaluate(self, data: Samples) -> tuple[float, float]:
        if self.compiled:
            try:
                loss, _, metric = self._run(data, None, gradient=False)
                return loss, metric()
            except JitError:  # too many paths through the model
                self.settle()
                self.compiled = False
        return super().evaluate(data)


def _copied(model: Module) -> Module:
    """Return a copy of the model, or the model itself if it cannot be copied."""
    try:
        return copy.deepcopy(model)
    except Exception:
        return model
