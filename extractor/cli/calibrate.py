"""`extractor calibrate`: make probabilities of confidences, and say how well they tell right values from wrong ones."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.cli.eval import add_run, kept_run, needs_extra, progress
from extractor.errors import OutputError, UsageError


def add(commands: Any) -> None:
    command = given.command(
        commands, "calibrate", _calibrate, "fit confidences to a set with gold, judged on documents they have not seen"
    )
    command.add_argument(
        "sets", metavar="SET", nargs="+", help="a folder as for eval; several of different schemas fit a general one"
    )
    add_run(command)
    command.add_argument(
        "--with",
        dest="beside",
        metavar="SET",
        action="append",
        default=[],
        help="learn from this set of another kind of report too; may be given several times",
    )
    command.add_argument(
        "--apart",
        metavar="KEY",
        default="layout",
        help="keep documents with the same KEY in gold.jsonl on one side of every split (default: layout)",
    )
    command.add_argument("--to", type=Path, metavar="FOLDER", help="where to keep it (default: one's own calibrations)")
    command.add_argument("--dry-run", action="store_true", help="print the figures and keep nothing")


def _calibrate(arguments: argparse.Namespace) -> int:
    needs_extra()
    from extractor.atomic_files import write_text_atomically
    from extractor.confidence.calibration import user_folder
    from extractor.evaluation.calibration_fit import calibrate, text
    from extractor.evaluation.samples import load_set, set_schema

    folders = [*arguments.sets, *arguments.beside]
    if len(folders) > 1 and (arguments.schema or arguments.named):
        raise UsageError("--schema and --run are for one set.", "Leave them out, or give one SET.")
    runs = []
    for folder in folders:
        samples = load_set(folder)
        runs.append(kept_run(arguments, samples, given.compiled(set_schema(samples, arguments.schema))))
    count = len(arguments.sets)
    found = calibrate(runs[:count], runs[count:], arguments.apart, progress=progress("fit"))
    console.out(text(found))
    if arguments.dry_run:
        return 0
    if not found.better:
        console.say("not kept: on documents it has not seen it does no better than the rule of thumb")
        return 0
    calibration = found.calibration
    folder = arguments.to or user_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot make {folder}: {error.strerror}", "Name a folder with --to FOLDER.") from error
    kind = calibration.schema_name or "general"
    model = re.sub(r"[^\w.-]+", "-", calibration.model).strip("-") or "model"
    file = folder / f"{kind}-{model}.json"
    write_text_atomically(file, calibration.as_json())
    console.say(f"kept as {file}: records of {'other kinds' if not calibration.schema else kind} now say how sure")
    return 0
