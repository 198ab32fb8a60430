"""Form fields of a PDF page (AcroForm): their values, whether boxes are ticked, and the rows of labels and fields.

What a field shows is drawn by its appearance; where it has none, its value is set in its box. A box is written as ☑ or
☐ at its place, as in other formats.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.geometry import Rect, RulingLine, overlap
from extractor.readers.pdf_geometry import PageFrame
from extractor.readers.pdf_glyphs import Glyph, GlyphRun, TextStyle, Visibility
from extractor.settings import Settings, threshold

TICKED, EMPTY = "☑", "☐"
_MAX_FIELDS = 5000
_LONGEST_VALUE = 4000


@dataclass(frozen=True)
class PdfFormSettings(Settings):
    """How the values of fields without an appearance are set, and what makes rows of labels and fields."""

    font_size: float = threshold(10.0, unit="points", meaning="size of a value that the file does not draw, at most")
    size_of_field: float = threshold(0.6, unit="heights of the field", meaning="... and at most this")
    character_width: float = threshold(0.5, unit="font sizes", meaning="width of a character of such a value")
    label_gap: float = threshold(220.0, unit="points", meaning="most between a label and the field on its right")
    margin: float = threshold(2.0, unit="points", meaning="what the cell of a label or a field has around it")


@dataclass(frozen=True, slots=True)
class FormField:
    """A field at `box` as displayed; `ticked` is None for one that is no box, `value` the text typed or chosen."""

    box: Rect
    value: str = ""
    ticked: bool | None = None


def read_form_fields(raw, form, page, frame: PageFrame) -> list[FormField]:
    """Return the fields of a page that are shown; `form` is pdfium's form environment, None without a form."""
    if form is None:
        return []
    fields = []
    for position in range(min(raw.FPDFPage_GetAnnotCount(page), _MAX_FIELDS)):
        annotation = raw.FPDFPage_GetAnnot(page, position)
        if not annotation:
            continue
        try:
            if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_WIDGET:
                fields += _read_field(raw, form, annotation, frame)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return fields


def _read_field(raw, form, annotation, frame: PageFrame) -> Iterator[FormField]:
    rectangle, kind = raw.FS_RECTF(), raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if raw.FPDFAnnot_GetFlags(annotation) & 2 or not raw.FPDFAnnot_GetRect(annotation, rectangle):  # hidden
        return
    box = frame.display_box(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
    if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
        yield FormField(box, ticked=bool(raw.FPDFAnnot_IsChecked(form, annotation)))
    elif kind == raw.FPDF_FORMFIELD_SIGNATURE:
        yield FormField(box, ticked=bool(raw.FPDFAnnot_HasKey(annotation, b"V")))
    elif kind in (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
        buffer = (ctypes.c_ushort * _LONGEST_VALUE)()
        length = raw.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, ctypes.sizeof(buffer))
        is_secret = raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & (1 << 13)  # a password
        value = bytes(buffer)[: min(length, ctypes.sizeof(buffer))].decode("utf-16-le", "replace").rstrip("\0")
        yield FormField(box, "" if is_secret else value)


def with_form_fields(runs: Sequence[GlyphRun], fields: Sequence[FormField], frame: PageFrame) -> list[GlyphRun]:
    """Return the shown runs of a page with the marks of its boxes, and the values that its fields do not draw."""
    boxes = [field.box for field in fields if field.ticked is not None]
    kept = [run for run in runs if len(run.text) > 1 or not _is_inside_any(run.page_box(frame), boxes)]
    for number, field in enumerate(fields, start=1):
        if field.ticked is not None:
            kept.append(_mark_run(field, kept, frame, -number))
        elif field.value.strip() and not any(_is_inside_any(run.page_box(frame), [field.box]) for run in kept):
            kept += _value_runs(field, -number)
    return kept


def _is_inside_any(box: Rect, others: Sequence[Rect]) -> bool:
    return any(other.contains(*box.center) for other in others)


def _mark_run(field: FormField, runs: Sequence[GlyphRun], frame: PageFrame, number: int) -> GlyphRun:
    """Return the mark of a box as a word of the line that it stands in."""
    settings, box = PdfFormSettings.current(), field.box
    beside = [
        run
        for run in runs
        if not run.style.turn and overlap(run.box.top, run.box.bottom, box.top, box.bottom) > 0.4 * run.box.height
    ]
    nearest = min(beside, key=lambda run: min(abs(run.box.x0 - box.x1), abs(run.box.x1 - box.x0)), default=None)
    if nearest is not None:
        style = replace(nearest.style, text_object=number, visibility=Visibility.SHOWN)
        box = Rect(box.x0, nearest.box.top, box.x1, nearest.box.bottom)
    else:
        size = min(settings.font_size, box.height)
        style = TextStyle(number, box.bottom - 0.2 * box.height, size, False, 0, Visibility.SHOWN, 0)
    return GlyphRun((Glyph(TICKED if field.ticked else EMPTY, box, style),), True)


def _value_runs(field: FormField, number: int) -> Iterator[GlyphRun]:
    """Yield the words of a value, set in its field line by line."""
    settings, box = PdfFormSettings.current(), field.box
    size = max(min(settings.font_size, settings.size_of_field * box.height), 1.0)
    lines = [line for line in field.value.replace("\r", "\n").split("\n") if line.strip()]
    for position, line in enumerate(lines):
        baseline = box.bottom - (box.height - 0.7 * size) / 2 if len(lines) == 1 else box.top + (position + 1) * size
        style = TextStyle(number, baseline, size, False, 0, Visibility.SHOWN, 0)
        x, width = box.x0 + settings.margin, settings.character_width * size
        for word in line.split():
            glyphs = []
            for character in word:
                advance = width if character.isascii() else size
                glyphs.append(
                    Glyph(character, Rect(x, baseline - 0.8 * size, x + advance, baseline + 0.2 * size), style)
                )
                x += advance
            yield GlyphRun(tuple(glyphs), True)
            x += width


def form_lines(
    runs: Sequence[GlyphRun], fields: Sequence[FormField], frame: PageFrame
) -> tuple[list[RulingLine], list[RulingLine]]:
    """Return ruling lines, horizontal and vertical, around every label with the fields on its right.

    A form draws no cells, yet a label and its field are read as a row. Only rows of one label count, and the lines of
    rows that follow one another, with nothing else between, are those of one table.
    """
    settings = PdfFormSettings.current()
    rows = []
    for group in _group_rows(fields):
        first, last = min(f.box.x0 for f in group), max(f.box.x1 for f in group)
        top, bottom = min(f.box.top for f in group), max(f.box.bottom for f in group)
        level = [run.page_box(frame) for run in runs if not run.style.turn]
        level = [box for box in level if top < box.center[1] < bottom]
        label = [box for box in level if box.x1 <= first + settings.margin and first - box.x1 < settings.label_gap]
        last = max([last, *(box.x1 for box in level if box.x0 > first)])
        has_other_label = any(f.ticked is None for f in group) and len(group) > 1
        if label and not has_other_label:
            rows.append((Rect(min(box.x0 for box in label), top, last, bottom), first))
    horizontal: list[RulingLine] = []
    vertical: list[RulingLine] = []
    for table in _group_tables(rows, [run.page_box(frame) for run in runs]):
        margin = settings.margin
        left, right = min(box.x0 for box, _ in table) - margin, max(box.x1 for box, _ in table) + margin
        wall = min(first for _, first in table) - margin / 2
        edges = [table[0][0].top - margin]
        edges += [(one.bottom + two.top) / 2 for (one, _), (two, _) in itertools.pairwise(table)]
        edges.append(table[-1][0].bottom + margin)
        horizontal += [RulingLine(y, left, right) for y in edges]
        vertical += [RulingLine(x, edges[0], edges[-1]) for x in (left, wall, right)]
    return horizontal, vertical


def without_field_borders(
    horizontal: Sequence[RulingLine], vertical: Sequence[RulingLine], fields: Sequence[FormField]
) -> tuple[list[RulingLine], list[RulingLine]]:
    """Return the ruling lines without those that fields have as borders."""
    margin = PdfFormSettings.current().margin
    boxes = [Rect(b.x0 - margin, b.top - margin, b.x1 + margin, b.bottom + margin) for b in (f.box for f in fields)]
    level = [
        line
        for line in horizontal
        if not any(b.contains(line.start, line.position) and b.contains(line.end, line.position) for b in boxes)
    ]
    upright = [
        line
        for line in vertical
        if not any(b.contains(line.position, line.start) and b.contains(line.position, line.end) for b in boxes)
    ]
    return level, upright


def _group_rows(fields: Sequence[FormField]) -> list[list[FormField]]:
    """Return the fields that stand on one line, line by line from the top."""
    rows: list[list[FormField]] = []
    for field in sorted(fields, key=lambda f: (f.box.top, f.box.x0)):
        above = rows[-1][-1].box if rows else None
        if above and overlap(above.top, above.bottom, field.box.top, field.box.bottom) > 0.5 * min(
            above.height, field.box.height
        ):
            rows[-1].append(field)
        else:
            rows.append([field])
    return rows


def _group_tables(rows: Sequence[tuple[Rect, float]], words: Sequence[Rect]) -> list[list[tuple[Rect, float]]]:
    """Return the rows that follow one another without other words between, and whose labels end before every field."""
    groups: list[list[tuple[Rect, float]]] = []
    for row in rows:
        if groups:
            before, _ = groups[-1][-1]
            between = [box for box in words if before.bottom <= box.center[1] <= row[0].top]
            if not between and abs(groups[-1][-1][1] - row[1]) < 1.0:
                groups[-1].append(row)
                continue
        groups.append([row])
    return groups
