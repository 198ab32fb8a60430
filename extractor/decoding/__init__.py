"""Decoding under a grammar: answers that follow a given form, written by a local transformers model.

Read `grammar` (the form of an answer), `source_text` and `answer_parsing` first; they need no model. Then `decoder`,
and what it consists of: `scheduler`, `sequences`, `tokenization`, `prefill`, `model_runner`, `kv_cache`, `attention`,
`drafting`, `answer_writer`, `sampler`, `token_mask`, and `settings`.

The package imports no model library by itself; `Decoder` and what it uses are imported from their modules.
"""

from extractor.decoding.answer_parsing import (
    SlotAnswer,
    parse_answer,
    parse_elements,
    parse_members,
    parse_truncated_array,
)
from extractor.decoding.grammar import Slot, write_grammar, write_json_schema
from extractor.decoding.settings import DecodingSettings

__all__ = [
    "DecodingSettings",
    "Slot",
    "SlotAnswer",
    "parse_answer",
    "parse_elements",
    "parse_members",
    "parse_truncated_array",
    "write_grammar",
    "write_json_schema",
]
