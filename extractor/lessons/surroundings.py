"""The surroundings of the places of one document where a value may begin or end, as keys that lessons are compared by.

A family is one kind of evidence, its keys a chain from the most exact to the most general: the three words before a
place, the two, the one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from extractor.lessons.models import ValuePlace
from extractor.lessons.places import cell_headers
from extractor.lessons.tokens import DocumentTokens, shape_of

Chain = tuple[tuple[str, ...], ...]
"""Keys of one family, the most exact first."""

START_FAMILIES = ("before", "left", "above", "opening", "cell")
END_FAMILIES = ("after", "closing", "shape", "tokens", "lines", "edges", "gaps")
_SIZES = (1, 3, 6, 12)
"""Numbers of tokens between which lengths count as one another."""
_WORDS_BEFORE, _WORDS_AROUND = 4, 3


def _prefixes(words: Sequence[str], longest: int) -> Chain:
    """Return the first words, fewer and fewer: `abc` as abc, ab, a; a place without any has the key `()`."""
    return tuple(tuple(words[:n]) for n in range(min(longest, len(words)), 0, -1)) or ((),)


def start_chains_of_place(place: ValuePlace, known: Mapping[str, str]) -> dict[str, Chain]:
    """Return the chains of an approved value's beginning; `known` are words to take for others."""
    return _start_chains(
        *([known.get(w, w) for w in words] for words in (place.before, place.left, place.above)),
        place.opening,
        place.row,
        place.column,
    )


def _start_chains(
    before: Sequence[str], left: Sequence[str], above: Sequence[str], opening: str, row: str, column: str
) -> dict[str, Chain]:
    return {
        "before": _prefixes(before, _WORDS_BEFORE),
        "left": _prefixes(left, _WORDS_AROUND),
        "above": _prefixes(above, _WORDS_AROUND),
        "opening": ((opening,),),
        "cell": ((row, column), (row,)) if row else ((row, column),),
    }


def end_chains_of_place(place: ValuePlace, known: Mapping[str, str]) -> dict[str, Chain]:
    """Return the chains of an approved value's end and form."""
    after = [known.get(w, w) for w in place.after]
    return _end_chains(after, place.closing, place.shape, place.tokens, place.lines, place.edges, place.gaps)


def _end_chains(
    after: Sequence[str], closing: str, shape: str, tokens: int, lines: int, edges: str, gaps: str
) -> dict[str, Chain]:
    kinds = "".join(sorted(set(shape) & set("0Aa")))
    return {
        "after": _prefixes(after, _WORDS_AROUND),
        "closing": ((closing,),),
        "shape": ((shape, kinds), (kinds,)),
        "tokens": ((str(sum(tokens > size for size in _SIZES)),),),
        "lines": ((str(min(lines, 4)),),),
        "edges": ((edges,),),
        "gaps": ((gaps,),),
    }


class Surroundings:
    """The chains of one document's places, each made once; words that OCR misread are taken for those they mean."""

    def __init__(self, tokens: DocumentTokens, corrected: Mapping[str, str]) -> None:
        self.tokens = tokens
        self._corrected = corrected
        self._starts: dict[int, dict[str, Chain]] = {}
        self._ends: dict[tuple[int, int], dict[str, Chain]] = {}

    def at_start(self, n: int) -> dict[str, Chain]:
        """Return the chains of a value that begins at token `n`."""
        if n not in self._starts:
            tokens = self.tokens
            token = tokens.tokens[n]
            self._starts[n] = _start_chains(
                self._correct(tokens.words_before(n, _WORDS_BEFORE)),
                self._correct(tokens.words_left(n, _WORDS_AROUND)),
                self._correct(tokens.words_above(n, _WORDS_AROUND)),
                tokens.separator_before(n),
                *cell_headers(tokens.document, token.start, token.end),
            )
        return self._starts[n]

    def at_end(self, first: int, last: int) -> dict[str, Chain]:
        """Return the chains of a value from token `first` to token `last`."""
        if (first, last) not in self._ends:
            tokens = self.tokens
            text = tokens.document.text[tokens.tokens[first].start : tokens.tokens[last].end]
            self._ends[first, last] = _end_chains(
                self._correct(tokens.words_after(last, _WORDS_AROUND)),
                tokens.separator_after(last),
                shape_of(text),
                last - first + 1,
                text.count("\n") + 1,
                tokens.edges_of(first, last),
                tokens.gaps_in(first, last),
            )
        return self._ends[first, last]

    def _correct(self, words: Iterable[str]) -> list[str]:
        return [self._corrected.get(word, word) for word in words]


def count_keys(chains: Iterable[Mapping[str, Chain]], families: Iterable[str]) -> dict[str, Counter[tuple[str, ...]]]:
    """Return how often each key of each family occurs; a key that a chain has twice counts once."""
    counts: dict[str, Counter[tuple[str, ...]]] = {family: Counter() for family in families}
    for each in chains:
        for family, counter in counts.items():
            counter.update(each[family])
    return counts
