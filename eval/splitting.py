"""Split stacks of documents: `python -m eval.splitting [SET ...]` makes stacks of the shipped PDFs and measures.

Each stack is a run of whole documents in a random order, of one kind or of several mixed, joined page by page as a
scanner would; the tool says on which pages a document begins. The first page of a stack, which nobody can get wrong,
does not count. Printed are precision, recall and F1 of the boundaries over all stacks, with the kinds of report in them
known and not known.

`--fit` fits the weights of `SplitSettings` to half of the documents and measures the stacks of the other half, then the
other way round. Sets and `--cache` are as for `python -m eval.classification`.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.optimize import minimize

from eval.labelled_sets import SetDocument, add_set_arguments, read_sets
from extractor.classification import KindClassifier
from extractor.splitting import SplitSettings
from extractor.splitting.boundaries import BoundaryFeatures, boundary_features, page_kinds
from extractor.splitting.page_marks import PageMarks, page_marks

PAGED = (".pdf", ".tif", ".tiff")
NAMES = tuple(feature.name for feature in fields(BoundaryFeatures))


@dataclass(frozen=True, slots=True)
class StackedDocument:
    """A document as it lies in stacks: the marks and kinds of its pages, and the kind (schema id) that it is."""

    name: str
    kind: str
    marks: list[PageMarks]
    kinds: list[str | None]
    half: int


def make_stacks(documents: Sequence[StackedDocument], number: int, seed: int) -> list[list[StackedDocument]]:
    """Return stacks of 3 to 12 documents: every other one of a single kind, where there are enough of it."""
    chance = random.Random(seed)
    by_kind: dict[str, list[StackedDocument]] = {}
    for document in documents:
        by_kind.setdefault(document.kind, []).append(document)
    large = [group for group in by_kind.values() if len(group) >= 3]
    stacks = []
    for n in range(number):
        group = chance.choice(large) if n % 2 and large else list(documents)
        stacks.append(chance.sample(group, min(len(group), chance.randint(3, 12))))
    return stacks


def stack_rows(stack: Sequence[StackedDocument]) -> list[tuple[BoundaryFeatures, bool]]:
    """Return the features of every page but the first, with the right start before it, and whether it begins one."""
    marks = [page for document in stack for page in document.marks]
    kinds = [kind for document in stack for kind in document.kinds]
    starts = {sum(len(document.marks) for document in stack[:n]) for n in range(len(stack))}
    rows, start = [], 0
    for page in range(1, len(marks)):
        rows.append((boundary_features(marks, kinds, start, page), page in starts))
        if page in starts:
            start = page
    return rows


def count(stacks: Sequence[Sequence[StackedDocument]], settings: SplitSettings) -> tuple[int, int, int]:
    """Return how many boundaries were found rightly, found where there is none, and missed."""
    right = false = missed = 0
    for stack in stacks:
        marks = [page for document in stack for page in document.marks]
        kinds = [kind for document in stack for kind in document.kinds]
        starts = {sum(len(document.marks) for document in stack[:n]) for n in range(len(stack))}
        start = 0
        for page in range(1, len(marks)):
            says = boundary_features(marks, kinds, start, page).probability(settings) >= settings.least
            start = page if says else start
            right += says and page in starts
            false += says and page not in starts
            missed += not says and page in starts
    return right, false, missed


def fit(stacks: Sequence[Sequence[StackedDocument]], ridge: float) -> SplitSettings:
    """Return the settings that make the right boundaries of the stacks likeliest."""
    rows = [row for stack in stacks for row in stack_rows(stack)]
    table = np.array([[getattr(features, name) for name in NAMES] for features, _ in rows])
    truth = np.array([begins for _, begins in rows], float)
    before = np.array([getattr(SplitSettings(), name) for name in NAMES])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = table @ weights
        chances = 1 / (1 + np.exp(-scores))
        total = float(np.sum(np.logaddexp(0, scores) - truth * scores) + ridge * np.sum((weights - before) ** 2))
        return total, table.T @ (chances - truth) + 2 * ridge * (weights - before)

    found = minimize(loss, before, jac=True, method="L-BFGS-B").x
    return replace(SplitSettings(), **{name: float(value) for name, value in zip(NAMES, found, strict=True)})


def print_shares(title: str, counts: Sequence[tuple[int, int, int]]) -> None:
    right, false, missed = map(sum, zip(*counts, strict=True))
    precision, recall = right / max(right + false, 1), right / max(right + missed, 1)
    f1 = 2 * right / max(2 * right + false + missed, 1)
    print(f"{title:44}{right + missed:>11}{precision:>11.3f}{recall:>8.3f}{f1:>7.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_set_arguments(parser)
    parser.add_argument("--stacks", type=int, default=60, metavar="N", help="stacks made of each half (default: 60)")
    parser.add_argument("--fit", action="store_true", help="fit the weights to one half, and measure the other")
    parser.add_argument("--ridge", type=float, default=1.0, help="penalty on leaving the weights in force (default: 1)")
    arguments = parser.parse_args()
    documents = [each for each in read_sets(arguments, PAGED) if each.document.text.strip()]
    measure(documents, arguments.stacks, arguments.ridge if arguments.fit else None)


def measure(documents: Sequence[SetDocument], number: int, ridge: float | None) -> None:
    """Print the shares over stacks of the documents, and of a fit where a `ridge` is given."""
    kinds = list({each.kind.id: each.kind for each in documents}.values())
    classifier = KindClassifier(kinds)
    pages = sum(len(each.document.pages) for each in documents)
    print(f"{len(documents)} documents of {pages} pages, {len(kinds)} kinds")
    print(f"{'':44}{'boundaries':>11}{'precision':>11}{'recall':>8}{'F1':>7}")
    for title, told in (("kinds known", classifier), ("kinds not known", None)):
        stacked = [
            StackedDocument(each.name, each.kind.id, page_marks(each.document), page_kinds(each.document, told), n % 2)
            for n, each in enumerate(documents)
        ]
        halves = [make_stacks([s for s in stacked if s.half == half], number, half) for half in (0, 1)]
        settings = SplitSettings.current()
        print_shares(title, [count(stacks, settings) for stacks in halves])
        if ridge is not None:
            fitted = [fit(stacks, ridge) for stacks in halves]
            print_shares(f"{title}, fitted to the other half", [count(halves[1 - n], fitted[n]) for n in (0, 1)])
            both = fit([*halves[0], *halves[1]], ridge)
            print("  fitted to all: " + ", ".join(f"{name} {getattr(both, name):.1f}" for name in NAMES))


if __name__ == "__main__":
    main()
