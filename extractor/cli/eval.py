"""`extractor eval`: how good the records of a set with gold are, and whether a change made them better."""

from __future__ import annotations

import argparse
import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.errors import CheckFailed, UsageError

EXTRA = ("anls_star", "jinja2", "scipy", "sklearn")
"""What the extra `eval` installs and nothing else needs."""


def add(commands: Any) -> None:
    command = given.command(commands, "eval", _eval, "measure the records of a set of documents with gold")
    command.add_argument("set", metavar="SET", help="a folder with gold.jsonl, a schema.json and the documents")
    add_run(command)
    command.add_argument("--output", "-o", metavar="HTML", help="write a report with every mistake, one HTML file")
    command.add_argument("--compare", metavar="RUN", help="say what changed since that run, and whether it is noise")
    command.add_argument("--fail-under", type=_share, metavar="F1", help="exit with 6 when micro-F1 is below")
    command.add_argument("--wrong", action="store_true", help="print every field that is not right")
    command.add_argument("--summary", action="store_true", help="print a Markdown row instead of tables")


def add_run(command: argparse.ArgumentParser) -> None:
    """The options that say which run is meant, and how it is made where it is not there yet."""
    command.add_argument(
        "--schema", "-s", metavar="NAME|FILE", help="instead of the set's own schema.json; " + given.SCHEMA
    )
    command.add_argument("--model", "-m", metavar="NAME", help=given.MODEL)
    command.add_argument("--threads", type=given.positive, metavar="N", help=given.THREADS)
    command.add_argument(
        "--batch",
        type=given.positive,
        metavar="N",
        default=1,
        help="documents put to the model at a time; more are done sooner, and the time of one is not told (default: 1)",
    )
    command.add_argument("--limit", type=given.positive, metavar="N", help="the first N documents only")
    command.add_argument("--runs", type=Path, metavar="FOLDER", help="where runs are kept (default: eval/runs)")
    which = command.add_mutually_exclusive_group()
    which.add_argument("--run", dest="named", metavar="NAME", help="keep the run under that name, or go on with it")
    which.add_argument("--again", action="store_true", help="a new run, also where a kept one has all documents")


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return number


def _eval(arguments: argparse.Namespace) -> int:
    needs_extra()
    from extractor.atomic_files import check_writable, write_text_atomically
    from extractor.evaluation.compare import compare
    from extractor.evaluation.html_report import page
    from extractor.evaluation.report import report
    from extractor.evaluation.runs import named_run, runs_folder
    from extractor.evaluation.samples import load_set, set_schema
    from extractor.evaluation.text_report import changes, mistakes, summary, terminal

    if arguments.output:
        check_writable(arguments.output)
    samples = load_set(arguments.set)
    schema = given.compiled(set_schema(samples, arguments.schema))
    before = named_run(arguments.runs or runs_folder(), arguments.compare) if arguments.compare else None
    run, judged = kept_run(arguments, samples, schema)
    found = report(run, judged, schema)
    run.tell(summary=found.summary())
    if arguments.wrong:
        console.out(mistakes(found) + "\n")
    console.out(summary([found]) if arguments.summary else terminal(found))
    console.say(f"kept in {run.folder}")
    comparison = compare(before, judged) if before else None
    if comparison:
        console.out("\n" + changes(comparison))
    if arguments.output:
        write_text_atomically(arguments.output, page(found, comparison, progress("document with mistakes")))
    f1 = found.tool.overall["micro_f1"].value
    if arguments.fail_under is not None and (f1 is None or f1 < arguments.fail_under):
        shown = "none" if f1 is None else f"{f1:.4f}"
        raise CheckFailed(
            f"Micro-F1 is {shown}, below {arguments.fail_under:g}.", "--wrong prints every field that is not right."
        )
    return 0


def needs_extra() -> None:
    """Return when what the extra `eval` installs is there; raise UsageError when it is not."""
    missing = [name for name in EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(f"This command needs {', '.join(missing)}.", "Install it: pip install 'extractor[eval]'")


def kept_run(arguments: argparse.Namespace, samples: Any, schema: Any) -> Any:
    """The run that the arguments ask for, gone on with where it was, and the set's documents as it judged them."""
    from extractor.evaluation.evaluate import evaluate, header
    from extractor.evaluation.runs import find_run, runs_folder, start_run
    from extractor.models import DEFAULT

    runs = arguments.runs or runs_folder()
    model = arguments.model or os.environ.get("EXTRACTOR_MODEL") or DEFAULT
    head = header(samples, schema, model)
    run = None if arguments.again else find_run(runs, head["identity"], arguments.named)
    if run is None:
        run = start_run(runs, head, arguments.named)
    elif run.judged:
        console.say(f"going on with {run.folder}, which has {len(run.judged)} documents; --again starts anew")
    try:
        run, judged = evaluate(
            samples,
            schema,
            partial(_model, model, arguments.threads),
            run,
            head["identity"],
            limit=arguments.limit,
            batch=arguments.batch,
            progress=progress("document"),
        )
    except KeyboardInterrupt:
        console.say(f"{len(run.judged)} documents are kept in {run.folder}; the same command goes on with the rest")
        raise
    return run, judged


def _model(name: str, threads: int | None) -> Any:
    from extractor.models import load_model

    return None if name == "none" else load_model(name, threads=threads)


def progress(unit: str) -> Callable[[Sequence[Any]], Iterator[Any]]:
    """Goes through a sequence and says on stderr how far it is and how long it will take, once that is worth it."""

    def told(things: Sequence[Any]) -> Iterator[Any]:
        from tqdm import tqdm

        yield from tqdm(things, delay=2, mininterval=1, unit=unit, dynamic_ncols=True)

    return told
