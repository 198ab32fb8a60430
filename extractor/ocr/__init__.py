"""Pictures of pages into words and ruling lines with their places, by recognition models that run on this machine.

Read in this order: `scanned_page` (what comes out), `page_reader` (the whole way, `read_page`), `orientation` and
`deskew` (turn the page upright and level), `line_detection` and `text_detector` (where lines of text stand), `models`
(the one seam to rapidocr), `word_boxes` and `line_ink` (recognised lines into words), `ruling_lines` and
`line_strokes`, `check_boxes`, `seals` and `pen_strokes` (marks that are no text),
`region_reader` (a part of a page by itself), `cache` and `pictures`.
"""

from __future__ import annotations

import cv2

from extractor.ocr.deskew import straighten
from extractor.ocr.page_reader import read_page
from extractor.ocr.pen_strokes import is_pen_writing
from extractor.ocr.region_reader import read_region
from extractor.ocr.scanned_page import ScannedPage
from extractor.ocr.seals import with_seal_ink

cv2.setNumThreads(1)  # a forked child would wait for ever for the threads of its parent

__all__ = ["ScannedPage", "is_pen_writing", "read_page", "read_region", "straighten", "with_seal_ink"]
