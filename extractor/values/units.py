"""Units as printed beside numbers, and the conversion between two of one dimension.

A small table in code: what reports print (money, percentages, counts in thousands, laboratory and everyday units) and
its Chinese names, which unit libraries do not know. Amounts of substance are not turned into masses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from extractor.values.characters import SPACES, fold
from extractor.values.currencies import currency_names

MAGNITUDES: Mapping[str, Decimal] = {
    name: Decimal(value)
    for value, names in {
        "10": "十",
        "1e2": "百 hundred",
        "1e3": "千 仟 thousand thousands k K '000 ’000 000s",
        "1e4": "万 萬",
        "1e5": "十万 lakh lakhs",
        "1e6": "百万 million millions mn mln mio MM",
        "1e7": "千万 crore crores",
        "1e8": "亿 億",
        "1e9": "十亿 billion billions bn bln",
        "1e10": "百亿",
        "1e11": "千亿",
        "1e12": "万亿 trillion trillions tn trn",
    }.items()
    for name in names.split()
}
_AFTER_MONEY = {"m": Decimal("1e6"), "M": Decimal("1e6"), "b": Decimal("1e9"), "B": Decimal("1e9")}

_SCALED: Mapping[str, str] = {
    "ratio": (
        "% 0.01, percent 0.01, 'per cent' 0.01, pct 0.01, 个百分点 0.01, 百分点 0.01, 'percentage points' 0.01, "
        "'percentage point' 0.01, ‰ 0.001, bps 0.0001, ppm 1e-6, ppb 1e-9"
    ),
    "mass": (
        "kg 1, Kg 1, KG 1, kgs 1, 公斤 1, 千克 1, 斤 0.5, kilogram 1, kilograms 1, g 1e-3, 克 1e-3, gram 1e-3, "
        "grams 1e-3, mg 1e-6, 毫克 1e-6, milligrams 1e-6, µg 1e-9, μg 1e-9, mcg 1e-9, ug 1e-9, 微克 1e-9, "
        "ng 1e-12, pg 1e-15, fg 1e-18, t 1e3, 吨 1e3, 公吨 1e3, tonne 1e3, tonnes 1e3, tons 1e3, ton 1e3, "
        "lb 0.45359237, lbs 0.45359237, pounds 0.45359237, oz 0.028349523125, ounces 0.028349523125"
    ),
    "length": (
        "m 1, 米 1, metre 1, metres 1, meter 1, meters 1, km 1e3, KM 1e3, 公里 1e3, 千米 1e3, 里 500, "
        "kilometres 1e3, kilometers 1e3, cm 1e-2, 厘米 1e-2, 公分 1e-2, mm 1e-3, 毫米 1e-3, µm 1e-6, μm 1e-6, "
        "um 1e-6, 微米 1e-6, nm 1e-9, ft 0.3048, feet 0.3048, inch 0.0254, inches 0.0254, yd 0.9144, "
        "yards 0.9144, mi 1609.344, mile 1609.344, miles 1609.344"
    ),
    "area": (
        "m² 1, m2 1, ㎡ 1, m^2 1, 平方米 1, 平米 1, sqm 1, 'square metres' 1, 'square meters' 1, km² 1e6, "
        "km2 1e6, 平方公里 1e6, 平方千米 1e6, 'square kilometres' 1e6, 'square kilometers' 1e6, ha 1e4, "
        "公顷 1e4, hectare 1e4, hectares 1e4, 亩 666.6666666666666666666666667, acre 4046.8564224, "
        "acres 4046.8564224, sqft 0.09290304, 'sq ft' 0.09290304, 'square feet' 0.09290304, cm² 1e-4, "
        "cm2 1e-4, mm² 1e-6, mm2 1e-6"
    ),
    "volume": (
        "L 1, l 1, 升 1, litre 1, litres 1, liter 1, liters 1, dL 0.1, dl 0.1, cL 0.01, cl 0.01, mL 1e-3, "
        "ml 1e-3, ML 1e-3, 毫升 1e-3, µL 1e-6, μL 1e-6, uL 1e-6, ul 1e-6, 微升 1e-6, fL 1e-15, fl 1e-15, "
        "m³ 1e3, m3 1e3, m^3 1e3, ㎥ 1e3, 立方米 1e3, 方 1e3, cm³ 1e-3, cm3 1e-3, cc 1e-3, mm³ 1e-6, "
        "mm3 1e-6, HPF 0, LPF 0"
    ),
    "time": (
        "s 1, sec 1, secs 1, second 1, seconds 1, 秒 1, ms 1e-3, 毫秒 1e-3, min 60, mins 60, minute 60, "
        "minutes 60, 分钟 60, h 3600, hr 3600, hrs 3600, hour 3600, hours 3600, 小时 3600, 个小时 3600, "
        "钟头 3600, d 86400, day 86400, days 86400, 天 86400, week 604800, weeks 604800, 周 604800, "
        "星期 604800, 个星期 604800"
    ),
    "months": (
        "month 1, months 1, 个月 1, 月份 1, quarter 3, quarters 3, 个季度 3, year 12, years 12, yr 12, yrs 12, "
        "年 12, 周年 12"
    ),
    "energy": (
        "J 1, kJ 1e3, MJ 1e6, GJ 1e9, cal 4.184, kcal 4184, Wh 3600, kWh 3.6e6, KWh 3.6e6, kwh 3.6e6, "
        "千瓦时 3.6e6, 度电 3.6e6, MWh 3.6e9, 兆瓦时 3.6e9, GWh 3.6e12, TWh 3.6e15"
    ),
    "power": ("W 1, 瓦 1, kW 1e3, KW 1e3, kw 1e3, 千瓦 1e3, MW 1e6, 兆瓦 1e6, GW 1e9, hp 745.69987158227022"),
    "pressure": (
        "Pa 1, kPa 1e3, MPa 1e6, bar 1e5, mbar 100, hPa 100, mmHg 133.322387415, 毫米汞柱 133.322387415, "
        "atm 101325, psi 6894.757293168"
    ),
    "frequency": ("Hz 1, kHz 1e3, MHz 1e6, GHz 1e9, bpm 0.016666666666666666666666667"),
    "amount": ("mol 1, mmol 1e-3, µmol 1e-6, μmol 1e-6, umol 1e-6, nmol 1e-9, pmol 1e-12"),
    "equivalent": ("Eq 1, mEq 1e-3, meq 1e-3"),
    "activity": ("U 1, kU 1e3, mU 1e-3, µU 1e-6, μU 1e-6, uU 1e-6"),
    "international unit": ("IU 1, kIU 1e3, mIU 1e-3, µIU 1e-6, μIU 1e-6, uIU 1e-6"),
    "voltage": ("V 1, kV 1e3, mV 1e-3, 伏 1, 千伏 1e3"),
    "current": ("A 1, mA 1e-3, 安培 1"),
    "data": ("B 1, KB 1e3, kB 1e3, MB 1e6, GB 1e9, TB 1e12, PB 1e15"),
    "radiation": ("Sv 1, mSv 1e-3, µSv 1e-6, μSv 1e-6"),
    "absorbed dose": ("Gy 1, cGy 0.01, mGy 1e-3"),
    "angle": ("° 1, degrees 1"),
}
_TEMPERATURE = {"℃": "C", "°C": "C", "摄氏度": "C", "℉": "F", "°F": "F", "K": "K", "kelvin": "K", "华氏度": "F"}
_SYMBOLS_ONLY_AFTER_SLASH = {"HPF", "LPF"}
# Written alone beside a number these are far oftener something else (a grade, a person, "3 A", a section letter).
_ONLY_AS_NAMED = {
    "A",
    "B",
    "V",
    "C",
    "K",
    "方",
    "里",
    "块",
    "d",
    "won",
    "rand",
    "U",
    "J",
    "day",
    "ton",
    "圆",
    "TRY",
    "ms",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `magnitude` times a base of one of `dimensions` (several for `$` or `¥`), none for a bare `万`.

    `scale` turns the base into the dimension's first unit; a unit we do not know is a dimension of its own.
    """

    magnitude: Decimal = Decimal(1)
    scale: Decimal = Decimal(1)
    dimensions: frozenset[str] = frozenset()
    offset: Decimal = Decimal(0)
    known: bool = True
    text: str = ""

    @property
    def factor(self) -> Decimal:
        return self.magnitude * self.scale


@cache
def _bases() -> dict[str, Unit]:
    bases: dict[str, Unit] = {}
    for name, codes in currency_names().items():
        bases[name] = Unit(dimensions=codes, text=name)
    for dimension, entries in _SCALED.items():
        for entry in entries.split(","):
            name, factor = entry.strip().rsplit(" ", 1)
            name = name.strip("'")
            bases[name] = Unit(scale=Decimal(factor) or Decimal(1), dimensions=frozenset([dimension]), text=name)
    for name in _SYMBOLS_ONLY_AFTER_SLASH:
        bases[name] = Unit(dimensions=frozenset([name]), text=name)
    for name, degree in _TEMPERATURE.items():
        scale, offset = {"C": ("1", "273.15"), "K": ("1", "0")}.get(
            degree, ("0.5555555555555555555555555556", "459.67")
        )
        bases[name] = Unit(
            scale=Decimal(scale), offset=Decimal(offset), dimensions=frozenset(["temperature"]), text=name
        )
    return bases


def alternation(names: Iterable[str]) -> str:
    """Return an alternation of `names` that prefers the longest, with one branch for each first character.

    The regular expression engine tries the branches one by one, and there are hundreds of names.
    """
    by_first: dict[str, list[str]] = {}
    for name in sorted(names, key=len, reverse=True):
        by_first.setdefault(name[0], []).append(re.escape(name[1:]))
    branches = (f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in by_first.items())
    return f"(?:{'|'.join(branches)})"


def _bounded(names) -> str:
    """An alternation in which a name that ends in a Latin letter is not the beginning of a longer word."""
    latin = [name for name in names if re.search(r"[A-Za-zµμł]$", name)]
    other = [name for name in names if name not in set(latin)]
    return rf"(?:(?:{alternation(latin)})(?![A-Za-z0-9µμ])|(?:{alternation(other)}))"


_LIST_MARKS = frozenset("十百千ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


@cache
def suffix_pattern() -> re.Pattern[str]:
    """Matches, right behind the digits, a power of ten, a magnitude and a unit; groups `ten`, `magnitude`, `unit`.

    Matching nothing is a match of no length.
    """
    spaces = f"[{SPACES}]"
    latin_magnitude = [m for m in MAGNITUDES if m.isascii() and len(m) > 1 and m[0].isalpha()]
    cjk_magnitude = [m for m in MAGNITUDES if not m.isascii() and m[0].isalpha()]
    beside = [name for name in _bases() if name not in _ONLY_AS_NAMED | _SYMBOLS_ONLY_AFTER_SLASH]
    below = [name for name, unit in _bases().items() if not unit.offset and name != "%"]
    unit = _bounded(beside)
    return re.compile(
        rf"(?P<ten>{spaces}?[×xX*]{spaces}?10(?:\^?(?:[-+]?\d{{1,3}})(?=[/{SPACES}]|$)|\^[-+]?\d{{1,3}}|\*\*\d{{1,3}}"
        r"|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))?"
        rf"(?:{spaces}?(?P<magnitude>(?:{alternation(cjk_magnitude)})"
        rf"|(?i:{alternation(latin_magnitude)})(?![A-Za-z0-9])|(?<=[0-9])[kK](?![A-Za-z0-9])"
        r"|(?<=[0-9])(?:[mMbB])(?![A-Za-z0-9/²³^])))?"
        rf"(?:{spaces}{{0,2}}(?P<unit>{unit}(?:{spaces}?/{spaces}?{_bounded(below)})?"
        rf"|(?<=[0-9⁰¹²³⁴⁵⁶⁷⁸⁹])/{_bounded(below)}))?"
    )


_CONTEXT = re.compile(
    r"[((（\[【]\s*(?:单位|計量單位|计量单位|unit|units)?\s*[:：]?\s*(?:in\s+)?([^()（）\[\]【】]{1,40}?)\s*[)）\]】]"
    r"|(?:单位|units?)\s*[:：]\s*([^\s,，;；。)）]{1,24}(?: [A-Za-z]{2,12})?)"
    r"|\b(?:in|expressed in)\s+((?:thousands?|millions?|billions?)(?:\s+of)?(?:\s+[A-Za-z$€£¥.]{1,8}(?:\s+dollars)?)?)",
    re.IGNORECASE,
)


def find_declared_units(context: str) -> list[Unit]:
    """The units declared in headings, in order: `金额（万元）`, `单位：元`, `(in thousands)`, `Weight kg`."""
    found = []
    for match in _CONTEXT.finditer(context):
        name = next(group for group in match.groups() if group)
        if len(name) == 1 and name in _LIST_MARKS and match[0][1:-1].strip() == name:
            left = context[: match.start()].rpartition("\n")[2].strip()
            if not left or name in "十百千":
                continue  # `(A) Revenue`, `（十）`
        unit = parse_unit(name)
        if unit is not None and unit.known:
            found.append((match.end(), unit))
    for line in re.finditer(r"[^\n|\t]+", context):
        tail = re.search(r"(?:^|[\s/])([^\s/()（）]{1,12}(?:/[A-Za-zµμ]{1,4})?)\s*$", line.group())
        if tail and (len(tail[1]) > 1 or tail[1] == "%"):
            unit = parse_unit(tail[1])
            if unit is not None and unit.known and unit.dimensions:
                found.append((line.start() + tail.end(), unit))
    return [unit for _, unit in sorted(found, key=lambda pair: pair[0])]


@cache
def parse_unit(text: str) -> Unit | None:
    """The unit written as `text`: `万元`, `USD thousands`, `mg/dL`, `10^9/L`; None when there is nothing to read.

    An unknown name is a unit of its own (`known` False), so that `件` fits `件` and nothing else.
    """
    text = fold(text).strip(" \t\n:.()[]") if text not in _bases() else text
    if not text:
        return None
    if text in {"1", "ratio", "fraction", "比例", "比率"}:
        return Unit(dimensions=frozenset(["ratio"]), text=text)
    magnitude, rest = Decimal(1), text
    power = re.match(r"^(?:[×xX*]\s?)?10(?:\^|\*\*)?([-+]?\d{1,3}|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})(?=/|\s|$)\s*", rest)
    if power:
        magnitude, rest = Decimal(1).scaleb(parse_exponent(power[1])), rest[power.end() :]
    if rest not in _bases():
        for name in sorted(MAGNITUDES, key=len, reverse=True):
            bare = re.fullmatch(
                rf"(?:(?:{re.escape(name)})(?:\s+of)?\s*(?P<after>.*)|(?P<before>.+?)\s*(?:in\s+)?{re.escape(name)})",
                rest,
                re.IGNORECASE if len(name) > 2 else 0,
            )
            if bare is None:
                continue
            after = bare["after"] if bare["after"] is not None else bare["before"]
            if name.isascii() and name[0].isalpha() and len(after) > 0 and bare["after"] is not None:
                joined = rest[len(name) : len(name) + 1].isalpha()
                if joined and rest[len(name) :] not in _bases():
                    continue
            if bare["before"] is not None and bare["before"] not in _bases() and name.isascii() and len(name) < 4:
                continue
            if after in _bases() or not after or not name.isascii() or (len(name) > 3 and bare["after"] is not None):
                magnitude, rest = magnitude * MAGNITUDES[name], after.strip()
                break
    if not rest:
        return Unit(magnitude=magnitude, text=text)
    base = _base(rest)
    return Unit(magnitude, base.scale, base.dimensions, base.offset, base.known, text)


def _base(name: str) -> Unit:
    bases = _bases()
    if name in bases:
        return bases[name]
    numerator, slash, denominator = name.partition("/")
    if slash and denominator.strip():
        above = _base(numerator.strip()) if numerator.strip() else Unit()
        below = _base(denominator.strip())
        dimensions = frozenset(f"{a}/{b}" for a in above.dimensions or {""} for b in below.dimensions)
        return Unit(
            scale=above.scale / below.scale, dimensions=dimensions, known=above.known and below.known, text=name
        )
    lower = {known.lower(): unit for known, unit in bases.items() if len(known) > 2}
    if name.lower() in lower:
        return lower[name.lower()]
    currency = re.match(r"人民币|RMB|CNY", name)
    if currency and currency.end() < len(name):
        unit = parse_unit(name[currency.end() :])
        if unit is not None and (not unit.dimensions or "CNY" in unit.dimensions):
            return Unit(scale=unit.factor, dimensions=frozenset(["CNY"]), text=name)
    return Unit(dimensions=frozenset([name.lower()]), known=False, text=name)


def parse_exponent(text: str) -> int:
    """The whole number written as an exponent, plain or superscript: `^-3`, `⁻³`."""
    return int(text.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")).lstrip("^*"))


def parse_magnitude(text: str, money: bool) -> Decimal | None:
    """What a magnitude behind a number multiplies by; `m` and `b` count only behind an amount of money."""
    if money and text in _AFTER_MONEY:
        return _AFTER_MONEY[text]
    return MAGNITUDES.get(text) or MAGNITUDES.get(text.lower())


def convert_amount(value: Decimal, given: Unit, wanted: Unit) -> Decimal | None:
    """`value` of the unit `given` in the unit `wanted`; None when they measure different things.

    A bare magnitude (`万`) takes the wanted base: `3.5亿` in `万元` is 35000.
    """
    if not given.dimensions or not wanted.dimensions:
        return value * given.magnitude / wanted.magnitude
    if not given.dimensions & wanted.dimensions:
        return None
    if given.factor == wanted.factor and given.offset == wanted.offset:
        return value
    return (value * given.magnitude + given.offset) * given.scale / wanted.factor - wanted.offset
