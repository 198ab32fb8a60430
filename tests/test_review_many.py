"""Several people at one store: every save is there or was refused, and nothing else is."""

from __future__ import annotations

import pytest

from eval import editors


@pytest.mark.parametrize("processes", [False, True], ids=["threads", "processes"])
def test_editors_lose_nothing_to_each_other(processes):
    number, saves = (4, 30) if not processes else (3, 15)
    figures = editors.many(number, saves, processes=processes)  # checks for losses itself
    assert figures["attempts"] == number * saves == figures["saved"] + figures["conflict"]
    assert figures["saved"] > 0 and figures["conflict"] > 0
