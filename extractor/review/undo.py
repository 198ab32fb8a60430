"""Undo and redo of a person's own changes. Both are corrections themselves: nothing is ever taken out of the log."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.review.errors import RefusalKind, ReviewError
from extractor.store import Correction
from extractor.store.value_origins import active_corrections
from extractor.types import path_text


def find_undoable(corrections: Sequence[Correction], who: str) -> Correction:
    """Return the person's newest change that is in effect.

    Raises ReviewError (`nothing_to_undo`) where there is none, or where somebody changed the same place afterwards.
    """
    own = [correction for correction in active_corrections(corrections) if correction.who == who]
    if not own:
        raise ReviewError(RefusalKind.NOTHING_TO_UNDO, "There is no change of yours to undo.")
    return _check_unchanged(own[-1], corrections, own[-1].revision)


def find_redoable(corrections: Sequence[Correction], who: str) -> tuple[Correction, Correction]:
    """Return the undo that is to be taken back, and the change that comes into effect again.

    Raises ReviewError (`nothing_to_undo`) where the person has undone nothing, has changed something since, or somebody
    changed the same place afterwards.
    """
    cancelled: set[int] = set()
    undo: Correction | None = None
    for correction in reversed(corrections):
        if correction.undoes is not None and correction.revision not in cancelled:
            cancelled.add(correction.undoes)
        if correction.who != who or correction.how == "redo":
            continue
        if correction.how == "undo" and correction.revision not in cancelled:
            undo = correction
            break
        if correction.how != "undo":
            break  # a change of the person's own since the undo: there is nothing to go back to
    if undo is None:
        raise ReviewError(RefusalKind.NOTHING_TO_UNDO, "There is no change of yours to redo.")
    undone = next(correction for correction in corrections if correction.revision == undo.undoes)
    return undo, _check_unchanged(undone, corrections, undo.revision)


def _check_unchanged(change: Correction, corrections: Sequence[Correction], since: int) -> Correction:
    """Return the change; raises ReviewError where the same place was changed after revision `since`."""
    for later in active_corrections(corrections):
        size = min(len(later.path), len(change.path))
        if later.revision > since and later.path[:size] == change.path[:size]:
            message = f"{later.who} has changed {path_text(change.path)} since."
            raise ReviewError(RefusalKind.NOTHING_TO_UNDO, message, "Change the value itself.")
    return change
