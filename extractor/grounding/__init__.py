"""Where in the document an answer stands, and where exactly it begins and ends.

Read `occurrences` first (every place that an answer could have been copied from, the best one, its boxes on the page),
then `span_boundaries` (the ends of a free text, set by the lines it stands on), and the rules of two kinds of value
that a schema declares with `x-kind`: `organization_name` and `postal_address`. `lines` holds what they share;
`person_names` tells the parts of a person's name.
"""

from extractor.grounding.occurrences import (
    best_occurrence,
    find_occurrences,
    label_proximity,
    locate_boxes,
    make_evidence,
)
from extractor.grounding.organization_name import is_organization_name
from extractor.grounding.postal_address import is_postal_address, start_after_names
from extractor.grounding.span_boundaries import adjust_span

__all__ = [
    "adjust_span",
    "best_occurrence",
    "find_occurrences",
    "is_organization_name",
    "is_postal_address",
    "label_proximity",
    "locate_boxes",
    "make_evidence",
    "start_after_names",
]
