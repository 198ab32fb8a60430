"""On which pages of a stack a new document begins: one probability for each page, and the parts that follow from them.

Each page is compared with the page before it and with the first page of the document that it would belong to. What
speaks for a new document and against it adds up to a log-odds (logistic regression); `python -m eval.splitting` fits
and measures it on stacks of whole documents.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, fields

from extractor.classification import KindClassifier
from extractor.settings import Settings, threshold
from extractor.splitting.page_marks import PageMarks, page_marks
from extractor.types import Document, Page


@dataclass(frozen=True)
class SplitSettings(Settings):
    """What counts for a page being the first of a document, in units of a log-odds."""

    always: float = threshold(-1.7, meaning="What counts for every page.")
    number_one: float = threshold(4.1, meaning="The page says that it is page 1.")
    number_follows: float = threshold(-4.8, meaning="Its number follows that of the page before.")
    number_later: float = threshold(-1.6, meaning="Its number is above 1, and does not follow.")
    count_ended: float = threshold(4.8, meaning="The page before was the last of its number: 3 of 3.")
    head_repeats: float = threshold(-2.5, meaning="Share of its first lines that the page before begins with.")
    head_opens: float = threshold(2.2, meaning="Share of its first lines that the document's first page begins with.")
    foot_repeats: float = threshold(-0.7, meaning="Share of its last lines that the page before ends with.")
    form_again: float = threshold(
        8.0, meaning="Share of its lines above a half that the document's first page has, of labels with other values."
    )
    identifiers: float = threshold(-3.8, meaning="Share of its numbers and codes that the document has so far.")
    words: float = threshold(-4.1, meaning="Cosine of its words with those of the document so far.")
    shape_changes: float = threshold(3.3, meaning="It is of another size than the page before.")
    page_ended: float = threshold(6.3, meaning="Share of the page before that was left blank at its bottom.")
    opening: float = threshold(3.3, meaning="Logarithm of how much taller its heading is than its text.")
    starts_midway: float = threshold(-3.0, meaning="It begins with a small letter.")
    kind_changes: float = threshold(1.1, meaning="It is of another kind of report than the document so far.")
    kind_known: float = threshold(-0.2, meaning="The page by itself is of a known kind.")
    least: float = threshold(0.5, meaning="Probability from which a page begins a document.")


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """The pages of one document in a stack, from 1; `probability` is that its first page begins a document."""

    first: int
    last: int
    probability: float


@dataclass(frozen=True, slots=True)
class BoundaryFeatures:
    """What speaks for a page beginning a document, and against it; named as the weights in `SplitSettings`."""

    always: float
    number_one: float
    number_follows: float
    number_later: float
    count_ended: float
    head_repeats: float
    head_opens: float
    foot_repeats: float
    form_again: float
    identifiers: float
    words: float
    shape_changes: float
    page_ended: float
    opening: float
    starts_midway: float
    kind_changes: float
    kind_known: float

    def probability(self, settings: SplitSettings) -> float:
        """Return the probability that the page begins a document."""
        score = sum(getattr(settings, feature.name) * getattr(self, feature.name) for feature in fields(self))
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, score))))


def find_parts(document: Document, classifier: KindClassifier | None = None) -> list[DocumentPart]:
    """Return the documents in a stack, in order; one of all pages where it is a single document.

    `classifier` tells the kinds of report that the stack may hold; without it the pages alone decide.
    """
    least = SplitSettings.current().least
    parts: list[DocumentPart] = []
    for page, probability in enumerate(first_page_probabilities(document, classifier), 1):
        if not parts or probability >= least:
            parts.append(DocumentPart(page, page, probability))
        else:
            parts[-1] = DocumentPart(parts[-1].first, page, parts[-1].probability)
    return parts


def first_page_probabilities(document: Document, classifier: KindClassifier | None = None) -> list[float]:
    """Return for each page the probability that a document begins with it; 1 for the first."""
    settings = SplitSettings.current()
    marks, kinds = page_marks(document), page_kinds(document, classifier)
    probabilities: list[float] = []
    start = 0
    for page in range(len(marks)):
        if page == 0:
            probabilities.append(1.0)
            continue
        probabilities.append(boundary_features(marks, kinds, start, page).probability(settings))
        if probabilities[-1] >= settings.least:
            start = page
    return probabilities


def page_kinds(document: Document, classifier: KindClassifier | None) -> list[str | None]:
    """Return the kind (the id of its schema) of each page by itself, None where it is of none, or none is asked for."""
    if classifier is None or len(document.pages) < 2:
        return [None] * len(document.pages)
    return [_kind_of_page(document, page, classifier) for page in document.pages]


def _kind_of_page(document: Document, page: Page, classifier: KindClassifier) -> str | None:
    alone = Document(document.id, document.source, document.text[page.start : page.end], (page,))
    schema = classifier.classify(alone).schema
    return schema.id if schema is not None else None


def boundary_features(marks: list[PageMarks], kinds: list[str | None], start: int, page: int) -> BoundaryFeatures:
    """Return what speaks for a document beginning with a page, where the one before it began with page `start`.

    Pages are counted from 0.
    """
    own, before, first = marks[page], marks[page - 1], marks[start]
    own_number = own.number is not None
    follows = own_number and before.number is not None and own.number == before.number + 1
    so_far = marks[start:page]
    words: Counter[str] = sum((earlier.words for earlier in so_far[-5:]), Counter())
    seen = frozenset().union(*(earlier.identifiers for earlier in so_far))
    known = [kind for kind in kinds[start:page] if kind is not None]
    return BoundaryFeatures(
        always=1.0,
        number_one=float(own.number == 1),
        number_follows=float(follows),
        number_later=float(own_number and own.number != 1 and not follows),
        count_ended=float(before.count is not None and before.number == before.count),
        head_repeats=_share(own.head, before.head),
        head_opens=_share(own.head, first.head),
        foot_repeats=_share(own.foot, before.foot),
        form_again=_form_again(own, first),
        identifiers=_share(own.identifiers, seen),
        words=_cosine(own.words, words),
        shape_changes=float(own.shape != before.shape),
        page_ended=max(0.0, 1.0 - before.bottom),
        opening=math.log(max(1.0, own.opening)),
        starts_midway=float(own.starts_midway),
        kind_changes=float(bool(known) and kinds[page] is not None and kinds[page] != known[-1]),
        kind_known=float(kinds[page] is not None),
    )


def _form_again(own: PageMarks, first: PageMarks) -> float:
    """Return how much a page looks like the document's first page, filled in with other values: 0 to 1.

    That is the share of its lines that stand there too, 0 up to a half and 1 for all of them, times the share of the
    labels on both pages whose values differ: the running head of one document repeats the values as well.
    """
    shared = own.labelled.keys() & first.labelled.keys()
    changed = sum(own.labelled[label] != first.labelled[label] for label in shared)
    return max(0.0, 2 * _share(own.lines, first.lines) - 1) * changed / max(len(shared), 1)


def _share(own: frozenset[str], others: frozenset[str]) -> float:
    return len(own & others) / len(own) if own else 0.0


def _cosine(a: Counter[str], b: Counter[str]) -> float:
    length = math.sqrt(sum(n * n for n in a.values()) * sum(n * n for n in b.values()))
    return sum(n * b[word] for word, n in a.items()) / length if length else 0.0
