"""Draw reports as a poor scanner would see them, and compare what is extracted from the pictures and from the file.

    python -m eval.rasterised FILE.txt|FILE.pdf ... --output FOLDER [--dpi 150] [--turn 2] [--quality 60] [--noise 8]
                              [--schema NAME [--gold GOLD.json] [--model none] [--wrong]] [--tiff] [--tabs 4]

Every page is drawn at `dpi`, turned clockwise by `turn` degrees, given Gaussian noise of `noise` grey levels, and saved
as JPEG of the given quality; all pages make one PDF of pictures (or a TIFF) of the same name in FOLDER. A text file is
first typeset in lines on A4 pages, wrapped at the page's width; that PDF is kept in FOLDER/typeset. With `--schema`,
the fields that are extracted from the file, its typeset pages and the pictures are compared with each other and with
the gold.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from extractor.extraction.pipeline import extract
from extractor.models import load_model
from extractor.readers import read
from extractor.schemas import load_schema
from extractor.types import Extraction
from extractor.values import equivalence

HAN_FONT = "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"
LATIN_FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--dpi", type=int, default=150)
    parser.add_argument("--turn", type=float, default=2.0, help="degrees clockwise")
    parser.add_argument("--quality", type=int, default=60, help="of the JPEG pictures, 1 to 95")
    parser.add_argument("--noise", type=float, default=8.0, help="standard deviation in grey levels of 255")
    parser.add_argument("--pages", type=int, help="most pages of a file")
    parser.add_argument("--tiff", action="store_true", help="write TIFF files instead of PDF files")
    parser.add_argument("--tabs", type=int, default=4, help="spaces that a tab is set as")
    parser.add_argument("--schema", help="compare what is extracted, field by field")
    parser.add_argument("--gold", type=Path, help="a record to compare with as well")
    parser.add_argument("--model", default="none")
    parser.add_argument("--wrong", action="store_true", help="print every field that differs")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for file in arguments.files:
        text_pdf = file
        if file.suffix.lower() != ".pdf":
            (arguments.output / "typeset").mkdir(exist_ok=True)
            text_pdf = arguments.output / "typeset" / f"{file.stem}.pdf"
            text_pdf.write_bytes(typeset_text(file.read_text(encoding="utf-8"), arguments.tabs))
        pictures = [
            degrade(page, arguments.turn, arguments.noise, arguments.quality, seed)
            for seed, page in enumerate(draw_pages(text_pdf.read_bytes(), arguments.dpi, arguments.pages))
        ]
        target = arguments.output / f"{file.stem}.{'tiff' if arguments.tiff else 'pdf'}"
        target.write_bytes(bind_pictures(pictures, arguments.dpi, arguments.quality, arguments.tiff))
        print(f"{target}: {len(pictures)} pages", flush=True)
        if arguments.schema:
            compare_extractions(list(dict.fromkeys((file, text_pdf, target))), arguments)


# Pages and pictures.


def typeset_text(text: str, tabs: int = 4, size: float = 10.5, leading: float = 16.0, margin: float = 64.0) -> bytes:
    """Return a PDF of A4 pages with the text line by line, wrapped at the page's width, blank lines kept.

    `size`, `leading` and `margin` are in points.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    for name, font in (("Han", HAN_FONT), ("Latin", LATIN_FONT)):
        pdfmetrics.registerFont(TTFont(name, font))
    known = pdfmetrics.getFont("Han").face.charToGlyph
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    width, height = A4
    y = height - margin
    for line in text.expandtabs(tabs).splitlines():
        for piece in _wrap_line(line, lambda c: "Han" if ord(c) in known else "Latin", size, width - 2 * margin):
            if y < margin:
                canvas.showPage()
                y = height - margin
            x = margin
            for name, run in piece:
                canvas.setFont(name, size)
                canvas.drawString(x, y, run)
                x += pdfmetrics.stringWidth(run, name, size)
            y -= leading
    canvas.save()
    return file.getvalue()


def _wrap_line(line: str, font_of, size: float, room: float) -> Iterator[list[tuple[str, str]]]:
    """Yield the line in pieces no wider than `room` points, each as runs of (font, text)."""
    from reportlab.pdfbase import pdfmetrics

    piece: list[tuple[str, str]] = []
    taken = 0.0
    for character in line.rstrip():
        name = font_of(character)
        advance = pdfmetrics.stringWidth(character, name, size)
        if taken + advance > room:
            yield piece
            piece, taken = [], 0.0
        if piece and piece[-1][0] == name:
            piece[-1] = (name, piece[-1][1] + character)
        else:
            piece.append((name, character))
        taken += advance
    yield piece


def draw_pages(pdf: bytes, dpi: int, most: int | None = None) -> Iterator[Image.Image]:
    """Yield the pages of a PDF as pictures, `most` of them at most."""
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as document:
        for page in list(document)[:most]:
            yield page.render(scale=dpi / 72).to_pil().convert("RGB")


def degrade(page: Image.Image, turn: float, noise: float, quality: int, seed: int = 0) -> Image.Image:
    """Return the page turned clockwise, with noise, after a round through JPEG; the same for the same seed."""
    page = page.rotate(-turn, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255))
    chance = np.random.default_rng(seed)
    grey = np.asarray(page, np.float32) + chance.normal(0, noise, (page.height, page.width, 1))
    file = io.BytesIO()
    Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def bind_pictures(pictures: list[Image.Image], dpi: int, quality: int, tiff: bool = False) -> bytes:
    """Return the pictures as pages of one PDF, or of one TIFF."""
    file = io.BytesIO()
    first, *rest = pictures
    if tiff:
        first.save(file, "TIFF", save_all=True, append_images=rest, dpi=(dpi, dpi), compression="jpeg", quality=quality)
    else:
        first.save(file, "PDF", save_all=True, append_images=rest, resolution=dpi, quality=quality)
    return file.getvalue()


# Extractions.


def compare_extractions(files: list[Path], arguments: argparse.Namespace) -> None:
    """Print for each file how many fields are as those of the first file, and how many as the gold."""
    schema = load_schema(arguments.schema)
    model = None if arguments.model == "none" else load_model(arguments.model)
    gold = json.loads(arguments.gold.read_text(encoding="utf-8")) if arguments.gold else None
    first: Extraction | None = None
    for file in files:
        start = time.perf_counter()
        result = extract(read(file), schema, model)
        first = first or result
        seconds = time.perf_counter() - start
        shares = []
        for against, record in (("the file", first.data), ("the gold", gold)):
            if record is not None:
                outcomes = {
                    f.path: equivalence.classify_outcome(value_at(record, f.path), value_at(result.data, f.path))
                    for f in schema.fields
                }
                wrong = [path for path, outcome in outcomes.items() if outcome not in ("correct", "absent")]
                counts = equivalence.count_outcomes(outcomes.values())
                share = 1 - len(wrong) / len(outcomes)
                shares.append(
                    f"{len(outcomes) - len(wrong)}/{len(outcomes)} fields ({share:.1%}) as {against}"
                    f" (printed ones: {counts.correct}/{counts.gold})"
                )
                if arguments.wrong:
                    for path in wrong:
                        wanted, found = value_at(record, path), value_at(result.data, path)
                        print(f"    {'.'.join(map(str, path))}: {wanted!r}, got {found!r}")
        print(f"{file}: {'; '.join(shares)}; {seconds:.1f} s", flush=True)


def value_at(record, path):
    """Return the value at a path of a record; None where it leads nowhere."""
    for step in path:
        record = record.get(step) if isinstance(record, dict) else None
    return record


if __name__ == "__main__":
    main()
