"""The words of a document that is being classified, looked up once however many kinds are asked about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from extractor.classification.kind_words import is_printed, searchable
from extractor.classification.profiles import profile_document
from extractor.settings import Settings, threshold
from extractor.types import Document


@dataclass(frozen=True)
class BeginningSettings(Settings):
    """How much of a document tells what it is; a long one names everything somewhere."""

    pages: int = threshold(3, unit="pages", meaning="The first pages, in which names of fields are looked for.")
    characters: int = threshold(12000, unit="characters", meaning="The most text of them that is looked at.")
    title: int = threshold(400, unit="characters", meaning="The text at the top in which a document says what it is.")


class DocumentWords:
    """A document's profile, and which names are printed in its first pages, or at its top."""

    def __init__(self, document: Document) -> None:
        settings = BeginningSettings.current()
        self.profile = profile_document(document)
        pages = document.pages[: settings.pages]
        end = min(settings.characters, pages[-1].end if pages else settings.characters)
        self._text = searchable(document.text[:end])
        self._top = searchable(document.text[: settings.title])
        self._printed: dict[str, bool] = {}

    def printed(self, names: Iterable[str]) -> frozenset[str]:
        """Return which of the names are printed in the first pages of the document."""
        for name in names:
            if name not in self._printed:
                self._printed[name] = is_printed(name, self._text)
        return frozenset(name for name in names if self._printed[name])

    def at_top(self, names: Iterable[str]) -> frozenset[str]:
        """Return which of the names are printed at the top of the document."""
        return frozenset(name for name in names if is_printed(name, self._top))
