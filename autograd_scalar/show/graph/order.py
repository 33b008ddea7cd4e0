"""Topological order of numbered nodes."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import chain

#: (source, target)
Edge = tuple[int, int]


def sorted_nodes(count: int, edges: Iterable[Edge]) -> list[int]:
    """Return the nodes 0 ... count - 1 in topological order, the lowest number first among equals.

    In a cycle, the lowest remaining number goes first.

    >>> sorted_nodes(3, [(2, 1)]), sorted_nodes(3, [(1, 2), (2, 1)])
    ([0, 2, 1], [0, 1, 2])
    """
    targets: list[set[int]] = [set() for _ in range(count)]
    for source, target in edges:
        if source != target:
            targets[source].add(target)
    waits = [0] * count
    for target in chain.from_iterable(targets):
        waits[target] += 1
    ready = [node for node in range(count) if not waits[node]]
    waiting = iter(range(count))
    done: dict[int, None] = {}
    while len(done) < count:
        node = heappop(ready) if ready else next(node for node in waiting if node not in done)
        if node not in done:
            done[node] = None
            for target in targets[node]:
                waits[target] -= 1
                if not waits[target]:
                    heappush(ready, target)
    return list(done)
