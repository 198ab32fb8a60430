"""`extractor eval`: measure the records of a set with gold, and whether a change made them better."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from extractor.cli import console, options
from extractor.errors import CheckFailed, UsageError

EXTRA = ("anls_star", "jinja2", "scipy", "sklearn")
"""Packages that the extra `eval` installs and nothing else needs."""


def add(commands: Any) -> None:
    """Add the `eval` command to the command line."""
    command = options.add_command(commands, "eval", _eval, "measure the records of a set of documents with gold")
    command.add_argument("set", metavar="SET", help="a folder with gold.jsonl, a schema.json and the documents")
    add_run_options(command)
    command.add_argument("--output", "-o", metavar="HTML", help="write a report with every mistake, one HTML file")
    command.add_argument(
        "--compare", metavar="RUN", help="show what changed since that run, and whether it is more than noise"
    )
    command.add_argument("--fail-under", type=_share, metavar="F1", help="exit with 6 when micro-F1 is below F1")
    command.add_argument("--wrong", action="store_true", help="print every field that is not right")
    command.add_argument("--summary", action="store_true", help="print a Markdown row instead of tables")


def add_run_options(command: argparse.ArgumentParser) -> None:
    """Add the options that select a run, or say how to make it."""
    command.add_argument(
        "--schema", "-s", metavar="NAME|FILE", help="instead of the set's own schema.json; " + options.SCHEMA
    )
    options.add_model_options(command)
    command.add_argument("--threads", type=options.positive_integer, metavar="N", help=options.THREADS)
    command.add_argument(
        "--batch",
        type=options.positive_integer,
        metavar="N",
        default=1,
        help="documents put to the model at a time; faster, but the time of each is not known (default: 1)",
    )
    command.add_argument("--limit", type=options.positive_integer, metavar="N", help="only the first N documents")
    command.add_argument("--runs", type=Path, metavar="FOLDER", help="where runs are kept (default: eval/runs)")
    which = command.add_mutually_exclusive_group()
    which.add_argument("--run", dest="named", metavar="NAME", help="keep the run under that name, or continue it")
    which.add_argument("--again", action="store_true", help="start a new run even where a kept one has all documents")


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return number


def _eval(arguments: argparse.Namespace) -> int:
    require_eval_extra()
    from extractor.evaluation.compare import compare
    from extractor.evaluation.html_report import render_html
    from extractor.evaluation.report import build_report
    from extractor.evaluation.runs import open_run, runs_folder
    from extractor.evaluation.samples import load_set, load_set_schema
    from extractor.evaluation.text_report import format_changes, format_mistakes, format_report, format_summary
    from extractor.files.atomic_files import check_writable, write_text_atomically

    if arguments.output:
        check_writable(arguments.output)
    samples = load_set(arguments.set)
    schema = options.check_rules(load_set_schema(samples, arguments.schema))
    before = open_run(arguments.runs or runs_folder(), arguments.compare) if arguments.compare else None
    run, results = evaluate_set(arguments, samples, schema)
    report = build_report(run, results, schema)
    run.update_header(summary=report.summary())
    if arguments.wrong:
        console.print_result(format_mistakes(report) + "\n")
    console.print_result(format_summary([report]) if arguments.summary else format_report(report))
    console.print_message(f"kept in {run.folder}")
    comparison = compare(before, results) if before else None
    if comparison:
        console.print_result("\n" + format_changes(comparison))
    if arguments.output:
        write_text_atomically(arguments.output, render_html(report, comparison, progress("document with mistakes")))
    f1 = report.tool.overall["micro_f1"].value
    if arguments.fail_under is not None and (f1 is None or f1 < arguments.fail_under):
        shown = "none" if f1 is None else f"{f1:.4f}"
        raise CheckFailed(
            f"Micro-F1 is {shown}, below {arguments.fail_under:g}.", "--wrong prints every field that is not right."
        )
    return 0


def require_eval_extra() -> None:
    """Raise UsageError where a package of the extra `eval` is not installed."""
    missing = [name for name in EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(f"This command needs {', '.join(missing)}.", "Install it: pip install 'extractor[eval]'")


def evaluate_set(arguments: argparse.Namespace, samples: Any, schema: Any) -> Any:
    """Return the run that the arguments select, completed, and the results of the set's documents in it."""
    from extractor.evaluation.evaluate import evaluate
    from extractor.evaluation.run_identity import new_header
    from extractor.evaluation.runs import find_run, runs_folder, start_run

    runs = arguments.runs or runs_folder()
    model = options.chosen_model(arguments)
    header = new_header(samples, schema, model)
    run = None if arguments.again else find_run(runs, header["identity"], arguments.named)
    if run is None:
        run = start_run(runs, header, arguments.named)
    elif run.results:
        console.print_message(
            f"continuing {run.folder}, which has {len(run.results)} documents; --again starts a new run"
        )
    try:
        run, results = evaluate(
            samples,
            schema,
            partial(_load_model, model, arguments.threads),
            run,
            header["identity"],
            limit=arguments.limit,
            batch=arguments.batch,
            progress=progress("document"),
        )
    except KeyboardInterrupt:
        console.print_message(
            f"{len(run.results)} documents are kept in {run.folder}; the same command continues with the rest"
        )
        raise
    return run, results


def _load_model(name: str, threads: int | None) -> Any:
    from extractor.models import load_model

    return None if name == "none" else load_model(name, threads=threads)


def progress(unit: str) -> Callable[[Sequence[Any]], Iterator[Any]]:
    """Return a function that passes a sequence through and shows progress on stderr where it takes long."""

    def shown(items: Sequence[Any]) -> Iterator[Any]:
        from tqdm import tqdm

        yield from tqdm(items, delay=2, mininterval=1, unit=unit, dynamic_ncols=True)

    return shown
