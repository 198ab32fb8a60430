"""Compare `extract` one by one, the local runner and Ray on the same documents: records, time, and time by stage.

python -m eval.engines [FOLDER] [--schema S] [--model M] [--number N] [--ways local,ray,alone]

Without a folder, documents are taken from the sets in `eval/sets` in turn, so that formats are mixed. The OCR cache is
off, so that every way does all the work.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from extractor import jobs
from extractor.errors import ExtractorError
from extractor.extraction.pipeline import extract
from extractor.extraction.serialization import as_dict
from extractor.jobs.ray_runner import RayRunner
from extractor.models import load_model
from extractor.readers import read
from extractor.schemas import Schema, load_schema
from extractor.store import Store

SETS = Path(__file__).parent / "sets"
Results = dict[str, dict[str, Any]]
"""SHA-256 of a document -> its extraction as JSON data."""


def copy_sample(number: int, folder: Path) -> None:
    """Copy `number` documents of the short sets into a folder, one of each set in turn."""
    found = [sorted((s / "documents").iterdir()) for s in sorted(SETS.iterdir()) if (s / "documents").is_dir()]
    short = [files for files in found if not files[0].parent.parent.name.startswith("long-")]
    files = [file for file in chain.from_iterable(zip_longest(*short)) if file is not None]
    for n, file in enumerate(files[:number]):
        shutil.copy(file, folder / f"{n:03d}-{file.name}")


def one_by_one(folder: Path, schema: Schema, model: str) -> tuple[Results, dict[str, float]]:
    """Return extractions made in this process, and the seconds of each stage."""
    stages: dict[str, float] = {}
    start = time.perf_counter()
    loaded = None if model == "none" else load_model(model)
    stages["load"] = time.perf_counter() - start
    results: Results = {}
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        start = time.perf_counter()
        try:
            document = read(file)
        except ExtractorError as error:
            print(f"  {file.name}: {error.message}")
            continue
        scanned = any(word.from_ocr for page in document.pages for word in page.words)
        _add(stages, {"ocr" if scanned else "read": time.perf_counter() - start})
        results[document.id] = as_dict(extract(document, schema, loaded))
        _add(stages, results[document.id]["run"]["seconds"])
    if own := getattr(loaded, "seconds", None):
        stages |= own
        stages.pop("model", None)
    return results, stages


def run_job(
    folder: Path,
    schema: Schema,
    model: str,
    runner_class: Callable[..., jobs.JobRunner],
    limits: jobs.JobLimits,
    threads: int | None,
) -> tuple[Results, dict[str, float]]:
    """Return extractions made by a job in a new store, and the seconds of each stage."""
    with tempfile.TemporaryDirectory() as temporary, Store(Path(temporary) / "store.db") as store:
        job = jobs.start_job(store, schema, "engines", model=model, who="eval")
        store.jobs.add(job, jobs.find_files([str(folder)]))
        with runner_class(store, job, schema, jobs.model_loader(model, threads), who="eval", limits=limits) as runner:
            report = runner.drain()
        store.jobs.end(job, report.state, who="eval")
        return {record.document: dict(record.result) for record in store.records}, dict(report.stages)


def find_differences(a: Results, b: Results) -> list[str]:
    """Return the documents whose extractions differ; file names, and times in `run`, do not count."""
    return sorted(key for key in a.keys() | b.keys() if _comparable(a.get(key)) != _comparable(b.get(key)))


def _comparable(result: dict[str, Any] | None) -> Any:
    if result is None:
        return None
    run = {key: value for key, value in result["run"].items() if key != "seconds"}
    return result | {"run": run, "document": result["document"] | {"source": ""}}


def _add(stages: dict[str, float], more: dict[str, float]) -> None:
    for stage, seconds in more.items():
        stages[stage] = stages.get(stage, 0.0) + seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", metavar="FOLDER")
    parser.add_argument("--schema", default="receipt", metavar="S")
    parser.add_argument("--model", default="none", metavar="M", help="`default` is the default model (default: none)")
    parser.add_argument("--ways", default="local,ray,alone", metavar="W", help="(default: local,ray,alone)")
    parser.add_argument("--number", type=int, default=40, metavar="N", help="documents of the mixed sample")
    parser.add_argument("--models", type=int, default=1, metavar="N", help="models of a job (default: 1)")
    parser.add_argument(
        "--batch", type=int, default=4, metavar="N", help="documents put to each at a time (default: 4)"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="threads of each model of a job")
    given = parser.parse_args()
    limits = jobs.JobLimits(models=given.models, batch=given.batch)
    os.environ["EXTRACTOR_OCR_CACHE"] = "off"
    schema = load_schema(given.schema)
    model = jobs.resolve_model_name(None) if given.model == "default" else given.model
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given.folder or temporary)
        if not given.folder:
            copy_sample(given.number, folder)
        ways: dict[str, Callable[[], tuple[Results, dict[str, float]]]] = {
            "local": lambda: run_job(folder, schema, model, jobs.JobRunner, limits, given.threads),
            "ray": lambda: run_job(folder, schema, model, RayRunner, limits, given.threads),
            "alone": lambda: one_by_one(folder, schema, model),  # last, for its model stays in memory
        }
        made, first, wrong = {}, None, 0
        for way in given.ways.split(","):
            start = time.perf_counter()
            made[way], stages = ways[way]()
            seconds = time.perf_counter() - start
            spent = ", ".join(f"{stage} {s:.1f}" for stage, s in stages.items() if s >= 0.05)
            number = len(made[way])
            each = (seconds - stages.get("load", 0.0)) / max(number, 1)
            print(f"{way:12} {number} records, {seconds:.1f} s, {each:.2f} s each without loading: {spent}")
            first = first or way
            other = find_differences(made[first], made[way])
            wrong += len(other)
            if way != first:
                print(f"{'':12} {number - len(other)} the same as {first}", *other, sep="\n" if other else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
