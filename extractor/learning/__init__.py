"""Learning: approved records and gold sets into lessons.

`approved_values` says which values of a record people looked at; `learn_record` makes a lesson of them and stores it,
`learn_gold` makes one of a gold record. What lessons are, and what they propose, is in `extractor.lessons`; where they
are kept, in `extractor.store.lessons`.
"""

from extractor.learning.records import approved_values, learn_gold, learn_record

__all__ = ["approved_values", "learn_gold", "learn_record"]
