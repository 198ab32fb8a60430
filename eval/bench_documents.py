"""Generated maintenance reports with twenty fields, in English and Chinese, whose gold values are known.

They serve for timing, and for checking that a faster engine makes no more mistakes; about real reports they say
nothing. Each report mixes labelled lines, prose, distracting figures (last year's, limits, another machine's), lines
broken in the wrong place, and up to three fields that it does not give.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from extractor.values.scripts import WIDE

PrintedValues = Mapping[str, str]
"""The values as one report prints them, by field."""


@dataclass(frozen=True, slots=True)
class BenchDocument:
    """A report and its gold values: every field of `SCHEMA`, None where the report does not give it."""

    name: str
    text: str
    truth: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ListDocument:
    """A report that is mostly a list, with its schema and its gold record."""

    name: str
    text: str
    schema: Mapping[str, Any]
    gold: Mapping[str, Any]


def _field(kind: str, title: str, description: str, **more: Any) -> dict[str, Any]:
    return {"type": [kind, "null"], "title": title, "description": description, **more}


SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Maintenance report",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "report_number": _field("string", "Report number", "Number of this report"),
        "report_date": _field("string", "Report date", "Day of this visit", format="date"),
        "customer": _field("string", "Customer", "Company the work was done for"),
        "site": _field("string", "Site", "Plant or building that was visited"),
        "inspector": _field("string", "Inspector", "Person who did the inspection"),
        "equipment": _field("string", "Equipment", "Kind of machine that was inspected"),
        "manufacturer": _field("string", "Manufacturer", "Maker of the machine"),
        "serial_number": _field("string", "Serial number", "Serial number of the machine"),
        "operating_hours": _field("integer", "Operating hours", "Hour meter at this visit"),
        "inlet_pressure": _field("number", "Inlet pressure", "Inlet pressure measured at this visit, bar"),
        "outlet_temperature": _field("number", "Outlet temperature", "Outlet temperature measured, degrees Celsius"),
        "vibration": _field("number", "Vibration", "Vibration measured at this visit, mm/s"),
        "fault": _field("string", "Fault", "What was found to be wrong"),
        "part_replaced": _field("string", "Part replaced", "Part that was fitted new"),
        "downtime_hours": _field("number", "Downtime", "Hours that the machine stood still"),
        "labour_hours": _field("number", "Labour", "Hours of work charged"),
        "parts_cost": _field("number", "Parts cost", "Cost of the parts alone"),
        "total_cost": _field("number", "Total cost", "Total of the invoice for this visit"),
        "next_inspection": _field("string", "Next inspection", "Day the next inspection is due", format="date"),
        "contact_email": _field("string", "Contact", "E-mail address for questions", format="email"),
    },
}
FIELDS = tuple(SCHEMA["properties"])
OPTIONAL = ("manufacturer", "vibration", "downtime_hours", "next_inspection", "labour_hours", "contact_email")
"""Fields that a report may leave out."""

ENGLISH: dict[str, Sequence[str]] = {
    "customer": (
        "Hallam Water Ltd",
        "Northgate Foods",
        "Brandt & Sohn GmbH",
        "Calder Paper Mills",
        "Orsted Cold Store",
    ),
    "site": (
        "Weir Lane pumping station",
        "Hall 3, Dock Road",
        "Plant B, Kiel",
        "Mill House boiler room",
        "Unit 14 West",
    ),
    "inspector": ("M. Okafor", "Dana Whitlock", "J. Petrov", "Lena Hartmann", "R. Subramanian"),
    "equipment": ("centrifugal pump", "screw compressor", "chilled water pump", "roots blower", "hydraulic press"),
    "manufacturer": ("Sulzer", "Atlas Copco", "Grundfos", "Aerzen", "KSB"),
    "fault": (
        "mechanical seal leaking",
        "worn drive coupling",
        "bearing running hot",
        "blocked suction strainer",
        "cracked impeller",
    ),
    "part_replaced": (
        "seal cartridge SC-40",
        "coupling insert 98 Shore",
        "bearing 6309 C3",
        "strainer basket",
        "impeller",
    ),
}
CHINESE: dict[str, Sequence[str]] = {
    "customer": ("华东供水有限公司", "北辰食品厂", "宏远纸业集团", "滨海冷链物流公司", "金川化工有限公司"),
    "site": ("二号泵站", "东区锅炉房", "三车间空压站", "滨河路冷库", "污水处理厂提升泵房"),
    "inspector": ("王建国", "李晓梅", "陈志强", "赵雨桐", "周海峰"),
    "equipment": ("离心水泵", "螺杆空压机", "冷冻水循环泵", "罗茨风机", "液压机"),
    "manufacturer": ("上海凯泉", "阿特拉斯", "格兰富", "南方泵业", "山东章鼓"),
    "fault": ("机械密封渗漏", "联轴器磨损", "轴承温升过高", "进口滤网堵塞", "叶轮出现裂纹"),
    "part_replaced": ("机械密封组件", "弹性联轴器垫", "6309轴承", "不锈钢滤网", "铸铁叶轮"),
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONG = ("uary", "ruary", "ch", "il", "", "e", "y", "ust", "tember", "ober", "ember", "ember")


def documents(count: int, seed: int = 11) -> list[BenchDocument]:
    """Return `count` reports, alternately English and Chinese; the same seed gives the same reports."""
    return [_document(number, random.Random(seed * 1000 + number)) for number in range(count)]


def _document(number: int, chance: random.Random) -> BenchDocument:
    chinese = number % 2 == 1
    truth: dict[str, Any] = {key: chance.choice(values) for key, values in (CHINESE if chinese else ENGLISH).items()}
    day = date(2024, 1, 5) + timedelta(days=chance.randrange(700))
    parts, labour = round(chance.uniform(80, 2400), 2), chance.choice((2.5, 3.0, 4.5, 6.0, 7.5))
    truth |= {
        "report_number": f"{chance.choice(('MR', 'WO', 'SR'))}-{day.year}-{chance.randrange(100, 9999):04d}",
        "report_date": day.isoformat(),
        "serial_number": f"{chance.choice('ABKTX')}{chance.randrange(10, 99)}-{chance.randrange(10_000, 99_999)}",
        "operating_hours": chance.randrange(2_100, 48_000),
        "inlet_pressure": round(chance.uniform(0.4, 6.8), 2),
        "outlet_temperature": round(chance.uniform(-18, 84), 1),
        "vibration": round(chance.uniform(1.1, 7.9), 1),
        "downtime_hours": chance.choice((5.5, 8, 12.5, 19, 26)),
        "labour_hours": labour,
        "parts_cost": parts,
        "total_cost": round(parts + labour * 65 + 40, 2),
        "next_inspection": (day + timedelta(days=chance.randrange(60, 200))).isoformat(),
        "contact_email": f"{chance.choice(('service', 'desk', 'rep'))}{chance.randrange(10, 99)}@example.org",
    }
    for key in chance.sample(OPTIONAL, chance.randrange(0, 4)):
        truth[key] = None
    text = (_chinese if chinese else _english)(truth, chance)
    return BenchDocument(f"{number:02d}-{'zh' if chinese else 'en'}", text, {key: truth[key] for key in FIELDS})


def _english(truth: Mapping[str, Any], chance: random.Random) -> str:
    style = chance.randrange(3)

    def day(iso: str) -> str:
        year, month, number = (int(part) for part in iso.split("-"))
        name = MONTHS[month - 1]
        return (f"{number} {name}{LONG[month - 1]} {year}", f"{name} {number}, {year}", iso)[style]

    shown = _printed_values(truth, day, lambda n: f"{n:,.2f}" if isinstance(n, float) and n > 99 else f"{n:,}")
    old = day((date.fromisoformat(truth["report_date"]) - timedelta(days=chance.randrange(150, 300))).isoformat())
    spare = f"{chance.randrange(10, 99)}-{chance.randrange(10_000, 99_999)}"
    order = chance.randrange(1_000_000, 9_999_999)
    earlier = truth["operating_hours"] - chance.randrange(400, 1900)
    estimate = round(truth["total_cost"] * chance.uniform(0.7, 0.95), 2)
    head = [
        f"Report no. {shown['report_number']}          (supersedes WO-{chance.randrange(1000, 9999)})",
        f"Date of visit ....... {shown['report_date']}      Printed by the service desk, page 1 of 1",
        f"Cust: {shown['customer']}    Attn. accounts, order {order}",
        f"S/N {shown['serial_number']} | spare unit on the shelf S/N Q{spare}",
    ]
    chance.shuffle(head)
    site, equipment = shown["site"], shown["equipment"] + _if(shown, "manufacturer", " (make: {})")
    labour = _if(shown, "labour_hours", "labour {} h at 65.00; ")
    fitter, limit = chance.choice(("Hale", "Novak")), chance.choice(("7.5", "8.0"))
    prose = [
        f"On arrival at {site} the {equipment} was found stopped. {shown['inspector']} carried out the inspection "
        f"together with the plant fitter, Mr. {fitter}.",
        f"The hour meter stood at {shown['operating_hours']} h; at the last visit on {old} it had shown {earlier:,} h.",
        f"After the repair the machine was run for forty minutes. Inlet pressure settled at {shown['inlet_pressure']} "
        f"bar (nameplate {limit} bar max.) and the outlet temperature was {shown['outlet_temperature']} °C, alarm at "
        "95 °C." + _if(shown, "vibration", " Vibration on the drive end read {} mm/s, limit 9.0."),
        f"Finding: {shown['fault']}. Nothing else was seen to be wrong, though the paint on the base frame is poor and "
        "should be looked at when the building is next shut.",
        f"One {shown['part_replaced']} was fitted new, the gaskets were reused."
        + _if(shown, "downtime_hours", " The line had been down for {} hours by the time it was handed back."),
        "Oil was topped up from the customer's own stock and is not charged. The guard was refitted and the emergency "
        "stop tried twice. Keys were returned to the gatehouse. At the visit before last a colleague had already noted "
        "a slight knock on start and had asked for the foundation bolts to be checked; they were found tight. The air "
        "receiver beside the machine belongs to another contract and was not opened, and the spare motor in the store "
        "has no papers with it. Somebody should decide whether it is kept. Two lamps over the stairs are out, the "
        "drain is silted up, and old pipes stand where the crane has to pass next time; the shift leader was told.",
        f"Charges: {labour}parts {shown['parts_cost']}; travel 40.00; invoice total EUR {shown['total_cost']}. The "
        f"estimate given by telephone had been EUR {estimate:,.2f}.",
    ]
    tail = [
        _if(shown, "next_inspection", "Next inspection due {}; the lifting gear is a separate contract."),
        _if(shown, "contact_email", "Questions: {} or the desk, weekdays 8 to 16."),
        "The customer's representative signed on the tablet. Photographs are kept for two years.",
        "Waste was taken away by the fitter. No hot work was done. The permit was closed at the control room.",
    ]
    paragraphs = ["\n".join(head), *prose, " ".join(line for line in tail if line)]
    return _messy(paragraphs, chance, 74)


def _chinese(truth: Mapping[str, Any], chance: random.Random) -> str:
    wide = chance.random() < 0.5

    def day(iso: str) -> str:
        year, month, number = (int(part) for part in iso.split("-"))
        return f"{year}年{month}月{number}日"

    def number(n: float) -> str:
        text = f"{n:.2f}" if isinstance(n, float) and n > 99 else f"{n}"
        return text.translate({ord(c): ord(c) - 48 + 0xFF10 for c in "0123456789"}) if wide and n < 99 else text

    shown = _printed_values(truth, day, number)
    old = day((date.fromisoformat(truth["report_date"]) - timedelta(days=chance.randrange(150, 300))).isoformat())
    spare = f"{chance.randrange(10, 99)}-{chance.randrange(10_000, 99_999)}"
    order = chance.randrange(1_000_000, 9_999_999)
    earlier = truth["operating_hours"] - chance.randrange(400, 1900)
    estimate = round(truth["total_cost"] * chance.uniform(0.7, 0.95), 2)
    head = [
        f"检修报告 编号{shown['report_number']}（代替旧单WO-{chance.randrange(1000, 9999)}）",
        f"本次到场日期：{shown['report_date']}    上次：{old}",
        f"委托单位 {shown['customer']}     订单号{order}",
        f"出厂编号{shown['serial_number']}，库存备机编号Q{spare}",
    ]
    chance.shuffle(head)
    make = _if(shown, "manufacturer", "（{}制造）")
    fitter, labour = chance.choice(("孙师傅", "刘班长")), _if(shown, "labour_hours", "工时{}小时，单价65元；")
    prose = [
        f"到达{shown['site']}时，{shown['equipment']}{make}已停机。检查由{shown['inspector']}完成，厂方{fitter}在场配合。",
        f"计时器读数为{shown['operating_hours']}小时，上次检修时为{earlier}小时。",
        f"修复后试运行四十分钟，进口压力稳定在{shown['inlet_pressure']}bar（铭牌最大8.5bar），"
        f"出口温度{shown['outlet_temperature']}℃，报警值95℃。"
        + _if(shown, "vibration", "驱动端振动{}mm/s，限值9.0mm/s。"),
        f"经拆检，故障为{shown['fault']}，其余部位未见异常，底座油漆剥落，建议停产检修时一并处理。",
        f"更换{shown['part_replaced']}一套，垫片继续使用。"
        + _if(shown, "downtime_hours", "至移交时生产线累计停机{}小时。"),
        "润滑油由用户自备，不另计费。防护罩已复位，急停按钮试验两次正常，钥匙交回门卫室。现场废料由检修人员带走，未动火，"
        "作业票已在中控室关闭。前次检修人员曾反映启动时有轻微敲击声，要求复查地脚螺栓，此次检查均已紧固，未见松动。"
        "旁边的储气罐属于另一合同范围，本次未打开；库房内备用电机没有随机资料，是否保留请尽快决定。另外，现场照明"
        "有两盏灯不亮，地面有少量积水，排水沟需要清理，已当面告知值班人员。巡检通道上堆放的旧管件请尽快移走，以免影响"
        "下次吊装作业。控制柜门锁损坏，暂用扎带固定，待备件到货后再行更换。进水阀门"
        "手轮缺失一只，压力表检定标签已过期，请设备科安排送检并补办手续。",
        f"费用：{labour}配件费{shown['parts_cost']}元，交通费40元，"
        f"本次合计{shown['total_cost']}元。此前电话报价{estimate:.2f}元，以本单为准。",
    ]
    tail = [
        _if(shown, "next_inspection", "下次检修时间定为{}，起重设备另签合同。"),
        _if(shown, "contact_email", "如有疑问请联系{}，工作日八点至十六点。"),
        "用户代表已在平板上签字确认，现场照片保存两年，可随时调阅。",
    ]
    return _messy(["\n".join(head), *prose, "".join(tail)], chance, 38)


LIST_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Stock count",
    "type": "object",
    "additionalProperties": False,
    "required": ["store", "counted_on", "parts"],
    "properties": {
        "store": _field("string", "Store", "Where the parts were counted"),
        "counted_on": _field("string", "Counted on", "Day of the count", format="date"),
        "parts": {
            "type": "array",
            "title": "Parts",
            "description": "Every part that was counted",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["part", "pieces", "each", "value"],
                "properties": {
                    "part": _field("string", "Part", "Name of the part"),
                    "pieces": _field("integer", "Pieces", "How many were counted"),
                    "each": _field("number", "Price of one", "What one of them costs"),
                    "value": _field("number", "Value", "What all of them cost"),
                },
            },
        },
    },
}


def make_list(rows: int, seed: int) -> ListDocument:
    """Return a stock count with so many rows; the same seed gives the same one.

    Its headers are not the names of the schema's fields, so that names alone do not tell which column is which.
    """
    chance = random.Random(seed)
    shapes, sizes = ("Gasket", "Seal", "Bearing", "Valve", "Filter", "Coupling", "Bolt set"), ("S", "M", "L", "XL")
    counted_on = date(2025, 1, 1) + timedelta(days=chance.randrange(365))
    parts, lines = [], ["Article\tOn hand\tUnit cost\tStock value"]
    for number in range(rows):
        name = f"{chance.choice(shapes)} {100 + number} {chance.choice(sizes)}"
        pieces, each = chance.randrange(2, 90), chance.randrange(100, 9_000) / 100
        value = round(pieces * each, 2)
        parts.append({"part": name, "pieces": pieces, "each": each, "value": value})
        lines.append(f"{name}\t{pieces}\t{each:.2f}\t{value:,.2f}")
    total = sum(part["value"] for part in parts)
    text = (
        f"STOCK COUNT\nHall 3, Dock Road\nCounted on {counted_on:%d %B %Y} by two people; the second signed.\n\n"
        + "\n".join(lines)
        + f"\nTotal\t\t\t{total:,.2f}\n\nPrices as of the last delivery. Broken parts are not in the list.\n"
    )
    gold = {"store": "Hall 3, Dock Road", "counted_on": counted_on.isoformat(), "parts": parts}
    return ListDocument(f"stock-count-{rows}", text, LIST_SCHEMA, gold)


def _printed_values(
    truth: Mapping[str, Any], day: Callable[[str], str], number: Callable[[float], str]
) -> PrintedValues:
    shown = {}
    for key, value in truth.items():
        if isinstance(value, int | float):
            shown[key] = number(value)
        elif value is not None:
            shown[key] = day(value) if key in ("report_date", "next_inspection") else value
    return shown


def _if(shown: PrintedValues, key: str, sentence: str) -> str:
    return sentence.format(shown[key]) if key in shown else ""


def _messy(paragraphs: Sequence[str], chance: random.Random, width: int) -> str:
    """Return the text of the paragraphs: prose in random order, broken into lines of about `width` at any place."""
    first, *prose, last = paragraphs
    chance.shuffle(prose)
    wrapped = [_wrapped(p, width + chance.randrange(-6, 7)) for p in prose]
    return chance.choice(("\n", "\n\n")).join([first, *wrapped, _wrapped(last, width)]) + "\n"


def _wrapped(text: str, width: int) -> str:
    """Return `text` in lines of about `width` characters, broken at spaces and between Chinese characters."""
    lines = [""]
    for piece in re.findall(rf" |[^ {WIDE}]+|.", text):
        if len(lines[-1]) + len(piece) > width and piece not in "，。；：（）":
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return "\n".join(lines)
