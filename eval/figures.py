"""All figures of the shipped sets, and the calibrations that ship, in one command: `python -m eval.figures`.

Each set is evaluated (`extractor eval`, kept in `eval/runs`, continued where it was stopped), and a calibration is
fitted to it, which learns from the other sets too; last comes a general calibration of all sets. Where a set's `kind`
names the template of a document, documents of one template stay on one side of every split, and the figures for known
templates are printed as well. Sets with fewer documents than a calibration needs get none. A Markdown table of all sets
comes last.

Ctrl-C stops the command at once; the same command continues. Pages are recognised anew unless `EXTRACTOR_OCR_CACHE` is
set, because cached OCR would flatter the seconds per document.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from extractor.cli import main as extractor
from extractor.evaluation.calibration_fit import CalibrationFitSettings
from extractor.evaluation.samples import load_set

HERE = Path(__file__).resolve().parent
SETS = HERE / "sets"
SHIPPED = HERE.parent / "calibrations"
TEMPLATES = {"receipts-and-invoices": "kind", "laboratory-and-inspection": "kind"}
"""Sets of several templates, and the key of `gold.jsonl` that names the template; they go first."""
STOPPED = 130


def main(arguments: list[str] | None = None) -> int:
    """Evaluate and calibrate; return the first exit code that is not 0."""
    parser = argparse.ArgumentParser(prog="python -m eval.figures", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="*", metavar="SET", help="only these of the shipped sets")
    parser.add_argument("--model", default="", help="instead of the default model")
    parser.add_argument("--again", action="store_true", help="evaluate again what is kept already")
    parser.add_argument("--batch", default="", help="documents put to the model at a time")
    parser.add_argument("--runs", type=Path, help="where runs are kept (default: eval/runs)")
    parser.add_argument("--to", type=Path, default=SHIPPED, help="where calibrations are kept (default: calibrations)")
    parser.add_argument("--limit", default="", help="of each set the first so many documents only")
    parser.add_argument("--measure-only", action="store_true", help="make no calibrations")
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("EXTRACTOR_OCR_CACHE", "off")
    names = sorted((gold.parent.name for gold in SETS.glob("*/gold.jsonl")), key=lambda n: (n not in TEMPLATES, n))
    if unknown := sorted(set(chosen.sets) - set(names)):
        parser.error(f"no set {', '.join(unknown)}; there are {', '.join(names)}")
    sets = [load_set(SETS / name) for name in chosen.sets or names]
    options = [*(["--model", chosen.model] if chosen.model else []), *(["--runs", chosen.runs] if chosen.runs else [])]
    options += ["--limit", chosen.limit] if chosen.limit else []
    options += ["--batch", chosen.batch] if chosen.batch else []
    steps: list[tuple[object, ...]] = []
    for s in sets:
        steps.append(("eval", s.folder, *options, *(["--again"] if chosen.again else [])))
    for s in () if chosen.measure_only else sets:
        if len(s.samples) >= CalibrationFitSettings.current().min_documents:
            others = [word for other in sets if other is not s for word in ("--with", other.folder)]
            calibrate = ("calibrate", s.folder, *others, *options)
            if s.name in TEMPLATES:
                steps.append((*calibrate, "--dry-run"))
            steps.append((*calibrate, "--apart", TEMPLATES.get(s.name, "layout"), "--to", chosen.to))
    if not chosen.measure_only and len(sets) > 1:
        steps.append(("calibrate", *(s.folder for s in sets), *options, "--to", chosen.to))
    steps += [("eval", s.folder, *options, "--summary") for s in sets]
    codes = []
    for step in steps:
        codes.append(_run_command(*step))
        if codes[-1] == STOPPED:
            break
    return next((code for code in codes if code), 0)


def _run_command(*words: object) -> int:
    line = [str(word) for word in words]
    print(f"\n$ extractor {' '.join(line)}\n", flush=True)
    return extractor(line)


if __name__ == "__main__":
    raise SystemExit(main())
