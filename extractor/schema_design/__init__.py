"""Designing a schema without writing JSON: fields in plain words, proposed from samples, names or headers.

A `SchemaDraft` is what a person edits: fields with a name, a type, a unit, other printed names, choices and columns,
and checks between fields. `propose_draft` makes one from sample documents, `draft_from_names` from a list of names,
`draft_from_header` from a spreadsheet, `draft_from_schema` from any schema; `draft_to_schema` turns it into JSON Schema
with the annotations of `schemas/README.md`. Nothing here asks a model or reads a file.

Read `draft`, `value_types` (what a printed value is), `labelled_values`, `sample_tables`, `proposals`, `field_names`,
`pointed_fields` (the field for a word that was clicked), `property_names`, `draft_checks`, `schema_writing` and
`schema_reading`.
"""

from extractor.schema_design.draft import (
    CheckDraft,
    CheckType,
    DraftError,
    FieldDraft,
    FieldType,
    SampleValue,
    SchemaDraft,
)
from extractor.schema_design.field_names import draft_from_header, draft_from_names
from extractor.schema_design.pointed_fields import propose_field_at
from extractor.schema_design.proposals import ProposalSettings, propose_draft, with_keys
from extractor.schema_design.schema_reading import draft_from_schema
from extractor.schema_design.schema_writing import draft_to_schema

__all__ = [
    "CheckDraft",
    "CheckType",
    "DraftError",
    "FieldDraft",
    "FieldType",
    "ProposalSettings",
    "SampleValue",
    "SchemaDraft",
    "draft_from_header",
    "draft_from_names",
    "draft_from_schema",
    "draft_to_schema",
    "propose_draft",
    "propose_field_at",
    "with_keys",
]
