"""The pictures of the architecture are those that the code's imports give."""

from __future__ import annotations

import pytest

from tools import architecture


@pytest.mark.parametrize("name", architecture.DRAWN)
def test_a_committed_picture_is_that_of_the_code(name):
    rooms, title = architecture.DRAWN[name]
    committed = (architecture.PICTURES / name).read_text(encoding="utf-8")
    assert committed == architecture.picture(rooms, title), "run python tools/architecture.py"


def test_arrows_that_follow_from_others_are_left_out():
    below = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert architecture.reduced(below) == {"a": {"b"}, "b": {"c"}, "c": set()}


def test_the_compiler_has_five_floors_and_the_house_twelve_at_most():
    assert floors(architecture.COMPILER) == 5
    assert floors(architecture.HOUSE) <= 12


def floors(rooms):
    below = architecture.arrows(rooms)

    def height(room):
        return 1 + max(map(height, below[room]), default=0)

    return max(map(height, rooms))
