"""Proposers: the stretches of a document that may be a field's value, found without a model.

Six proposers, in the order in which they are asked and should be read:

`table_cells` gives a field the cell whose caption, row path and column path carry the field's names, `list_rows` an
array the rows of tables and of lines of text; `key_value` gives a field the value that stands by one of its labels in
running text, `captions` the one above or below it in a form. What these four are certain of is a match and answers the
field, as do boxes beside a field's words (`ticked_boxes`, `name_words`). `layout` finds the likely places beside and
under a label on the page, and `typed` all stretches of a field's kind whose surroundings have its labels (`context`,
`named_units`): from these a model chooses, and they decide which passages it is shown.

Lists are read in this order. `list_grids` finds grids of rows under names: tables and lines (`entry_grids`), forms that
recur (`record_blocks`), runs of lines (`line_runs`), with columns that were read as one parted (`joined_columns`).
`list_columns` matches their columns with the items (`column_names`, `column_assignment`, `range_ends`), `entry_rows`
tells their rows apart, `list_tables` which of them are which list's, and `list_elements` takes the values out of the
cells; `lines_in_cells` and `cell_parts` take more out of those. `nested_rows` and `plain_lists` read lists within lists
(`row_sections`) and lists of texts. `list_coverage` says what rows no element has; `column_question` and
`table_question` ask about tables that code cannot match, but for those that `table_likeness` leaves aside.
`matches` holds the nouns.
"""

from extractor.candidates.context import ContextIndex, field_names
from extractor.candidates.key_value import match_labelled_values
from extractor.candidates.layout import LayoutIndex
from extractor.candidates.list_rows import drop_rows_of_other_fields, match_rows
from extractor.candidates.matches import LayoutCandidate, StructuralMatch, TableRowsMatch
from extractor.candidates.table_cells import match_cells
from extractor.candidates.typed import CandidateIndex, CandidateSettings

__all__ = [
    "CandidateIndex",
    "CandidateSettings",
    "ContextIndex",
    "LayoutCandidate",
    "LayoutIndex",
    "StructuralMatch",
    "TableRowsMatch",
    "drop_rows_of_other_fields",
    "field_names",
    "match_cells",
    "match_labelled_values",
    "match_rows",
]
