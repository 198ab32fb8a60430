"""People at work on records: what a screen shows of them and does with them, without a word of HTTP or of a screen.

with Store() as store, ReviewService(store) as desk:
    page = desk.queue(who="ann")
    view = desk.claim(page["rows"][0]["id"], who="ann")
    desk.edit(view["id"], who="ann", revision=view["revision"], how="typed", path=("total",), text="１,２３４")
"""

from __future__ import annotations

from extractor.review.errors import ReviewError
from extractor.review.service import ReviewService

__all__ = ["ReviewError", "ReviewService"]
