"""One file with many documents: on which pages of a stack a new document begins.

Read `page_marks` (what a page says about its place in a document) and `boundaries` (all of it as one probability for
each page).
"""

from extractor.splitting.boundaries import DocumentPart, SplitSettings, find_parts, first_page_probabilities

__all__ = ["DocumentPart", "SplitSettings", "find_parts", "first_page_probabilities"]
