"""label_all: labels from the names of variables."""

from __future__ import annotations

import code
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import autograd_scalar as ag
from autograd_scalar import Value
from autograd_scalar.naming import label_all


def test_labels_the_locals_of_the_calling_function_only() -> None:
    global at_module_level
    at_module_level = Value(0.0)

    def inner() -> list[str]:
        p, q = Value(1.0), Value(2.0)
        y = p * q
        given = ag.label_all()
        assert (p.label, q.label, y.label) == ("p", "q", "y")
        return given

    outer = Value(3.0)
    assert inner() == ["p", "q", "y"]
    assert outer.label is None
    assert at_module_level.label is None


def test_a_call_at_module_level_labels_the_globals() -> None:
    names: dict[str, Any] = {"ag": ag, "Value": Value}
    exec("a = Value(1.0)\nb = a + 1.0\ngiven = ag.label_all()", names)
    assert names["given"] == ["a", "b"]
    assert names["b"].label == "b"


def test_closures_see_the_variables_they_use() -> None:
    w = Value(1.0)

    def inner() -> list[str]:
        y = w * 2.0
        assert y.data == 2.0
        return ag.label_all()

    assert inner() == ["y", "w"]


def test_containers_give_subscripts_and_plain_names_come_first() -> None:
    def run() -> tuple[list[str], list[str | None]]:
        xs = [Value(1.0), (Value(2.0), Value(3.0)), 4.0, "text"]
        weights = {"b": Value(4.0), 7: [Value(5.0)]}
        best = xs[0]
        given = ag.label_all()
        return given, [best.label, weights[7][0].label]  # type: ignore[index]

    given, labels = run()
    assert given == ["best", "xs[1][0]", "xs[1][1]", 'weights["b"]', "weights[7][0]"]
    assert labels == ["best", "weights[7][0]"]


def test_the_first_of_several_plain_names_is_used() -> None:
    v = Value(1.0)
    assert label_all({"first": v, "second": v}, overwrite=True) == ["first"]
    assert v.label == "first"


def test_a_label_stays_unless_overwritten() -> None:
    a = Value(1.0, label="mine")
    assert ag.label_all() == []
    assert a.label == "mine"
    assert ag.label_all(overwrite=True) == ["a"]
    assert a.label == "a"


def test_names_with_a_leading_underscore_are_skipped() -> None:
    assert label_all({"_": Value(1.0), "_x": [Value(2.0)], "x": Value(3.0)}) == ["x"]


def test_ipythons_history_is_skipped() -> None:
    v = Value(1.0)
    outputs = {3: v, 4: Value(2.0)}
    assert label_all({"_oh": outputs, "Out": outputs, "kept": v}) == ["kept"]


def test_a_list_that_contains_itself_terminates() -> None:
    xs: list[Any] = [Value(1.0)]
    xs.append(xs)
    ys: dict[str, Any] = {"xs": xs}
    xs.append(ys)
    assert label_all({"xs": xs, "ys": ys}) == ["xs[0]"]


def test_a_nest_of_two_thousand_lists_is_walked() -> None:
    nest: list[Any] = [Value(1.0)]
    for _ in range(2_000):
        nest = [nest]
    assert label_all({"x": nest}) == ["x" + "[0]" * 2_001]


def test_explicit_names_and_mappings() -> None:
    a, b, c = Value(1.0), Value(2.0), Value(3.0)
    assert label_all(a=a, pair=[b]) == ["a", "pair[0]"]
    assert label_all({"c": c, "a": a, "n": 3}) == ["c"]
    assert c.label == "c"


def test_only_labels_change() -> None:
    x = Value(2.0)
    y = x * x
    y.backward()
    label_all(x=x, y=y)
    assert (x.data, x.grad, y.data, y.op, y.parents) == (2.0, 4.0, 4.0, "mul", (x, x))


def test_a_bare_value_is_refused() -> None:
    with pytest.raises(TypeError, match=r"label_all\(x=x\).*got a bare Value"):
        label_all(Value(1.0))  # type: ignore[arg-type]


def test_a_number_is_refused() -> None:
    with pytest.raises(TypeError, match=r"n is 3 \(int\)"):
        label_all(n=3)


def test_in_the_standard_console() -> None:
    console = code.InteractiveConsole({"ag": ag, "Value": Value})
    for line in ("w = Value(2.0)", "y = w * w", "given = ag.label_all()"):
        console.push(line)
    assert console.locals["given"] == ["w", "y"]


def test_in_ipython(tmp_path: Path) -> None:
    pytest.importorskip("IPython")
    script = (
        "from autograd_scalar import Value\nimport autograd_scalar as ag\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "for cell in ('from autograd_scalar import Value; import autograd_scalar as ag',\n"
        "             'a = Value(2.0)', 'a * 3', 'given = ag.label_all()'):\n"
        "    shell.run_cell(cell, store_history=True)\n"
        "print('given:', shell.user_ns['given'])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "IPYTHONDIR": str(tmp_path)},
    )
    assert "given: ['a']" in ran.stdout
