"""Pictures of pages become words with places: turned upright, straightened, recognised on this machine."""

from __future__ import annotations

from extractor.ocr.page import read_page
from extractor.ocr.scanned import ScannedPage
from extractor.ocr.straight import straighten

__all__ = ["ScannedPage", "read_page", "straighten"]
