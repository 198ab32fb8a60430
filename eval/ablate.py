"""Measure what each rule and threshold is worth: `python -m eval.ablate`.

Every algorithm keeps the rules and numbers that decide in one settings object (`extractor.settings`). Here each of them
is changed alone (a rule switched, a number halved and raised by half, or what the setting names instead), and micro-F1
is compared in pairs with that of the settings as they are. Only what can change is computed again: a document is read
again where the setting was looked at while it was read, and extracted again where it was looked at then, or where the
document came out different. Settings are changed together first, and in halves of halves only where that changes the
record, down to the single ones that do. A rule that earns nothing on documents it was not made on should go.

    python -m eval.ablate                                  every rule, by structure alone, on the shipped sets
    python -m eval.ablate --thresholds                     every number too; this takes hours
    python -m eval.ablate --list                           the settings there are, with meaning, unit and origin
    python -m eval.ablate --only tables                    one room; or one algorithm: PostalAddressSettings; or one
                                                           setting: DeskewSettings.finest_step
    python -m eval.ablate --sets FOLDER ... --limit 20     other sets, the first documents of each
    python -m eval.ablate --tables FOLDER                  PDFs with true tables, in the form of `eval.tables`
    python -m eval.ablate --model default --answers DIR    with the model; answers are kept in DIR between runs
    python -m eval.ablate --keep DIR --minutes 30          documents read, and what each came to, are kept in DIR: a
                                                           run that was ended goes on there
    python -m eval.ablate --slow 2                         documents that took longer to read are not read again
    python -m eval.ablate --output ablation.md             the table as a file as well

Worth is the micro-F1 of the settings as they are less that of the changed ones, so a rule that helps is positive; the
interval is of a paired bootstrap over documents. `read by` counts the documents in which the setting was looked at and
could be changed, the column after it fields that came out better or worse by the change; the last names the sets with a
difference, and what the setting is worth on each. Of a PDF with true tables, each pair of neighbouring cells counts
like a field.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import math
import pickle
import pkgutil
import sys
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

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
from extractor.evaluation.run_identity import ROOMS_WITHOUT_EFFECT, code_hash
from extractor.evaluation.samples import EvalSet, Sample, load_set, load_set_schema
from extractor.extraction import prompts
from extractor.extraction.pipeline import extract
from extractor.files.atomic_files import PRIVATE, open_atomically
from extractor.models import Model, load_model
from extractor.readers import read
from extractor.schemas import Schema
from extractor.settings import Settings
from extractor.types import Document

HERE = Path(__file__).resolve().parent
Kept = TypeVar("Kept")
SettingKey = tuple[type[Settings], str]
"""A setting: its class and its name."""


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
    def key(self) -> SettingKey:
        """Return the setting's class and name, as `settings.recorded` records them."""
        return self.settings, self.name

    @property
    def trial(self) -> str:
        """Return the setting and the value that is tried."""
        return f"{self}={self.other}"

    def __str__(self) -> str:
        return _name_of(self.key)


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document: its score with the settings as they are, and with each variant that changes it.

    `settings_read` names the settings that were looked at and could be changed: `OcrSettings.finest_step`.
    """

    set_name: str
    usual: DocumentScore
    changed: dict[str, DocumentScore]
    settings_read: frozenset[str]

    def score_with(self, variant: Variant) -> DocumentScore:
        """Return the score with the variant."""
        return self.changed.get(variant.trial, self.usual)


class Ablation:
    """What became of the documents of some sets with the settings as they are, and with each of some variants."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes = outcomes
        self._usual = [outcome.usual for outcome in outcomes]

    def measure(self, variant: Variant) -> Worth:
        """Return what the variant costs or gains over all documents."""
        results = [outcome.score_with(variant) for outcome in self.outcomes]
        gain = Estimate(0.0, 0.0, 0.0) if len(results) > 1 else Estimate(0.0)
        if any(variant.trial in outcome.changed for outcome in self.outcomes):
            gain, _ = paired_difference(results, self._usual)
        pairs = [(_right(a), _right(b)) for a, b in zip(self._usual, results, strict=True) if a is not b]
        better = sum(b.get(k, True) and not a.get(k, True) for a, b in pairs for k in a.keys() | b.keys())
        worse = sum(a.get(k, True) and not b.get(k, True) for a, b in pairs for k in a.keys() | b.keys())
        read_by = sum(str(variant) in outcome.settings_read for outcome in self.outcomes)
        return Worth(variant, gain, read_by, better, worse, dict(self._gains_by_set(results)))

    @property
    def micro_f1(self) -> float | None:
        """Return micro-F1 with the settings as they are."""
        return micro_f1(self._usual)

    def _gains_by_set(self, results: Sequence[DocumentScore]) -> Iterator[tuple[str, float]]:
        for name in dict.fromkeys(outcome.set_name for outcome in self.outcomes):
            own = [n for n, outcome in enumerate(self.outcomes) if outcome.set_name == name]
            if any(results[n] is not self._usual[n] and _right(results[n]) != _right(self._usual[n]) for n in own):
                gain, _ = paired_difference([results[n] for n in own], [self._usual[n] for n in own], rounds=1)
                yield name, gain.value or 0.0


class Trial(ABC):
    """One document that is judged with changed settings; subclasses say what of it is computed again.

    `usual` is the score with the settings as they are, `settings_read` the settings that were looked at for it.
    """

    set_name: str
    usual: DocumentScore
    settings_read: Set[SettingKey]

    @abstractmethod
    def extract_with(self, variants: Sequence[Variant]) -> DocumentScore:
        """Return the score with the settings in force, which differ from the usual ones by `variants` alone."""

    def measure(self, variants: Iterable[Variant]) -> Outcome:
        """Return the outcome of the document with each variant alone, as `_find_changes` finds it."""
        able = [variant for variant in variants if variant.key in self.settings_read]
        changed: dict[str, DocumentScore] = {}
        for group in _without_rivals(able):
            changed |= self._find_changes(group)
        return Outcome(self.set_name, self.usual, changed, frozenset(map(_name_of, self.settings_read)))

    def _find_changes(self, variants: Sequence[Variant]) -> dict[str, DocumentScore]:
        """Return the score with each of the variants that changes it: together first, then each half by itself."""
        if not variants:
            return {}
        with _in_force(variants):
            score = self.extract_with(variants)
        if score == self.usual:
            return {}
        if len(variants) == 1:
            return {variants[0].trial: score}
        half = len(variants) // 2
        return self._find_changes(variants[:half]) | self._find_changes(variants[half:])


class RecordTrial(Trial):
    """One document with its gold record and schema, read and extracted.

    Where it took longer than `slow` seconds to read, it is not read again, and settings of reading are not tried.
    """

    def __init__(
        self,
        set_name: str,
        sample: Sample,
        folder: Path,
        schema: Schema,
        model: Model | None,
        kept: KeptResults | None = None,
        slow: float | None = None,
    ) -> None:
        self.set_name = set_name
        self._sample, self._schema, self._model = sample, schema, model
        self._file = folder / sample.document
        reading = (kept or KeptResults(None)).reading(self._file, self._read_first)
        self._document = reading.document
        self._is_slow = slow is not None and reading.seconds > slow
        self._read_for_document = frozenset[SettingKey]() if self._is_slow else reading.settings_read
        with settings.recorded() as self._read_for_record:
            self.usual = self._judge(self._document)
        self.settings_read = self._read_for_document | self._read_for_record

    def extract_with(self, variants: Sequence[Variant]) -> DocumentScore:
        """Read the document again where one of the variants is about reading, and extract it where it may differ."""
        is_read_again = any(variant.key in self._read_for_document for variant in variants)
        document = self._read() if is_read_again else self._document
        if document == self._document and not any(variant.key in self._read_for_record for variant in variants):
            return self.usual
        return self._judge(document)

    def _read_first(self) -> Reading:
        start = time.process_time()
        with settings.recorded() as settings_read:
            document = self._read()
        return Reading(document, frozenset(settings_read), time.process_time() - start)

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


class TableTrial(Trial):
    """One PDF with true tables, and what was read with the settings as they are."""

    def __init__(self, set_name: str, file: Path) -> None:
        self.set_name = set_name
        self._file = file
        self._true = sum((find_relations(cells) for cells in read_truth(_truth_of(file))), Counter())
        with settings.recorded() as settings_read:
            self.usual = self._judge()
        self.settings_read = settings_read

    def extract_with(self, variants: Sequence[Variant]) -> DocumentScore:
        """Read the document again."""
        return self._judge()

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


def _right(result: DocumentScore) -> dict[Any, bool]:
    """Return for each place of gold or record whether it came out right; places that are not there are right."""
    return {(m.gold_path is not None, m.path): m.outcome in (CORRECT, ABSENT) for m in result.matches}


def _name_of(key: SettingKey) -> str:
    return f"{key[0].__name__}.{key[1]}"


def _without_rivals(variants: Iterable[Variant]) -> list[list[Variant]]:
    """Return the variants in groups in which no setting has two values."""
    groups: list[list[Variant]] = []
    seen: Counter[SettingKey] = Counter()
    for variant in variants:
        if seen[variant.key] == len(groups):
            groups.append([])
        groups[seen[variant.key]].append(variant)
        seen[variant.key] += 1
    return groups


@contextmanager
def _in_force(variants: Sequence[Variant]) -> Iterator[None]:
    """Put the settings with the values of all variants in force until the block ends."""
    others: dict[type[Settings], dict[str, Any]] = {}
    for variant in variants:
        others.setdefault(variant.settings, {})[variant.name] = variant.other
    with ExitStack() as stack:
        for cls, values in others.items():
            stack.enter_context(settings.replaced(replace(cls.current(), **values)))  # type: ignore[type-var]
        yield


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it was read, None where it could not be, with the settings looked at and processor seconds."""

    document: Document | None
    settings_read: frozenset[SettingKey]
    seconds: float


class KeptResults:
    """A folder that keeps documents read, and outcomes, for later runs of the same code; None keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def reading(self, file: Path, read_file: Callable[[], Reading]) -> Reading:
        """Return the file as it was read before, else as `read_file` reads it."""
        return self._kept("reading", [code_hash(), hashlib.sha256(file.read_bytes()).hexdigest()], read_file)

    def outcome(self, parts: Iterable[str], measure: Callable[[], Outcome]) -> Outcome:
        """Return the outcome of what `parts` name, as it was before, else as `measure` finds it."""
        return self._kept("outcome", [code_hash(), *parts], measure)

    def _kept(self, kind: str, parts: Iterable[str], make: Callable[[], Kept]) -> Kept:
        if self._folder is None:
            return make()
        name = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
        path = self._folder / f"{kind}-{name}.pickle"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            made = make()
            with open_atomically(path, PRIVATE) as file:
                pickle.dump(made, file)
            return made
        return pickle.loads(path.read_bytes())


def measure_documents(
    sets: Sequence[tuple[EvalSet, Schema]],
    tables: Sequence[Path],
    variants: Sequence[Variant],
    *,
    model: Model | None = None,
    limit: int | None = None,
    kept: KeptResults | None = None,
    slow: float | None = None,
    minutes: float | None = None,
) -> list[Outcome]:
    """Return the outcomes of the documents of all sets, in turn the first of each, the second of each, and so on.

    After so many `minutes` no further document is begun.
    """
    kept = kept or KeptResults(None)
    tried = [variant.trial for variant in variants]
    ends = time.monotonic() + 60 * minutes if minutes is not None else math.inf
    outcomes = []
    for parts, begin in _in_turn([*_record_trials(sets, model, limit, kept, slow), *_table_trials(tables, limit)]):
        if time.monotonic() > ends:
            break
        outcomes.append(kept.outcome([*parts, *tried], lambda begin=begin: begin().measure(variants)))
    return outcomes


Todo = tuple[list[str], Callable[[], Trial]]
"""A document to be measured: what its outcome depends on, and how its trial begins."""


def _record_trials(
    sets: Sequence[tuple[EvalSet, Schema]],
    model: Model | None,
    limit: int | None,
    kept: KeptResults,
    slow: float | None,
) -> Iterator[list[Todo]]:
    for samples, schema in sets:
        name = model.weights if model else "none"
        shared = [str(samples.folder.resolve()), schema.id, name, prompts.prompt_id(), str(slow)]
        yield [
            (
                [*shared, sample.document, json.dumps(sample.gold, sort_keys=True)],
                partial(RecordTrial, samples.name, sample, samples.folder, schema, model, kept, slow),
            )
            for sample in samples.samples[:limit]
        ]


def _table_trials(folders: Sequence[Path], limit: int | None) -> Iterator[list[Todo]]:
    for folder in folders:
        true = [file for file in sorted(folder.glob("*.pdf")) if _truth_of(file).exists()]
        yield [([str(file.resolve())], partial(TableTrial, folder.name, file)) for file in true[:limit]]


def _in_turn(lists: Sequence[list[Todo]]) -> Iterator[Todo]:
    """Yield the first of each list, then the second of each, and so on."""
    return (todo for row in zip_longest(*lists) for todo in row if todo is not None)


def main(arguments: list[str] | None = None) -> int:
    """Print a Markdown table, one row for each variant; return 0."""
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
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep documents read and outcomes there")
    parser.add_argument("--slow", type=float, metavar="SECONDS", help="do not read documents again that took longer")
    parser.add_argument("--minutes", type=float, help="begin no further document after so many")
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
    ablation = Ablation(
        measure_documents(
            [_set(name) for name in sets],
            chosen.tables or (),
            variants,
            model=_model(chosen),
            limit=chosen.limit,
            kept=KeptResults(chosen.keep),
            slow=chosen.slow,
            minutes=chosen.minutes,
        )
    )
    if not ablation.outcomes:
        parser.error("no document to measure: give folders with documents, and more --minutes")
    lines = [
        f"{len(ablation.outcomes)} documents, model {chosen.model}, micro-F1 {ablation.micro_f1 or 0.0:.4f}",
        "",
        "| setting | as it is | tried | worth (95 % interval) | read by | better, worse changed | verdict | where |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_row(ablation.measure(variant)) for variant in variants]
    print("\n".join(lines))
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
