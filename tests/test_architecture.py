"""The pictures of the architecture match the imports in the code."""

from __future__ import annotations

import pytest

from tools import architecture


@pytest.mark.parametrize("name", architecture.DRAWN)
def test_a_committed_picture_is_that_of_the_code(name):
    components, title = architecture.DRAWN[name]
    committed = (architecture.PICTURES / name).read_text(encoding="utf-8")
    assert committed == architecture.picture(components, title), "run python tools/architecture.py"


def test_arrows_that_follow_from_others_are_left_out():
    below = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert architecture.reduced(below) == {"a": {"b"}, "b": {"c"}, "c": set()}


def test_the_compiler_has_five_levels_and_the_package_twelve_at_most():
    assert levels(architecture.COMPILER) == 5
    assert levels(architecture.PACKAGE) <= 12


def levels(components):
    below = architecture.arrows(components)

    def height(component):
        return 1 + max(map(height, below[component]), default=0)

    return max(map(height, components))
