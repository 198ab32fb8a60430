"""Numbers and rules that decide, gathered so that they can be read, replaced for a while, and measured.

An algorithm keeps all of its own in one frozen dataclass that derives from `Settings`; each field is made by
`threshold` or `rule`, which ask for what it means and how it was chosen. Code reads them through the class:

    @dataclass(frozen=True)
    class DeskewSettings(Settings):
        finest_step: float = threshold(0.05, unit="degrees", meaning="...", chosen="...")
        straighten: bool = rule(True, meaning="...", chosen="...")

    DeskewSettings.current().finest_step

`python -m eval.ablate` moves thresholds and switches rules off, one at a time, and says what each is worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field, fields
from typing import Any, ClassVar, Self

_replaced: ContextVar[dict[type[Settings], Settings]] = ContextVar("replaced", default={})  # noqa: B039 - never changed


class Settings:
    """Base of every settings class. Subclasses are frozen dataclasses that can be made without arguments."""

    classes: ClassVar[list[type[Settings]]] = []
    """Every settings class whose module has been imported, in that order."""
    _default: ClassVar[Settings | None] = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        Settings.classes.append(cls)
        cls._default = None

    @classmethod
    def current(cls) -> Self:
        """Return the settings in force: those of the innermost `replaced` around the call, else the defaults."""
        found = _replaced.get().get(cls)
        if found is None:
            found = cls._default
            if found is None:
                found = cls._default = cls()
        return found  # type: ignore[return-value]


@contextmanager
def replaced(settings: Settings) -> Iterator[None]:
    """Put `settings` in force, in this thread, until the block ends."""
    token = _replaced.set({**_replaced.get(), type(settings): settings})
    try:
        yield
    finally:
        _replaced.reset(token)


@contextmanager
def recorded() -> Iterator[set[tuple[type[Settings], str]]]:
    """Yield a set that collects the class and name of each setting that is read, in this thread, until the block ends.

    Settings that are used whole, as a key or as text, count as read all of them. Only classes whose modules have been
    imported are recorded.
    """
    reads: set[tuple[type[Settings], str]] = set()
    token = _replaced.set({cls: _Recorded(cls.current(), reads) for cls in Settings.classes})  # type: ignore[misc]
    try:
        yield reads
    finally:
        _replaced.reset(token)


class _Recorded:
    """Stands for settings and records which of them are read."""

    def __init__(self, settings: Settings, reads: set[tuple[type[Settings], str]]) -> None:
        self._settings, self._reads = settings, reads
        self._names = frozenset(each.name for each in fields(settings))  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        self._record({name} if name in self._names else self._names)
        return getattr(self._settings, name)

    def __hash__(self) -> int:
        self._record(self._names)
        return hash(self._settings)

    def __eq__(self, other: object) -> bool:
        self._record(self._names)
        return self._settings == (other._settings if isinstance(other, _Recorded) else other)

    def __repr__(self) -> str:
        self._record(self._names)
        return repr(self._settings)

    def _record(self, names: Iterable[str]) -> None:
        self._reads.update((type(self._settings), name) for name in names)


def threshold(default: Any, *, meaning: str, unit: str = "", chosen: str = "", others: tuple[Any, ...] = ()) -> Any:
    """Return the dataclass field of a number (or word) that decides.

    `unit` is what it is counted in, empty for a share or a count whose name says it; `chosen` says which measurement
    chose it, empty where nothing but judgement did; `others` are the values that an ablation tries instead (for a
    number: half and one and a half times the default, unless said otherwise).
    """
    return field(default=default, metadata={"meaning": meaning, "unit": unit, "chosen": chosen, "others": others})


def rule(default: bool, *, meaning: str, chosen: str = "") -> Any:
    """Return the dataclass field of a rule that can be switched off; an ablation tries its opposite."""
    return field(default=default, metadata={"meaning": meaning, "chosen": chosen, "others": (not default,)})
