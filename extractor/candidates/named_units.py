"""Units that a field's own name ends in: `serving_size_g`, `taxRatePercent`, `potential_saving_gbp`, `响应时限小时`.

A schema without units often has them in the names. They say which of a document's numbers may be the field's; the
number itself stays as it is printed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from extractor.schemas.subschemas import readable_name
from extractor.types import Field
from extractor.values.currencies import currency_names
from extractor.values.units import Unit, parse_unit

_SPELT = {
    **dict.fromkeys(("percent", "percentage", "pct", "prozent", "procent", "porcentaje", "pourcentage"), "%"),
    **dict.fromkeys(("percentuale", "percentual"), "%"),
    **dict.fromkeys(("g", "gram", "grams"), "g"),
    **dict.fromkeys(("kg", "kgs", "kilograms"), "kg"),
    **{name: name for name in ("mg", "lbs", "tonnes", "km", "cm", "mm", "miles", "feet", "inches", "metres", "meters")},
    **{name: name for name in ("acres", "hectares", "sqft", "sqm", "m2", "m3", "ml", "litres", "liters", "kwh")},
    **{name: name for name in ("minutes", "hours", "days", "weeks", "months", "years", "volts", "celsius")},
    **dict.fromkeys(("hrs",), "hours"),
    **dict.fromkeys(("cbm", "cubic metres", "cubic meters"), "m3"),
    **dict.fromkeys(("square feet", "sq ft"), "sqft"),
    **dict.fromkeys(("square metres", "square meters"), "m2"),
    "mwh": "MWh",
    "kw": "kW",
    "volts": "V",
    "celsius": "℃",
}
"""Words at the end of a name that are nothing but units, as `units` knows them: not `min`, `second` or `year`."""
_CHINESE = {
    **dict.fromkeys(("小时", "小时数", "时数"), "小时"),
    **dict.fromkeys(("天数", "日数"), "天"),
    **dict.fromkeys(("月数",), "个月"),
    **dict.fromkeys(("年数",), "周年"),
    **dict.fromkeys(("分钟", "分钟数"), "分钟"),
    **dict.fromkeys(("百分比", "比例", "比率", "费率", "税率", "利率"), "%"),
}
_CHINESE_END = re.compile("(?:" + "|".join(sorted(_CHINESE, key=len, reverse=True)) + r")(?:[(（][^()（）]*[)）])?$")


def unit_in_name(field: Field) -> Unit | None:
    """Return the unit that the name or the title of a numeric field ends in; None where it ends in none."""
    if field.type not in ("number", "integer"):
        return None
    return _unit_at_end(readable_name(field.name)) or (_unit_at_end(field.title) if field.title else None)


@lru_cache(maxsize=4096)
def _unit_at_end(name: str) -> Unit | None:
    if match := _CHINESE_END.search(name):
        return parse_unit(_CHINESE[re.sub(r"[(（].*", "", match[0])])
    words = name.strip(" )]").casefold().split()
    if len(words) < 2:
        return None
    for count in (2, 1):
        if len(words) > count and (spelt := _SPELT.get(" ".join(words[-count:]))):
            return parse_unit(spelt)
    code = words[-1].upper()
    return parse_unit(code) if len(code) == 3 and code in currency_names() else None
