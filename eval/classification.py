"""Tell kinds of report apart: the shipped sets and others, mixed; `python -m eval.classification [SET ...]`.

Every document is classified among the kinds of all sets (their schemas; the same schema is the same kind), once with
its own kind among them, and once with it left out, when the only right answer is that it is unknown; versions of one
form, whose titles differ in a bracket alone, are left out together. Half the
documents of each kind stand for approved ones (`--approved N` of them, 0 for the words of the schemas alone), the
other half is classified, then the other way round. Printed are the shares told right, said unknown, and wrong, by set.

`--fit` prints the weights of `KindSettings` that make the right answers likeliest (maximum likelihood, with a penalty
of `--ridge` on their squares), and the shares that they give on sets that the fit did not see: each kind is measured
with weights fitted without any document of it.

Sets are as in `labelled_sets`; `--cache FOLDER` keeps the documents read, so that another run reads none.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.optimize import minimize

from eval.labelled_sets import add_set_arguments, read_sets
from extractor.classification import DocumentWords, KindClassifier, KindFeatures, KindSettings
from extractor.classification.classifier import softmax
from extractor.schemas import Schema

WEIGHTS = (*(feature.name for feature in fields(KindFeatures)), "unknown")
"""The settings that `--fit` fits, in the order of a row of `feature_row`; the last is the score of no kind."""


MAX_WEIGHT = 15.0
"""No weight is fitted higher: a lead that is small everywhere in the sets would count for anything elsewhere."""


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """A document with its set, its kind (the id of a schema) and its words; `half` is 0 or 1."""

    name: str
    set: str
    kind: str
    words: DocumentWords
    half: int


@dataclass(frozen=True, slots=True)
class Case:
    """A document as it was classified: what spoke for each kind, and which of them is right, None for none of them."""

    labelled: LabelledDocument
    features: list[KindFeatures]
    right: int | None


def load_documents(arguments: argparse.Namespace) -> tuple[list[LabelledDocument], list[Schema]]:
    """Return the documents of the sets, every other one of each kind in a half, and their kinds."""
    found: list[LabelledDocument] = []
    kinds: dict[str, Schema] = {}
    numbers: Counter[str] = Counter()
    for each in read_sets(arguments):
        kinds[each.kind.id] = each.kind
        half = numbers[each.kind.id] % 2
        numbers[each.kind.id] += 1
        found.append(LabelledDocument(each.name, each.set, each.kind.id, DocumentWords(each.document), half))
    return found, list(kinds.values())


def make_cases(documents: Sequence[LabelledDocument], kinds: Sequence[Schema], approved: int) -> Iterator[Case]:
    """Classify every document with its kind among the kinds, and without it and other versions of the same form."""
    for half in (0, 1):
        examples = defaultdict(list)
        for other in _shuffled(documents):
            if other.half != half and len(examples[other.kind]) < approved:
                examples[other.kind].append(other.words.profile)
        tested = [labelled for labelled in documents if labelled.half == half]
        everything = KindClassifier(kinds, examples)
        for labelled in tested:
            right = next(n for n, kind in enumerate(everything.kinds) if kind.id == labelled.kind)
            yield Case(labelled, everything.features(labelled.words), right)
        for kind in kinds:
            without = KindClassifier([other for other in kinds if form_of(other) != form_of(kind)], examples)
            for labelled in tested:
                if labelled.kind == kind.id:
                    yield Case(labelled, without.features(labelled.words), None)


def form_of(kind: Schema) -> str:
    """Return what the versions of one form have in common: the title without its brackets; the id without a title."""
    return re.sub(r"[(（].*?[)）]", "", kind.title).strip() or kind.id


def _shuffled(documents: Sequence[LabelledDocument]) -> list[LabelledDocument]:
    return random.Random(7).sample(list(documents), len(documents))


def feature_row(features: KindFeatures) -> list[float]:
    """Return the features of a kind, in the order of WEIGHTS but for the last."""
    return [getattr(features, name) for name in WEIGHTS[:-1]]


def fit_weights(cases: Sequence[Case], ridge: float) -> np.ndarray:
    """Return the weights that make the right answers likeliest."""
    most = max(len(case.features) for case in cases)
    table = np.zeros((len(cases), most + 1, len(WEIGHTS)))  # case, kind, feature; the last kind is none of them
    absent = np.zeros((len(cases), most + 1))
    for row, gone, case in zip(table, absent, cases, strict=True):
        row[: len(case.features), :-1] = [feature_row(features) for features in case.features]
        row[most, -1] = 1.0
        gone[len(case.features) : most] = -np.inf
    right = np.array([most if case.right is None else case.right for case in cases])
    # A kind with many documents counts no more than one with few, and so do the known and the unknown.
    numbers = Counter((case.labelled.kind, case.right is None) for case in cases)
    shares = np.array([1 / numbers[case.labelled.kind, case.right is None] ** 0.5 for case in cases])
    every = np.arange(len(cases))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = table @ weights + absent
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        total = -float(shares @ np.log(np.maximum(chances[every, right], 1e-12)))
        chances[every, right] -= 1
        slope = np.einsum("c,ck,ckf->f", shares, chances, table)
        return total + ridge * float(weights @ weights), slope + 2 * ridge * weights

    settings = KindSettings()
    start = np.array([getattr(settings, name) for name in WEIGHTS])
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, MAX_WEIGHT)] * len(start)).x


def decide(case: Case, settings: KindSettings) -> tuple[int | None, float]:
    """Return which kind is named, None for unknown, and the probability of it, as `KindClassifier.classify` does."""
    shares = softmax([*(features.score(settings) for features in case.features), settings.unknown])
    best = max(range(len(case.features)), key=lambda n: shares[n])
    return (best, shares[best]) if shares[best] >= settings.least else (None, 1 - shares[best])


def print_shares(title: str, outcomes: Sequence[tuple[Case, int | None]], details: bool) -> None:
    """Print how many documents were told right, said unknown and told wrong: all, and with `details` each set's."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for case, named in outcomes:
        outcome = "right" if named == case.right else "unknown" if named is None else "wrong"
        sets = (case.labelled.set, "all") if details else ("all",)
        for name in sets:
            table[name][("known " if case.right is not None else "left out ") + outcome] += 1
    print(f"\n{title}\n{'set':32}{'documents':>10}{'right':>8}{'unknown':>9}{'wrong':>7}{'left out: unknown':>20}")
    for name, counts in sorted(table.items(), key=lambda row: (row[0] == "all", row[0])):
        known = sum(number for key, number in counts.items() if key.startswith("known"))
        shares = [counts[f"known {key}"] / max(known, 1) for key in ("right", "unknown", "wrong")]
        without = counts["left out right"] / max(known, 1)
        print(f"{name:32}{known:>10}{shares[0]:>8.3f}{shares[1]:>9.3f}{shares[2]:>7.3f}{without:>20.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_set_arguments(parser)
    parser.add_argument(
        "--approved", type=int, action="append", metavar="N", help="approved documents (default: 0 and 5)"
    )
    parser.add_argument("--fit", action="store_true", help="fit the weights, and measure them on kinds left out of it")
    parser.add_argument("--ridge", type=float, default=0.01, help="penalty of the fit (default: 0.01)")
    parser.add_argument("--wrong", action="store_true", help="print every document that is told wrong")
    arguments = parser.parse_args()
    documents, kinds = load_documents(arguments)
    print(f"{len(documents)} documents of {len(kinds)} kinds")
    cases = {n: list(make_cases(documents, kinds, n)) for n in arguments.approved or (0, 5)}
    settings = KindSettings.current()
    for number, found in cases.items():
        outcomes = [(case, decide(case, settings)[0]) for case in found]
        print_shares(f"{number} approved documents of each kind", outcomes, details=True)
        if arguments.wrong:
            _print_wrong(outcomes, kinds)
    if arguments.fit:
        _print_fit([case for found in cases.values() for case in found], cases, arguments.ridge)


def _print_wrong(outcomes: Sequence[tuple[Case, int | None]], kinds: Sequence[Schema]) -> None:
    form = {kind.id: form_of(kind) for kind in kinds}
    for case, named in outcomes:
        if named != case.right:
            own = case.labelled.kind
            offered = [kind for kind in kinds if case.right is not None or form[kind.id] != form[own]]
            said = "unknown" if named is None else offered[named].title or offered[named].fields[0].name
            known = "known" if case.right is not None else "left out"
            print(f"  {known}: {case.labelled.set}/{case.labelled.name} is said to be {said}")


def _print_fit(everything: Sequence[Case], cases: dict[int, list[Case]], ridge: float) -> None:
    names = [f"{name} {weight:.2f}" for name, weight in zip(WEIGHTS, fit_weights(everything, ridge), strict=True)]
    print("\nfitted to all: " + ", ".join(names))
    fitted = {}
    for kind in {case.labelled.kind for case in everything}:
        weights = fit_weights([case for case in everything if case.labelled.kind != kind], ridge)
        fitted[kind] = replace(KindSettings(), **dict(zip(WEIGHTS, map(float, weights), strict=True)))
    for number, found in cases.items():
        outcomes = [(case, decide(case, fitted[case.labelled.kind])[0]) for case in found]
        print_shares(f"{number} approved documents, weights fitted without the kind", outcomes, details=True)


if __name__ == "__main__":
    main()
