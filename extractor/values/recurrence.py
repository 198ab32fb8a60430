"""Texts that recur in turn: `2021 2022 2021 2022` under two heads."""

from __future__ import annotations

from collections.abc import Sequence


def period(texts: Sequence[str]) -> int | None:
    """Return after how many texts the row begins anew, at least two that differ; None where it does not.

    The whole row is made of such groups: `2021 2022 2021 2022` has a period of 2, `2021 2022 2021` none.
    """
    for length in range(2, len(texts) // 2 + 1):
        group = list(texts[:length])
        if len(texts) % length == 0 and list(texts) == group * (len(texts) // length):
            return length if len(set(group)) == length and all(group) else None
    return None
