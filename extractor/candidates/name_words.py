"""The words of a field's name in running text: `policeNotified` in `Police notified?`, `adjusted` in `adjustment`."""

from __future__ import annotations

import re
from functools import lru_cache

from extractor.schemas.subschemas import readable_name
from extractor.types import Field
from extractor.values.terms import search_terms

_ABOUT_THE_QUESTION = frozenset(
    {
        *("is", "has", "was", "are", "be", "whether", "required", "requested", "given", "done", "any"),
        *("the", "of", "in", "to", "for", "or", "and", "a", "is", "是", "否", "是否", "有无"),
    }
)
"""Words of the names of yes-or-no fields that say that something is asked, and not what."""
_LONGEST_STEM = 6
"""Letters by which two forms of a word are the same: `adjusted` and `adjustment`."""
_SENTENCE_END = re.compile(r"[\n\t。；;！？!?☐☒☑■□]|(?<=[^\W\d_])\.(?=\s)")


def sentences(text: str) -> list[str]:
    """Return the sentences, the lines and the cells of `text`."""
    return [part for part in _SENTENCE_END.split(text) if part.strip()]


def has_words_of_name(field: Field, text: str) -> bool:
    """Decide whether all words of one of the field's names stand in `text`, in whatever order and form.

    A name of nothing but words such as `done` is joined to that of the object around it.
    """
    words = _stems(text)
    return any(wanted <= words for wanted in _names(field.name, field.labels, field.parents))


@lru_cache(maxsize=4096)
def _names(name: str, labels: tuple[str, ...], parents: tuple[tuple[str, ...], ...]) -> tuple[frozenset[str], ...]:
    names = [_stems(each) - _ABOUT_THE_QUESTION for each in (readable_name(name), *labels)]
    if not any(names) and parents:
        names = [_stems(readable_name(each)) - _ABOUT_THE_QUESTION for each in parents[-1]]
    return tuple(each for each in names if each)


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    return frozenset(term[:_LONGEST_STEM] if term.isascii() else term for term in search_terms(text))
