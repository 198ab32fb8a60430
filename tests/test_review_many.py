"""Several people at one store: every save is there or was refused, and nothing else is."""

from __future__ import annotations

import pytest

from eval import editors


@pytest.mark.parametrize("processes", [False, True], ids=["threads", "processes"])
def test_eight_editors_lose_nothing_to_each_other(processes):
    number, saves = (8, 100) if not processes else (3, 15)
    told = editors.many(number, saves, processes=processes)  # looks for losses itself
    assert told["attempts"] == number * saves == told["saved"] + told["conflict"]
    assert told["saved"] > 0 and told["conflict"] > 0
