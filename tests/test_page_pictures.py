"""Pages drawn with what was read on them: tints of header paths, numbers of the reading order."""

import io

from reportlab.lib import colors
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from extractor.readers import read_bytes
from extractor.readers.page_pictures import ORDER, draw_boxes


def page():
    file = io.BytesIO()
    rows = [["Quay", "Length", "Depth"], ["East", "410", "12.3"], ["West", "388", "9.8"]]
    grid = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black)])
    story = [Paragraph("Quays of the harbour"), Spacer(1, 30), Table(rows, colWidths=90, rowHeights=30, style=grid)]
    SimpleDocTemplate(file, invariant=1).build(story)
    return file.getvalue()


def test_cells_have_the_tint_of_their_headers_and_blocks_their_numbers():
    data = page()
    document = read_bytes(data, "a.pdf")
    ((_, picture),) = draw_boxes(data, "a.pdf", document, dpi=72)
    (table,) = document.tables
    box = {(cell.row, cell.column): cell.box for cell in table.cells}

    def tint(row, column):
        return picture.getpixel((int(box[row, column].x1) - 6, int(box[row, column].bottom) - 6))

    def bar(row, column):
        return picture.getpixel((int(box[row, column].x0) + 3, int(box[row, column].bottom) - 6))

    assert tint(0, 1) == tint(1, 1) == tint(2, 1) != tint(0, 2) == tint(1, 2)
    assert bar(1, 0) == bar(1, 1) == bar(1, 2) != bar(2, 0) == bar(2, 2)
    pixels = list(picture.getdata())
    assert pixels.count(ORDER) > 50 * len(document.blocks)
