"""The kinds of problem that a value or a document can have, each with its text in the languages of the screen.

A `Problem` names its kind and says in its message what was found in this very document; the texts here say what a kind
means to somebody who has never seen it.
"""

from __future__ import annotations

from enum import StrEnum


class ProblemKind(StrEnum):
    """What sort of problem it is. Members are plain strings, so that records keep them as they are."""

    AMBIGUOUS_BOOLEAN = "ambiguous_boolean"
    AMBIGUOUS_DATE = "ambiguous_date"
    AMBIGUOUS_NUMBER = "ambiguous_number"
    ASSUMED_SCHEME = "assumed_scheme"
    BLANK_PAGE = "blank_page"
    BROKEN_LINE = "broken_line"
    BROKEN_PAGE = "broken_page"
    CHECK = "check"
    CHECK_NOT_RUN = "check_not_run"
    CHECK_SYNTAX = "check_syntax"
    CONTROL_CHARACTERS = "control_characters"
    CUT_OFF = "cut_off"
    EMPTY_LIST = "empty_list"
    ENCODING = "encoding"
    EVIDENCE_REUSED = "evidence_reused"
    FORMAT = "format"
    FORMAT_NOT_CHECKED = "format_not_checked"
    INCOMPLETE_DATE = "incomplete_date"
    INFERRED_YEAR = "inferred_year"
    INSTRUCTION = "instruction"
    KEPT_AS_TEXT = "kept_as_text"
    LIST_ROWS = "list_rows"
    LOW_CONFIDENCE = "low_confidence"
    MALFORMED = "malformed"
    MASK_CONFLICT = "mask_conflict"
    MISSING = "missing"
    MISSING_ZONE = "missing_zone"
    NO_EVIDENCE = "no_evidence"
    NO_RESULT = "no_result"
    NO_TEXT = "no_text"
    NOT_ASKED = "not_asked"
    NOT_NORMALISED = "not_normalised"
    NOT_READ = "not_read"
    OCR_FAILED = "ocr_failed"
    POOR_TEXT_LAYER = "poor_text_layer"
    QUOTES = "quotes"
    REQUIRED_EMPTY = "required_empty"
    SCHEMA = "schema"
    TABLE_HEADS = "table_heads"
    TABLE_ROWS = "table_rows"
    TOO_MANY = "too_many"
    TRUNCATED = "truncated"
    UNIT = "unit"
    UNSURE = "unsure"
    UNSURE_READING = "unsure_reading"
    VALUE_OUTSIDE_EVIDENCE = "value_outside_evidence"
    WITHDRAWN = "withdrawn"


TEXTS: dict[str, dict[ProblemKind, str]] = {
    "en": {
        ProblemKind.AMBIGUOUS_BOOLEAN: "It says neither clearly yes nor clearly no.",
        ProblemKind.AMBIGUOUS_DATE: "The date can be read in two ways.",
        ProblemKind.AMBIGUOUS_NUMBER: "The number can be read in two ways.",
        ProblemKind.ASSUMED_SCHEME: "The address has no https:// in print.",
        ProblemKind.BLANK_PAGE: "A page is blank.",
        ProblemKind.BROKEN_LINE: "The value is broken by the end of a line; check how it was joined.",
        ProblemKind.BROKEN_PAGE: "A page could not be read.",
        ProblemKind.CHECK: "A rule between fields does not hold:",
        ProblemKind.CHECK_NOT_RUN: "A rule could not be tried on this record.",
        ProblemKind.CHECK_SYNTAX: "A rule of the schema cannot be understood:",
        ProblemKind.CONTROL_CHARACTERS: "The text holds characters that cannot be shown; they were left out.",
        ProblemKind.CUT_OFF: "The document is too long; its end was not read.",
        ProblemKind.EMPTY_LIST: "No entries were found: check that the document has none.",
        ProblemKind.ENCODING: "The encoding of the text is not certain.",
        ProblemKind.EVIDENCE_REUSED: "Another field was read from the same place.",
        ProblemKind.FORMAT: "It is not in the form the schema asks for:",
        ProblemKind.FORMAT_NOT_CHECKED: "The schema asks for a format that cannot be checked here:",
        ProblemKind.INCOMPLETE_DATE: "The date is not complete.",
        ProblemKind.INFERRED_YEAR: "The year is not printed; it was inferred.",
        ProblemKind.INSTRUCTION: "The document tells a machine what to answer; that was left out.",
        ProblemKind.KEPT_AS_TEXT: "The text is kept, but it is no value of this kind.",
        ProblemKind.LIST_ROWS: "Rows that look like entries of the list are in no element.",
        ProblemKind.LOW_CONFIDENCE: "The machine is not sure of it.",
        ProblemKind.MALFORMED: "The file breaks the rules of its format; it was read as plain text.",
        ProblemKind.MASK_CONFLICT: "The model would have written something that is not allowed here.",
        ProblemKind.MISSING: "It is required, and missing.",
        ProblemKind.MISSING_ZONE: "The time has no zone.",
        ProblemKind.NO_EVIDENCE: "No place in the document bears it out.",
        ProblemKind.NO_RESULT: "A formula has no stored result; its cell counts as blank.",
        ProblemKind.NO_TEXT: "No text was found.",
        ProblemKind.NOT_ASKED: "Nobody has looked for it: check the document.",
        ProblemKind.NOT_NORMALISED: "The text could not be turned into a value of this kind:",
        ProblemKind.NOT_READ: "A part of the document was not read.",
        ProblemKind.OCR_FAILED: "Text recognition (OCR) failed.",
        ProblemKind.POOR_TEXT_LAYER: "The text stored in the file is not what the page shows.",
        ProblemKind.QUOTES: "Quotation marks in the file do not match; columns may be wrong.",
        ProblemKind.REQUIRED_EMPTY: "It has to have a value: enter one, or press Alt+N where the document has none.",
        ProblemKind.SCHEMA: "It is not what the schema allows:",
        ProblemKind.TABLE_HEADS: "The column headers of a table are doubtful.",
        ProblemKind.TABLE_ROWS: "A row of a table has more or fewer cells than the others.",
        ProblemKind.TOO_MANY: "There are more problems than are listed.",
        ProblemKind.TRUNCATED: "The answer was cut off; something may be missing.",
        ProblemKind.UNIT: "The unit is doubtful:",
        ProblemKind.UNSURE: "The machine is not sure of it.",
        ProblemKind.UNSURE_READING: "OCR was not sure of these words.",
        ProblemKind.VALUE_OUTSIDE_EVIDENCE: "The value does not follow from the place it points at.",
        ProblemKind.WITHDRAWN: "The machine's answer did not hold and was taken back.",
    },
    "zh": {
        ProblemKind.AMBIGUOUS_BOOLEAN: "是与否不明确。",
        ProblemKind.AMBIGUOUS_DATE: "日期有两种读法。",
        ProblemKind.AMBIGUOUS_NUMBER: "数字有两种读法。",
        ProblemKind.ASSUMED_SCHEME: "网址原文没有 https://。",
        ProblemKind.BLANK_PAGE: "有空白页。",
        ProblemKind.BROKEN_LINE: "值在行末被断开，请核对其接法。",
        ProblemKind.BROKEN_PAGE: "有一页无法读取。",
        ProblemKind.CHECK: "字段之间的规则不成立：",
        ProblemKind.CHECK_NOT_RUN: "有一条规则无法检查。",
        ProblemKind.CHECK_SYNTAX: "模板中有一条规则无法识别：",
        ProblemKind.CONTROL_CHARACTERS: "文本中有无法显示的字符，已略去。",
        ProblemKind.CUT_OFF: "文档过长，末尾部分未读取。",
        ProblemKind.EMPTY_LIST: "没有找到条目：请确认文档中确实没有。",
        ProblemKind.ENCODING: "文本编码不确定。",
        ProblemKind.EVIDENCE_REUSED: "另一字段也取自同一处。",
        ProblemKind.FORMAT: "格式不符合要求：",
        ProblemKind.FORMAT_NOT_CHECKED: "模板要求的格式无法校验：",
        ProblemKind.INCOMPLETE_DATE: "日期不完整。",
        ProblemKind.INFERRED_YEAR: "原文没有年份，由上下文推断。",
        ProblemKind.INSTRUCTION: "文档中有写给机器的指令，已略去。",
        ProblemKind.KEPT_AS_TEXT: "仅保留原文，不是该类型的值。",
        ProblemKind.LIST_ROWS: "有些行像是列表中的条目，却没有归入任何一条。",
        ProblemKind.LOW_CONFIDENCE: "机器对此没有把握。",
        ProblemKind.MALFORMED: "文件不符合其格式，已按纯文本读取。",
        ProblemKind.MASK_CONFLICT: "模型原本想写的内容不符合此处的要求。",
        ProblemKind.MISSING: "必填项缺失。",
        ProblemKind.MISSING_ZONE: "时间缺少时区。",
        ProblemKind.NO_EVIDENCE: "在文档中找不到依据。",
        ProblemKind.NO_RESULT: "公式没有保存结果，该单元格按空白处理。",
        ProblemKind.NO_TEXT: "未找到文字。",
        ProblemKind.NOT_ASKED: "尚未查找此项：请核对文档。",
        ProblemKind.NOT_NORMALISED: "原文无法转换为该类型的值：",
        ProblemKind.NOT_READ: "文档有一部分未读取。",
        ProblemKind.OCR_FAILED: "文字识别（OCR）失败。",
        ProblemKind.POOR_TEXT_LAYER: "文件中保存的文字与页面显示不符。",
        ProblemKind.QUOTES: "文件中的引号不成对，列可能有误。",
        ProblemKind.REQUIRED_EMPTY: "必填项没有值：请填写，或在文档中确实没有时按 Alt+N。",
        ProblemKind.SCHEMA: "不符合字段要求：",
        ProblemKind.TABLE_HEADS: "表格的列标题存疑。",
        ProblemKind.TABLE_ROWS: "表格中有一行的单元格数目与其他行不同。",
        ProblemKind.TOO_MANY: "问题过多，未全部列出。",
        ProblemKind.TRUNCATED: "结果被截断，可能有遗漏。",
        ProblemKind.UNIT: "单位存疑：",
        ProblemKind.UNSURE: "机器对此没有把握。",
        ProblemKind.UNSURE_READING: "文字识别（OCR）没有把握。",
        ProblemKind.VALUE_OUTSIDE_EVIDENCE: "数值与所指原文不符。",
        ProblemKind.WITHDRAWN: "机器的答案不成立，已撤回。",
    },
}
