"""The generators of the eval sets: one module for each kind of report, and one for each file form.

Read `blocks` (what a document consists of, and its gold) first, then `specs` (which documents there are, and how they
are rendered); `receipts` with `countries`, `laboratory`, `disclosure` and `long_documents` with `bulk` build documents out of `words`;
`as_text`, `as_html`, `as_office`, `as_pdf` with `fonts`, and `as_picture` render them; `by_hand` reads the documents
that were written by hand. `screen_records` makes records for the browser tests.

A document is built as a list of blocks, and the call that prints a value also records it as gold, so gold is right by
construction. No part of the tool is used to generate it.
"""
