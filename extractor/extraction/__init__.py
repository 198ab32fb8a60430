"""One document through all stages, from its structure to a checked record with confidence.

Read `pipeline` first: `extract` is the sequence of the stages. Then `planning` (what structure answers, what is asked),
`column_answers` (lists whose table a model recognises), `passages`, `questions`, `prompts`; `structural_values`,
`answers` and `field_values` (values with their evidence); `label_answers` and `shared_cells` (answers that are labels,
or two fields' cell), `conflicts`, `assembly` (the nested record and its checks),
`decision` (a value or none), and `serialization` (an extraction as JSON).
"""

from extractor.extraction.pipeline import extract
from extractor.extraction.planning import Plan, plan
from extractor.extraction.prompts import prompt_id
from extractor.extraction.serialization import as_dict, parse_records

__all__ = ["Plan", "as_dict", "extract", "parse_records", "plan", "prompt_id"]
