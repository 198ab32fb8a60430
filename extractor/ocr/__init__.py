"""Pictures of pages become words with places: turned upright, straightened, recognised on this machine."""

from __future__ import annotations

import cv2

from extractor.ocr.deskew import straighten
from extractor.ocr.page import read_page
from extractor.ocr.region import read_region
from extractor.ocr.scanned_page import ScannedPage

cv2.setNumThreads(1)  # a forked child would wait for ever for the threads of its parent

__all__ = ["ScannedPage", "read_page", "read_region", "straighten"]
