"""Read pictures of pages whose text is known, with our OCR and with rapidocr as it comes; print how much is right.

    python -m eval.ocr [--all] [--only NAME ...] [--wrong]

Each kind of damage has a row: the mean character accuracy over its pages, and the seconds of a page by the clock and of
CPU time. Character accuracy is 1 - edit distance / characters of the truth, and at least 0, over the whole page in
reading order, so that text out of order counts as wrong; both sides are compared in NFKC without white space.
`rapidocr` is the library with its defaults, its lines in the order it gives them. Ours runs without its cache. Each
kind of damage falls on one English and one Chinese page, in turn of six; `--all` takes all six.
"""

from __future__ import annotations

import argparse
import os
import time
import unicodedata
from collections.abc import Callable

import numpy as np
from PIL import Image
from rapidfuzz.distance import Levenshtein

from eval.ocr_pages import DAMAGE, PAGES, PageSample
from extractor.layout import TableBlock, find_grids, order_page
from extractor.ocr import read_page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="every page with every damage, about a quarter of an hour")
    parser.add_argument(
        "--only", action="append", choices=DAMAGE, metavar="NAME", help=f"a kind of damage: {', '.join(DAMAGE)}"
    )
    parser.add_argument("--ours", action="store_true", help="leave rapidocr out")
    parser.add_argument("--wrong", action="store_true", help="print what was read where a page is below 0.98")
    arguments = parser.parse_args()
    os.environ["EXTRACTOR_OCR_CACHE"] = "off"
    engines: dict[str, Callable[[Image.Image, int], str]] = {"ours": read_with_ours}
    if not arguments.ours:
        engines["rapidocr"] = plain_rapidocr()
    samples = [make(seed) for seed, make in enumerate(PAGES)]
    for engine in engines.values():
        engine(samples[0].picture, samples[0].dpi)  # loads the models
    print(f"{'damage':12}" + "".join(f"{name:>28}" for name in engines) + f"   load {os.getloadavg()[0]:.1f}")
    sums = {name: [] for name in engines}
    for number, (name_of_damage, damage) in enumerate(DAMAGE.items()):
        if arguments.only and name_of_damage not in arguments.only:
            continue
        chosen = samples if arguments.all else [samples[(2 * number) % 6], samples[(2 * number + 3) % 6]]
        cells = []
        for name, read in engines.items():
            label = f"{name} {name_of_damage}" if arguments.wrong else ""
            results = [measure_page(read, sample, damage, label) for sample in chosen]
            sums[name] += results
            cells.append(_format_means(results))
        print(f"{name_of_damage:12}" + "".join(cells), flush=True)
    print(f"{'all':12}" + "".join(_format_means(results) for results in sums.values()))


def _format_means(results: list[tuple[float, float, float]]) -> str:
    accuracy, seconds, busy = (sum(column) / len(column) for column in zip(*results, strict=True))
    return f"{accuracy:10.4f}{seconds:6.2f} s{busy:6.2f} CPU"


def measure_page(read: Callable, sample: PageSample, damage: Callable, label: str) -> tuple[float, float, float]:
    """Return character accuracy, seconds by the clock and CPU seconds of one page; print what was read wrongly.

    Without a `label` nothing is printed.
    """
    picture = damage(sample.picture)
    start, busy = time.perf_counter(), time.process_time()
    text = read(picture, sample.dpi)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    result = character_accuracy(sample.text, text)
    if label and result < 0.98:
        print(f"--- {label}, {sample.name}: {result:.3f}\n{text}\n---")
    return result, seconds, busy


def character_accuracy(gold: str, text: str) -> float:
    """Return 1 - edit distance / length of the truth, at least 0."""
    gold, text = _folded(gold), _folded(text)
    return max(0.0, 1 - Levenshtein.distance(gold, text) / len(gold))


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def read_with_ours(picture: Image.Image, dpi: int) -> str:
    """Return the text of a page in reading order, as our OCR and layout have it."""
    page = read_page(picture, dpi)
    lines = []
    for block in order_page(page.words, find_grids(page.horizontal_lines, page.vertical_lines)):
        if isinstance(block, TableBlock):
            held = [line for cell in block.cells for line in cell.lines]
        else:
            held = list(block.lines)
        lines += ["\t".join(segment.text for segment in line.segments) for line in held]
    return "\n".join(lines)


def plain_rapidocr() -> Callable[[Image.Image, int], str]:
    """Return a function that reads a page with rapidocr's defaults."""
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"Global.log_level": "critical"})

    def read(picture: Image.Image, dpi: int) -> str:
        found = engine(np.asarray(picture.convert("RGB"))[:, :, ::-1])
        return "\n".join(found.txts or ())

    return read


if __name__ == "__main__":
    main()
