"""Taking back one's own steps, and doing them again: as corrections of their own, for nothing leaves the log."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.review.errors import ReviewError
from extractor.store import Correction
from extractor.store.review_status import active_corrections
from extractor.types import path_text


def to_undo(corrections: Sequence[Correction], who: str) -> Correction:
    """The newest step of that person that stands; ReviewError where there is none, or where somebody built on it."""
    mine = [c for c in active_corrections(corrections) if c.who == who]
    if not mine:
        raise ReviewError("nothing_to_undo", "There is nothing of yours to undo.")
    return _free(mine[-1], corrections, mine[-1].revision)


def to_redo(corrections: Sequence[Correction], who: str) -> tuple[Correction, Correction]:
    """The undoing that comes off, and the step that stands again; ReviewError where there is none."""
    off: set[int] = set()
    last: Correction | None = None
    for c in reversed(corrections):
        if c.undoes is not None and c.revision not in off:
            off.add(c.undoes)
        if c.who != who or c.how == "redo":
            continue
        if c.how == "undo" and c.revision not in off:
            last = c
            break
        if c.how != "undo":
            break  # a step of one's own since then: there is nothing to go back to
    if last is None:
        raise ReviewError("nothing_to_undo", "There is nothing of yours to do again.")
    step = next(c for c in corrections if c.revision == last.undoes)
    return last, _free(step, corrections, last.revision)


def _free(step: Correction, corrections: Sequence[Correction], since: int) -> Correction:
    """The step, where nobody has changed the same place after that revision."""
    for later in active_corrections(corrections):
        size = min(len(later.path), len(step.path))
        if later.revision > since and later.path[:size] == step.path[:size]:
            message = f"{later.who} has changed {path_text(step.path)} since."
            raise ReviewError("nothing_to_undo", message, "Change the value itself.")
    return step
