"""Score the tables that are read from PDFs against true ones, by the adjacency relations of the ICDAR 2013 competition.

    python -m eval.tables FOLDER [--dpi 150] [--only NAME ...] [--worst 5]

FOLDER holds pairs NAME.pdf and NAME-str.xml, as the competition published them. A relation is a cell with content and
its nearest neighbour with content to the right or below (Göbel, Hassan, Oro and Orsi 2013, "ICDAR 2013 Table
Competition"); letter case, white space and punctuation do not count. Every table given counts, also one that is none.
With `--dpi` the pages are drawn, and read by OCR.
"""

from __future__ import annotations

import argparse
import re
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from eval.rasterised import bind_pictures, draw_pages
from extractor.readers import read_bytes
from extractor.types import Table

QUALITY = 95
"""JPEG quality of the pages that are drawn."""


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell with the first and the last row and column that it is in."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    text: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dpi", type=int, help="draw the pages and read them by OCR")
    parser.add_argument("--only", nargs="+", default=(), help="names of documents, without ending")
    parser.add_argument("--worst", type=int, default=5, help="how many of the worst documents to name")
    arguments = parser.parse_args()
    scores: dict[str, tuple[float, float, float]] = {}
    seconds = []
    for file in sorted(arguments.folder.glob("*.pdf")):
        truth = file.with_name(f"{file.stem}-str.xml")
        if not truth.exists() or (arguments.only and file.stem not in arguments.only):
            continue
        data = file.read_bytes()
        if arguments.dpi:
            data = bind_pictures(list(draw_pages(data, arguments.dpi)), arguments.dpi, QUALITY)
        start = time.process_time()
        tables = read_bytes(data, file.name).tables
        seconds.append(time.process_time() - start)
        scores[file.stem] = score_tables(map(cells_of, tables), read_truth(truth))
    if not scores:
        raise SystemExit(f"{arguments.folder}: no PDF with its tables (NAME.pdf and NAME-str.xml)")
    precision, recall, f1 = (mean(figures) for figures in zip(*scores.values(), strict=True))
    print(f"{len(scores)} documents: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}", end="; ")
    print(f"{mean(seconds):.2f} s of processor time a document")
    for name in sorted(scores, key=lambda name: scores[name][2])[: arguments.worst]:
        print(f"  {scores[name][2]:.3f} {name}")


def read_truth(path: Path) -> Iterator[list[GridCell]]:
    """Yield the cells of each table of a file of the competition; regions on several pages are one table."""
    for table in ET.parse(path).getroot().iter("table"):
        cells = []
        for region in table.iter("region"):
            down, across = int(region.get("row-increment") or 0), int(region.get("col-increment") or 0)
            for cell in region.iter("cell"):
                row, column = int(cell.get("start-row")) + down, int(cell.get("start-col")) + across
                last_row = int(cell.get("end-row") or row - down) + down
                last_column = int(cell.get("end-col") or column - across) + across
                cells.append(GridCell((row, last_row), (column, last_column), cell.findtext("content") or ""))
        yield cells


def cells_of(table: Table) -> list[GridCell]:
    """Return the cells of a table that was read."""
    return [
        GridCell((cell.row, cell.row + cell.row_span - 1), (cell.column, cell.column + cell.column_span - 1), cell.text)
        for cell in table.cells
    ]


def find_relations(cells: Iterable[GridCell]) -> Counter[tuple[str, str, str]]:
    """Return how often each pair of texts stands side by side or one above the other, blank cells left out."""
    texts = [(cell, re.sub(r"[\W_]+", "", cell.text.lower())) for cell in cells]
    filled = [(cell, text) for cell, text in texts if text]
    at = {
        (row, column): number
        for number, (cell, _) in enumerate(filled)
        for row in range(cell.rows[0], cell.rows[1] + 1)
        for column in range(cell.columns[0], cell.columns[1] + 1)
    }
    bottom, right = max((row for row, _ in at), default=-1), max((column for _, column in at), default=-1)
    pairs = set()
    for number, (cell, _) in enumerate(filled):
        for row in range(cell.rows[0], cell.rows[1] + 1):
            beside = (at[row, column] for column in range(cell.columns[1] + 1, right + 1) if (row, column) in at)
            pairs.add((number, next(beside, None), "right"))
        for column in range(cell.columns[0], cell.columns[1] + 1):
            under = (at[row, column] for row in range(cell.rows[1] + 1, bottom + 1) if (row, column) in at)
            pairs.add((number, next(under, None), "below"))
    return Counter((filled[one][1], filled[other][1], way) for one, other, way in pairs if other is not None)


def score_tables(
    given: Iterable[Iterable[GridCell]], wanted: Iterable[Iterable[GridCell]]
) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the relations of all tables of a document."""
    found = sum((find_relations(cells) for cells in given), Counter())
    true = sum((find_relations(cells) for cells in wanted), Counter())
    right = (found & true).total()
    return (
        right / found.total() if found else 0.0,
        right / true.total() if true else 0.0,
        2 * right / (found.total() + true.total()) if found or true else 1.0,
    )


if __name__ == "__main__":
    main()
