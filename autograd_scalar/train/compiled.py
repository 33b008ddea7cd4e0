"""Batches as machine code: loss, gradient and the optimiser's update over arrays, beside the Values they stand for."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from math import isclose, isfinite
from typing import TYPE_CHECKING, Any

from autograd_scalar import pytree
from autograd_scalar.compiler.backends.llvm import target
from autograd_scalar.compiler.capture.environment import Environment
from autograd_scalar.compiler.capture.signature import Flattened, flatten
from autograd_scalar.compiler.errors import JitError
from autograd_scalar.compiler.ir.program import Builder
from autograd_scalar.compiler.ir.rules import emit_expression
from autograd_scalar.compiler.options import Options
from autograd_scalar.compiler.runtime import kernels
from autograd_scalar.compiler.runtime.partition import Part, parts, whole
from autograd_scalar.compiler.runtime.row_kernel import Columns, Rows
from autograd_scalar.compiler.runtime.spec import Spec
from autograd_scalar.compiler.runtime.specialization import Entry
from autograd_scalar.compiler.runtime.trace import Output, Path
from autograd_scalar.data.samples import Samples
from autograd_scalar.nn import LOSSES, Module, l2
from autograd_scalar.ops.optimizer_rules import UPDATES
from autograd_scalar.optim import Optimizer
from autograd_scalar.train.task import Task
from autograd_scalar.train.trainer import Trainer
from autograd_scalar.value import Value

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

#: fit compiles by itself where the eager run would record this many nodes: about as long as compiling takes.
WORTHWHILE = 500_000


class CompiledTrainer(Trainer):
    """A trainer whose batches are replays of one recorded sample.

    While an epoch runs, the parameters are an array; `begin` and `settle` carry them, the grads and the optimiser's
    running numbers over from the Values and back. Raises JitError where the model, the loss or the data are nothing
    to compile.
    """

    def __init__(
        self, model: Module, task: Task, optimizer: Optimizer, l2: float, data: Samples
    ) -> None:
        super().__init__(model, task, optimizer, l2)
        self._train = data
        if task.loss not in LOSSES.values():
            raise JitError(
                f"the loss {task.name} may be any function of all predictions; of {', '.join(LOSSES)} "
                "it is known that they are means over the samples"
            )
        for method in ("step", "begin_step", "update", "zero_grad"):
            if getattr(optimizer, method).__module__ != Optimizer.__module__:
                raise JitError(
                    f"{type(optimizer).__name__} has a {method}() of its own, which goes by the Values; "
                    "compiled training knows those of autograd_scalar.optim"
                )
        self._options = Options("llvm" if target.is_there() else "python")
        self._position = {p: i for i, p in enumerate(optimizer.params)}
        self._data: dict[int, tuple[Samples, Columns]] = {}
        self._updates: dict[str, Rows] = {}
        trial = _copied(model)  # lest the model itself draw or count more often than in eager code
        before = _told(trial)
        once, again = (
            kernels.shape(self._recorded(data, trial).paths[0].program) for _ in range(2)
        )
        if once != again or _told(trial) != before:
            raise JitError(
                "the model does not do the same twice: it draws random numbers, or counts"
            )
        self._check_numbers(data, trial)
        self._entry = self._recorded(data, model)
        self.compiled = True
        #: Whether the arrays are what the model has; it is not so before the first epoch.
        self._is_ours = False

    def nodes(self) -> int:
        """Return how many nodes a sample is made of."""
        return len(self._entry.paths[0].program)

    # ----- the recorded sample -----

    def _recorded(self, data: Samples, model: Module) -> Entry:
        """Return the recording of one sample: its loss, and the numbers that the model predicts."""

        def sample(x: Any, y: Any) -> tuple[Value, Any]:
            prediction = model(x)
            loss = self.task.loss([prediction], [y])
            if self.l2:
                loss = loss + self.l2 * l2(self.optimizer.params)
            return loss, prediction

        parts = Flattened([], {})
        rows = [
            flatten(column, parts, name, True) for column, name in ((data.X, "X"), (data.y, "y"))
        ]
        structure = (tuple, (tuple, *rows), (dict, ()))
        sample.__name__ = type(model).__name__
        spec = Spec(sample, options=self._options)
        around = Environment(sample, spec.name)
        entry = Entry(spec, structure, around.snapshot().key, around)
        path = entry.record(self._columns(data).row(0))
        if not all(type(leaf) is Output for leaf in pytree.leaves(path.result)):
            raise JitError("the model predicts numbers that depend on nothing")
        return entry

    def _check_numbers(self, data: Samples, model: Module) -> None:
        """Raise JitError where the model gives other numbers for Values, as it is recorded, than for floats."""
        path = self._recorded(data, model).paths[0]
        ours, _ = path.run(path.inputs(self._columns(data).row(0)), gradient=False)
        theirs, _ = Trainer(model, self.task, self.optimizer, self.l2).run(data, [0])
        if not isclose(ours[0], theirs.data, rel_tol=1e-9, abs_tol=1e-12) and isfinite(theirs.data):
            raise JitError(
                f"the model's loss is {theirs.data!r} for the floats of the first row, and {ours[0]!r} where these are "
                "Values, as they are while it is recorded; does it look at their type?"
            )

    def _columns(self, data: Samples) -> Columns:
        """Return samples as the inputs of the program: a table, its columns the numbers of X and then those of y."""
        import numpy as np

        if id(data) not in self._data:
            tables = []
            for column, name in ((data.X, "X"), (data.y, "y")):
                try:
                    table = np.array(column, dtype=np.float64)
                except (TypeError, ValueError):
                    raise JitError(f"{name} is not rows of numbers, all of one shape") from None
                tables.append(table.reshape(len(table), -1))
            #: How many of the columns are X.
            self._width = tables[0].shape[1]
            self._data[id(data)] = data, Columns([np.concatenate(tables, axis=1)])
        return self._data[id(data)][1]

    # ----- parameters, as Values and as an array -----

    def begin(self, *, anew: bool = False) -> None:
        """Take over parameters and running numbers, where anybody else may have changed them.

        With `anew` the sample is recorded again: the model may have changed.
        """
        import numpy as np

        if not self.compiled or (self._is_ours and not anew):
            return
        self._is_ours = True
        if anew:
            self._data.clear()
            self._entry = self._recorded(self._train, self.model)
        self.p = np.array([p.data for p in self.optimizer.params])
        self._gradient = np.array([p.grad for p in self.optimizer.params])
        self._running = {name: np.array(state) for name, state in self.optimizer.state.items()}
        self._shared: dict[Path, tuple[Array, Array, Array]] = {}

    def settle(self) -> None:
        if not self.compiled:
            return
        for p, data, grad in zip(
            self.optimizer.params, self.p.tolist(), self._gradient.tolist(), strict=True
        ):
            p.data, p.grad = data, grad
        self.optimizer.state = {name: state.tolist() for name, state in self._running.items()}

    def _inputs(self, path: Path) -> Array:
        """Return the shared inputs of a path: parameters from the array, other Values as they are."""
        import numpy as np

        if path not in self._shared:
            numbers = np.array([v.data for v in path.closed])
            ours = np.array([v in self._position for v in path.closed], dtype=bool)
            where = np.array(
                [self._position[v] for v in path.closed if v in self._position], dtype=int
            )
            self._shared[path] = numbers, ours, where
        numbers, ours, where = self._shared[path]
        numbers[ours] = self.p[where]
        return numbers

    # ----- batches -----

    def _parts(
        self, data: Samples, rows: Sequence[int] | None, gradient: bool
    ) -> tuple[list[Part], int]:
        columns, count = self._columns(data), len(data.X)
        if rows is not None:
            columns, count = columns.rows(rows), len(rows)
        outputs = len(self._entry.paths[0].program.outputs)
        found = parts(
            self._entry, count, tuple(range(len(columns))), columns, self._inputs, columns.row,
            gradient=gradient, by_row=tuple(range(1, outputs)),
        )  # fmt: skip
        return found, count

    def _metric(
        self, data: Samples, rows: Sequence[int] | None, found: list[Part], count: int
    ) -> float:
        metric = self.task.metric
        if metric is None:
            return 0.0
        targets = self._columns(data).tables[0][
            slice(None) if rows is None else rows, self._width :
        ]
        return metric(whole(found, count).T, targets)

    def step(self, data: Samples, rows: list[int]) -> tuple[float, float]:
        if self.compiled:
            try:
                return self._step(data, rows)
            except JitError:  # too many ways through the model
                self.settle()
                self.compiled = False
        return super().step(data, rows)

    def _step(self, data: Samples, rows: list[int]) -> tuple[float, float]:
        import numpy as np

        some = rows if len(rows) < len(data.X) else None  # of all, the order does not matter
        found, count = self._parts(data, some, gradient=True)
        gradient = np.zeros(len(self.p))
        loss = 0.0
        for part in found:
            loss += part.sums[0].item()
            _, ours, where = self._shared[part.path]
            with np.errstate(all="ignore"):  # inf - inf is nan
                gradient[where] += part.sums[1:][ours]
        loss /= count
        gradient /= count
        if not isfinite(loss):
            self.settle()
            raise self._error(f"the loss became {loss}", data, rows)
        metric = self._metric(data, some, found, count)
        self.good = self.p.tolist()
        self._gradient = gradient
        # The optimiser works out this step's settings, and hands them to the rule.
        self.optimizer.update = self._update  # type: ignore[method-assign]
        try:
            self.optimizer.step()
        finally:
            del self.optimizer.update
        if not np.isfinite(self.p).all():
            self.settle()
            self._go_back()
            raise self._error("a step gave parameters that are not finite", data, rows)
        return loss, metric

    def _error(self, what: str, data: Samples, rows: list[int]) -> Any:
        error = super()._error(what, data, rows)
        self._is_ours = False
        self.begin()
        return error

    def evaluate(self, data: Samples) -> tuple[float, float]:
        if self.compiled:
            try:
                return self._evaluate(data)
            except JitError:
                self.settle()
                self.compiled = False
        return super().evaluate(data)

    def _evaluate(self, data: Samples) -> tuple[float, float]:
        found, count = self._parts(data, None, gradient=False)
        loss = sum(part.sums[0].item() for part in found) / count
        return loss, self._metric(data, None, found, count)

    def _update(self, rule: str, *settings: float) -> None:
        """Apply a rule of `updates` to the arrays; see Optimizer.update."""
        import numpy as np

        if rule not in self._updates:
            self._updates[rule] = _update_kernel(rule, self._options)
        columns = [array[:, None] for array in (self.p, self._gradient, *self._running.values())]
        outs, _, _ = self._updates[rule](
            len(self.p), Columns(columns), np.array(settings, dtype=float)
        )
        self.p = outs[0]
        self._running = dict(zip(self._running, outs[1:], strict=True))


def _copied(model: Module) -> Module:
    """Return a copy of the model; itself where it has something that cannot be copied."""
    try:
        return copy.deepcopy(model)
    except Exception:
        return model


def _told(model: Module) -> bytes | None:
    """Return all that is in a model, to see whether it changes; None for one that cannot be pickled."""
    try:
        return pickle.dumps(model)
    except Exception:
        return None


def _update_kernel(rule: str, options: Options) -> Rows:
    """Return the kernel of an optimiser's rule, with parameters for rows."""
    update = UPDATES[rule]
    names = ["p", "g", *update.running, *update.settings]
    builder = Builder(names)
    now = {name: builder.input(k) for k, name in enumerate(names)}
    for name, text in update.assignments:
        now[name] = emit_expression(text.tree, now, builder, builder.emit)
    outputs = ["p", *update.running]
    columns = range(2 + len(update.running))
    program = builder.program([now[name] for name in outputs])
    return kernels.rows(program, None, columns, range(len(outputs)), options)
