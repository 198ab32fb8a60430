"""The best one-to-one assignment of a list's items to columns, and by how much it is the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

MAX_ALTERNATIVES = 6
"""Columns that are tried for one item: more never decide, and the search stays small."""

Scores = Mapping[tuple[int, int], float]
"""The score of each pair (item, column) that may be; a pair that is not there may not."""


def assign(scores: Scores) -> dict[int, int]:
    """Return the column of each assigned item, so that the sum of scores is the greatest there is.

    Of equal assignments, the one with the earlier columns for the earlier items. Exact: a search over the items, in
    which states with the same columns left are met once.
    """
    return _best(_alternatives(scores))[1]


def margins(scores: Scores, assignment: Mapping[int, int]) -> dict[int, float]:
    """Return, for each assigned item, how much the sum of scores falls if its column may not be its own."""
    best = sum(scores[pair] for pair in assignment.items())
    found = {}
    for pair in assignment.items():
        others = {key: score for key, score in scores.items() if key != pair}
        found[pair[0]] = best - _best(_alternatives(others))[0]
    return found


def _alternatives(scores: Scores) -> list[tuple[int, Sequence[tuple[float, int]]]]:
    by_item: dict[int, list[tuple[float, int]]] = {}
    for (item, column), score in scores.items():
        by_item.setdefault(item, []).append((score, column))
    return [
        (item, sorted(columns, key=lambda c: (-c[0], c[1]))[:MAX_ALTERNATIVES])
        for item, columns in sorted(by_item.items())
    ]


def _best(alternatives: Sequence[tuple[int, Sequence[tuple[float, int]]]]) -> tuple[float, dict[int, int]]:
    relevant = [frozenset(c for _, columns in alternatives[n:] for _, c in columns) for n in range(len(alternatives))]

    @cache
    def search(n: int, taken: frozenset[int]) -> tuple[float, tuple[tuple[int, int], ...]]:
        if n == len(alternatives):
            return 0.0, ()
        item, columns = alternatives[n]
        following = relevant[n + 1] if n + 1 < len(alternatives) else frozenset()
        best: tuple[float, tuple[tuple[int, int], ...]] | None = None
        for score, column in columns:
            if column not in taken:
                total, rest = search(n + 1, (taken | {column}) & following)
                if best is None or score + total > best[0] + 1e-9:
                    best = (score + total, ((item, column), *rest))
        total, rest = search(n + 1, taken & following)
        if best is None or total > best[0] + 1e-9:
            best = (total, rest)
        return best

    total, pairs = search(0, frozenset())
    return total, dict(pairs)
