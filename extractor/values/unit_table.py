"""The units that reports print, by what they measure: the data behind `units`.

A table of our own because unit libraries have neither the Chinese names nor the many spellings. Factors are those of
the International System of Units, of the international yard and pound, and of the thermochemical calorie.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

MAGNITUDES: Mapping[str, Decimal] = {
    name: Decimal(value)
    for value, names in {
        "10": "十",
        "1e2": "百 hundred",
        "1e3": "千 仟 천 thousand thousands k K '000 ’000 000s Tsd. Tsd tsd milliers",
        "1e4": "万 萬 만",
        "1e5": "十万 lakh lakhs lac lacs",
        "1e6": "百万 百萬 백만 million millions mn mln mio Mio. MM",
        "1e7": "千万 千萬 천만 crore crores",
        "1e8": "亿 億 억",
        "1e9": "十亿 십억 billion billions bn bln Mrd. Mrd mrd milliards",
        "1e10": "百亿",
        "1e11": "千亿",
        "1e12": "万亿 trillion trillions tn trn",
    }.items()
    for name in names.split()
}
"""Words and signs that multiply a number: `万`, `million`, `k`."""

MAGNITUDES_OF_MONEY = {"m": Decimal("1e6"), "M": Decimal("1e6"), "b": Decimal("1e9"), "B": Decimal("1e9")}
"""Letters that multiply an amount of money; behind other numbers they are units."""

LINEAR_UNITS: Mapping[str, str] = {
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
        "mm3 1e-6"
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
"""Names of units with their factor to the first unit, by dimension; a name of several words is quoted."""

TEMPERATURES: Mapping[str, tuple[str, ...]] = {
    "celsius": ("℃", "°C", "摄氏度"),
    "fahrenheit": ("℉", "°F", "华氏度"),
    "kelvin": ("K", "kelvin"),
}
TEMPERATURE_SCALES: Mapping[str, tuple[Decimal, Decimal]] = {
    "celsius": (Decimal(1), Decimal("273.15")),
    "fahrenheit": (Decimal("0.5555555555555555555555555556"), Decimal("459.67")),
    "kelvin": (Decimal(1), Decimal(0)),
}
"""The factor and the offset that turn a temperature into kelvin: (value + offset) * factor."""

ONLY_BEHIND_SLASH = frozenset({"HPF", "LPF"})
"""Fields of view of a microscope, counted per field and never alone."""

NOT_BESIDE_NUMBERS = frozenset(
    {
        *("A", "B", "V", "C", "K", "U", "J", "方", "里", "块", "圆", "d", "day", "ms", "ton", "won", "rand", "TRY"),
    }
)
"""Names that beside a number are far oftener something else (a grade, a person, "3 A", a section letter)."""
