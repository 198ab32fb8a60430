"""Which kind of report a document is: which of several schemas it should be read with, or none of them.

Read `profiles` (the character n-grams of a text, as they can be stored), `kind_words` (the words of a schema, and which
of its names are printed in a document), `classifier` (both together, and documents that people approved, as one
probability) and `kind_sets` (several kinds in the place of one schema).
"""

from extractor.classification.classifier import KindChoice, KindClassifier, KindFeatures, KindSettings
from extractor.classification.document_words import DocumentWords
from extractor.classification.kind_sets import (
    AUTO,
    UnknownKind,
    add_examples,
    choice_json,
    choose_schema,
    classifier_of,
    is_kind_set,
    kinds_in,
    make_kind_set,
)
from extractor.classification.profiles import DocumentProfile, profile_document

__all__ = [
    "AUTO",
    "DocumentProfile",
    "DocumentWords",
    "KindChoice",
    "KindClassifier",
    "KindFeatures",
    "KindSettings",
    "UnknownKind",
    "add_examples",
    "choice_json",
    "choose_schema",
    "classifier_of",
    "is_kind_set",
    "kinds_in",
    "make_kind_set",
    "profile_document",
]
