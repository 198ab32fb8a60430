"""The words of a document that is being classified, looked up once however many kinds are asked about."""

from __future__ import annotations

from collections.abc import Iterable

from extractor.classification.kind_words import is_printed, searchable
from extractor.classification.profiles import profile_document
from extractor.types import Document


class DocumentWords:
    """A document's profile, and which names are printed in it."""

    def __init__(self, document: Document) -> None:
        self.profile = profile_document(document)
        self._text = searchable(document.text)
        self._printed: dict[str, bool] = {}

    def printed(self, names: Iterable[str]) -> frozenset[str]:
        """Return which of the names are printed in the document."""
        for name in names:
            if name not in self._printed:
                self._printed[name] = is_printed(name, self._text)
        return frozenset(name for name in names if self._printed[name])
