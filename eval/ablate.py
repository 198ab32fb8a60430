"""Measure what each rule and threshold is worth: `python -m eval.ablate`.

Every algorithm keeps the rules and numbers that decide in one settings object (`extractor.settings`). Here each of them
is changed alone (a rule switched, a number halved and raised by half, or what the setting names instead), and micro-F1
is compared in pairs with that of the settings as they are. Only what can change is computed again: a document is read
again where the setting was read while it was read, and extracted again where it was read then, or where the document
came out different. A rule that earns nothing on documents it was not made on should go.

    python -m eval.ablate                                  every rule, by structure alone, on the shipped sets
    python -m eval.ablate --thresholds                     every number too; this takes hours
    python -m eval.ablate --list                           the settings there are, with meaning, unit and origin
    python -m eval.ablate --only tables                    one room; or one algorithm: PostalAddressSettings; or one
                                                           setting: DeskewSettings.finest_step
    python -m eval.ablate --sets FOLDER ... --limit 20     other sets, the first documents of each
    python -m eval.ablate --tables FOLDER                  PDFs with true tables, in the form of `eval.tables`
    python -m eval.ablate --model default --answers DIR    with the model; answers are kept in DIR between runs
    python -m eval.ablate --output ablation.md             the table as a file as well

Worth is the micro-F1 of the settings as they are less that of the changed ones, so a rule that helps is positive; the
interval is of a paired bootstrap over documents. `read by` counts the documents in which the setting was looked at, the
column after it fields that came out better or worse by the change; the last names the sets with a difference, and what
the setting is worth on each. Of a PDF with true tables, each pair of neighbouring cells counts like a field.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from eval.answer_cache import CachedModel
from eval.tables import cells_of, find_relations, read_truth
from extractor import settings
from extractor.evaluation.matching import (
    ABSENT,
    CORRECT,
    MISSING,
    SPURIOUS,
    Match,
    match_failed_document,
    match_record,
)
from extractor.evaluation.metrics import DocumentScore, Estimate, micro_f1, paired_difference
from extractor.evaluation.run_identity import ROOMS_WITHOUT_EFFECT
from extractor.evaluation.samples import EvalSet, Sample, load_set, load_set_schema
from extractor.extraction.pipeline import extract
from extractor.models import Model, load_model
from extractor.readers import read
from extractor.schemas import Schema
from extractor.settings import Settings
from extractor.types import Document

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Variant:
    """One setting with another value than usual."""

    settings: type[Settings]
    name: str
    usual: Any
    other: Any

    @property
    def changed(self) -> Settings:
        """Return the settings with the other value."""
        return replace(self.settings.current(), **{self.name: self.other})  # type: ignore[type-var]

    @property
    def key(self) -> tuple[type[Settings], str]:
        """Return the setting's class and name, as `settings.recorded` records them."""
        return self.settings, self.name

    def __str__(self) -> str:
        return f"{self.settings.__name__}.{self.name}"


@dataclass(frozen=True, slots=True)
class Worth:
    """The worth of a setting: `gain` is micro-F1 with its usual value less micro-F1 with the variant.

    `read_by` counts the documents in which the setting was looked at, `better` and `worse` the fields that came out
    better and worse with the variant; `by_set` is the gain on each set where the variant makes a difference.
    """

    variant: Variant
    gain: Estimate
    read_by: int
    better: int
    worse: int
    by_set: dict[str, float]

    @property
    def verdict(self) -> str:
        """Decide whether the setting as it is helps, harms, or makes no difference beyond noise."""
        low, high = self.gain.low, self.gain.high
        if not self.read_by:
            return "never read"
        if not self.better and not self.worse and not self.gain.value:
            return "changes nothing"
        if low is None or high is None or low <= 0 <= high:
            return "within noise"
        return "helps" if low > 0 else "harms"


def all_settings() -> list[type[Settings]]:
    """Return the settings classes of all rooms that records depend on, after importing their modules."""
    import extractor

    for module in pkgutil.walk_packages(extractor.__path__, "extractor."):
        if _room(module.name) not in ROOMS_WITHOUT_EFFECT:
            importlib.import_module(module.name)
    classes = [cls for cls in Settings.classes if _room(cls.__module__) not in ROOMS_WITHOUT_EFFECT]
    return sorted(classes, key=lambda cls: (cls.__module__, cls.__name__))


def _room(module: str) -> str:
    """Return the room of a module: `ocr` of `extractor.ocr.deskew`."""
    return module.removeprefix("extractor.").split(".")[0]


def list_variants(classes: Sequence[type[Settings]], only: Sequence[str], thresholds: bool) -> Iterator[Variant]:
    """Yield the variants of each setting: the values that it names, else half and one and a half times a number."""
    for cls in classes:
        for field in fields(cls):  # type: ignore[arg-type]
            name = f"{cls.__name__}.{field.name}"
            usual = getattr(cls.current(), field.name)
            is_rule = isinstance(usual, bool)
            if only and not {name, cls.__name__, _room(cls.__module__)} & set(only):
                continue
            if not is_rule and not thresholds and name not in only:
                continue
            for other in _other_values(usual, field.metadata.get("others", ())):
                yield Variant(cls, field.name, usual, other)


def _other_values(usual: Any, named: tuple[Any, ...]) -> Iterator[Any]:
    if named:
        yield from named
    elif isinstance(usual, bool):
        yield not usual
    elif isinstance(usual, int) and usual:
        yield from sorted({max(1, usual // 2), usual + max(1, usual // 2)} - {usual})
    elif isinstance(usual, float) and usual:
        yield from (usual / 2, usual * 1.5)


class Ablation:
    """The documents of some sets, extracted with the settings as they are once, and again with each variant."""

    def __init__(
        self,
        sets: Sequence[tuple[EvalSet, Schema]],
        model: Model | None,
        limit: int | None,
        tables: Sequence[Path] = (),
    ) -> None:
        self.trials: list[Trial | TableTrial] = [
            Trial(samples.name, sample, samples.folder, schema, model)
            for samples, schema in sets
            for sample in samples.samples[:limit]
        ]
        for folder in tables:
            true = [file for file in sorted(folder.glob("*.pdf")) if _truth_of(file).exists()]
            self.trials += [TableTrial(folder.name, file) for file in true[:limit]]

    def measure(self, variant: Variant) -> Worth:
        """Return what the variant costs or gains over all documents."""
        with settings.replaced(variant.changed):
            results = [trial.extract_with(variant) for trial in self.trials]
        usual = self.usual
        gain, _ = paired_difference(results, usual)
        pairs = [(_outcomes(a), _outcomes(b)) for a, b in zip(usual, results, strict=True)]
        better = sum(b.get(k, True) and not a.get(k, True) for a, b in pairs for k in a.keys() | b.keys())
        worse = sum(a.get(k, True) and not b.get(k, True) for a, b in pairs for k in a.keys() | b.keys())
        read_by = sum(variant.key in trial.settings_read for trial in self.trials)
        return Worth(variant, gain, read_by, better, worse, dict(self._gains_by_set(results)))

    @cached_property
    def usual(self) -> list[DocumentScore]:
        """The scores of all documents with the settings as they are."""
        return [trial.usual for trial in self.trials]

    @property
    def micro_f1(self) -> float | None:
        """Return micro-F1 with the settings as they are."""
        return micro_f1(self.usual)

    def _gains_by_set(self, results: Sequence[DocumentScore]) -> Iterator[tuple[str, float]]:
        for name in dict.fromkeys(trial.set_name for trial in self.trials):
            own = [n for n, trial in enumerate(self.trials) if trial.set_name == name]
            gain, _ = paired_difference([results[n] for n in own], [self.usual[n] for n in own], rounds=1)
            if any(_outcomes(results[n]) != _outcomes(self.usual[n]) for n in own):
                yield name, gain.value or 0.0


class Trial:
    """One document, its gold record and schema, with what was read and extracted with the settings as they are."""

    def __init__(self, set_name: str, sample: Sample, folder: Path, schema: Schema, model: Model | None) -> None:
        self.set_name = set_name
        self._sample, self._schema, self._model = sample, schema, model
        self._file = folder / sample.document
        with settings.recorded() as self._read_for_document:
            self._document = self._read()
        with settings.recorded() as self._read_for_record:
            self.usual = self._judge(self._document)

    @property
    def settings_read(self) -> set[tuple[type[Settings], str]]:
        """Return class and name of every setting that was looked at for this document."""
        return self._read_for_document | self._read_for_record

    def extract_with(self, variant: Variant) -> DocumentScore:
        """Return the score with the settings in force, of which `variant` alone differs from the usual ones."""
        document = self._read() if variant.key in self._read_for_document else self._document
        if document == self._document and variant.key not in self._read_for_record:
            return self.usual
        return self._judge(document)

    def _read(self) -> Document | None:
        """Return the document; None where it cannot be read."""
        try:
            return read(self._file)
        except Exception as error:  # with a variant, too, one document must not end the run
            self._report(error)
            return None

    def _judge(self, document: Document | None) -> DocumentScore:
        if document is not None:
            try:
                data = extract(document, self._schema, self._model).data
            except Exception as error:
                self._report(error)
            else:
                return DocumentScore(match_record(self._schema, self._sample.gold, data))
        return DocumentScore(match_failed_document(self._schema, self._sample.gold), failed=True)

    def _report(self, error: Exception) -> None:
        print(f"{self._file}: {type(error).__name__}: {error}", file=sys.stderr)


class TableTrial:
    """One PDF with true tables, and what was read with the settings as they are."""

    def __init__(self, set_name: str, file: Path) -> None:
        self.set_name = set_name
        self._file = file
        self._true = sum((find_relations(cells) for cells in read_truth(_truth_of(file))), Counter())
        with settings.recorded() as self.settings_read:
            self.usual = self._judge()

    def extract_with(self, variant: Variant) -> DocumentScore:
        """Return the score with the settings in force, of which `variant` alone differs from the usual ones."""
        return self._judge() if variant.key in self.settings_read else self.usual

    def _judge(self) -> DocumentScore:
        try:
            tables = read(self._file).tables
        except Exception as error:  # with a variant, too, one document must not end the run
            print(f"{self._file}: {type(error).__name__}: {error}", file=sys.stderr)
            tables = ()
        found = sum((find_relations(cells_of(table)) for table in tables), Counter())
        return DocumentScore(tuple(_match_relations(found, self._true)))


def _truth_of(file: Path) -> Path:
    """Return where the true tables of a PDF are."""
    return file.with_name(f"{file.stem}-str.xml")


def _match_relations(found: Counter[tuple[str, ...]], true: Counter[tuple[str, ...]]) -> Iterator[Match]:
    """Yield a match for each pair of neighbouring cells, those that stand there several times numbered."""
    for relation in sorted(found | true):
        for number in range(max(found[relation], true[relation])):
            is_found, is_true = number < found[relation], number < true[relation]
            path, text = (*relation, number), " ".join(relation)
            outcome = CORRECT if is_found and is_true else MISSING if is_true else SPURIOUS
            yield Match(
                path if is_true else None,
                path if is_found else None,
                "text",
                text if is_true else None,
                text if is_found else None,
                outcome,
                outcome,
            )


def _outcomes(result: DocumentScore) -> dict[Any, bool]:
    """Return for each place of gold or record whether it came out right; places that are not there are right."""
    return {(m.gold_path is not None, m.path): m.outcome in (CORRECT, ABSENT) for m in result.matches}


def main(arguments: list[str] | None = None) -> int:
    """Print a Markdown table, one row for each variant as soon as it is measured; return 0."""
    parser = argparse.ArgumentParser(prog="python -m eval.ablate", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sets", nargs="+", metavar="FOLDER[:SCHEMA]", help="default: the shipped sets")
    parser.add_argument(
        "--tables", nargs="+", type=Path, metavar="FOLDER", help="PDFs with true tables, instead of the shipped sets"
    )
    parser.add_argument(
        "--only", nargs="+", default=(), metavar="NAME", help="rooms, settings classes, or Class.setting"
    )
    parser.add_argument("--thresholds", action="store_true", help="numbers too, not only rules")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N documents of each set")
    parser.add_argument("--model", default="none", help="a model's name, default, or none (structure alone)")
    parser.add_argument("--answers", type=Path, metavar="FOLDER", help="keep the model's answers there")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the table to a file as well")
    parser.add_argument("--list", action="store_true", help="only list the settings")
    chosen = parser.parse_args(arguments)
    classes = all_settings()
    if chosen.list:
        print("\n".join(_describe_settings(classes)))
        return 0
    variants = list(list_variants(classes, chosen.only, chosen.thresholds))
    if not variants:
        parser.error("no such rule or setting; --list prints them, --thresholds includes numbers")
    sets = chosen.sets or ([] if chosen.tables else _shipped())
    ablation = Ablation([_set(name) for name in sets], _model(chosen), chosen.limit, chosen.tables or ())
    lines = [
        f"{len(ablation.trials)} documents, model {chosen.model}, micro-F1 {ablation.micro_f1 or 0.0:.4f}",
        "",
        "| setting | as it is | tried | worth (95 % interval) | read by | better, worse changed | verdict | where |",
        "|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for variant in variants:
        lines.append(_row(ablation.measure(variant)))
        print(lines[-1], flush=True)
        if chosen.output:
            chosen.output.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


def _shipped() -> list[str]:
    return sorted(str(gold.parent) for gold in (HERE / "sets").glob("*/gold.jsonl"))


def _set(name: str) -> tuple[EvalSet, Schema]:
    folder, _, schema = name.partition(":")
    samples = load_set(folder)
    return samples, load_set_schema(samples, schema or None)


def _model(chosen: argparse.Namespace) -> Model | None:
    if chosen.model == "none":
        return None
    load: Callable[[], Model] = lambda: load_model(None if chosen.model == "default" else chosen.model)  # noqa: E731
    return CachedModel(chosen.answers, load) if chosen.answers else load()


def _describe_settings(classes: Sequence[type[Settings]]) -> Iterator[str]:
    for cls in classes:
        yield f"{cls.__module__}.{cls.__name__}: {(cls.__doc__ or '').strip().splitlines()[0]}"
        for field in fields(cls):  # type: ignore[arg-type]
            unit = f" {field.metadata['unit']}" if field.metadata.get("unit") else ""
            chosen = f" [{field.metadata['chosen']}]" if field.metadata.get("chosen") else ""
            meaning = field.metadata.get("meaning", "")
            yield f"    {field.name} = {getattr(cls.current(), field.name)}{unit}: {meaning}{chosen}"


def _row(worth: Worth) -> str:
    gain, variant = worth.gain, worth.variant
    around = f" ({gain.low:+.4f} to {gain.high:+.4f})" if gain.low is not None else ""
    value = f"{gain.value or 0.0:+.4f}{around}"
    where = ", ".join(f"{name} {on_set:+.4f}" for name, on_set in worth.by_set.items())
    cells = (variant, variant.usual, variant.other, value, worth.read_by, f"{worth.better}, {worth.worse}")
    return f"| {' | '.join(map(str, cells))} | {worth.verdict} | {where} |"


if __name__ == "__main__":
    sys.exit(main())
