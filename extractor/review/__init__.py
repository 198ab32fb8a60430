"""People at work on records: what a screen shows of them and does with them, without a word of HTTP or of a screen.

    with Store() as store, ReviewService(store) as service:
        page = service.queue(who="ann")
        view = service.claim(page["rows"][0]["id"], who="ann")
        service.edit(view["id"], who="ann", revision=view["revision"], how="typed", path=("total",), text="１,２３４")

In the order to read them:

    service                       everything that people can do; the front of the room
    queue_listing, record_view    records as JSON data: in the queue, and one on its own
    form, column_sums             the form that a schema describes; which columns of its lists are summed
    view_cache                    records as they were last shown
    changes, list_rows            what an act puts into a record
    value_parsing                 typed text into values and back
    undo, history                 over the log of corrections
    documents, document_cache     pages, words and text for the screen
    selectable_values             what one click in a document selects
    worker_pool, worker_tasks     the separate processes that read and draw
    lessons, lesson_overview      what an approval teaches; what was taught, for people
    uploads, upload_files, upload_worker, sample
    errors, display_names
"""

from __future__ import annotations

from extractor.review.errors import RefusalKind, ReviewError
from extractor.review.queue_listing import QueueQuery
from extractor.review.service import ReviewService

__all__ = ["QueueQuery", "RefusalKind", "ReviewError", "ReviewService"]
