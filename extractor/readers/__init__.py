"""Readers: a file goes in, a Document comes out. Each format is one module, which also recognises it by its content.

A new format is a module here with `sniff` and `read`, and a line in READERS. In the order to open them:

    which reader   `registry`, `sample`, `signatures`, `limits`
    text           `text`, `headings`, `encoding`; `csv`, `markdown`, `eml`, `eml_parsing`
    data           `xml`, `json`; `data_document`, `xml_tree` (XML parsed), `data_tree` (named things inside others),
                   `data_writer` (as lines, tables and paragraphs)
    HTML           `html`, `html_writer`, `html_tables`, `html_styles`, `html_tree`
    office         `docx`, `docx_story`, `docx_styles`, `docx_lists`, `docx_xml`; `xlsx`, `xls`, `ods`, `worksheets`,
                   `sheet_regions`, `number_format`; `package` (their ZIP and OLE containers)
    without pages  `flow_writer` (elements in order become a Document), `layout_tables`, `embedded` (files inside files)
    with pages     `page_writer` (pages in reading order become a Document), `continued_tables`, `scanned` (pages that
                   OCR read), `page_pool` (several pages at a time), `image`
    PDF            `pdf`, `pdf_page`, `pdf_reading`, `pdf_layout`; `pdf_content`, `pdf_objects`, `pdf_text`,
                   `pdf_glyphs`, `pdf_geometry`, `missing_glyphs`; `pdf_words`, `pdf_regions`, `text_layer`
    showing        `page_pictures` (boxes drawn on pages)
"""

from extractor.readers.limits import MAX_BYTES, MAX_CHARACTERS
from extractor.readers.registry import (
    READERS,
    describe_failure,
    detect_format,
    page_image,
    read,
    read_bytes,
    read_file_bytes,
)

__all__ = [
    "MAX_BYTES",
    "MAX_CHARACTERS",
    "READERS",
    "describe_failure",
    "detect_format",
    "page_image",
    "read",
    "read_bytes",
    "read_file_bytes",
]
