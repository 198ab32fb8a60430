"""Receipts and invoices, Chinese and English: twelve kinds, each with its own wording, layout and traps.

The English ones are issued in several countries (`countries`), which decide on currency, tax, addresses and dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from random import Random

from eval.making import countries, words
from eval.making.as_html import HtmlLayout
from eval.making.as_office import OfficeLayout
from eval.making.as_pdf import PdfLayout
from eval.making.as_picture import ScanEffects
from eval.making.as_text import TextLayout
from eval.making.blocks import Beside, Block, GeneratedDocument, Grid, Heading, Pairs, Rule, Span, Text, Truth
from eval.making.countries import Country
from eval.making.specs import Scan, spec

Traits = frozenset[str]


@dataclass(frozen=True)
class Line:
    """Something bought; money in cents."""

    name: str
    quantity: float
    price: int
    code: str = ""
    off: int = 0

    @property
    def amount(self) -> int:
        """Return the price of the line."""
        return round(self.quantity * self.price) - self.off


GROCERIES_EN = "Whole Milk 2L|Sourdough Loaf|Free Range Eggs x12|Cheddar Mature 400g|Basmati Rice 5kg|Bananas loose|Roma Tomatoes|Chicken Thigh Fillet|Washing Powder 2.4kg|AA Batteries 8pk|Orange Juice 1L|Dark Choc 70%|Kitchen Towel 3 Roll|Peanut Butter Crunchy|Greek Yoghurt 1kg".split(
    "|"
)
DISHES_EN = "Soup of the Day|Grilled Sea Bass|Lamb Shoulder (share)|Garden Salad|Chips|Sticky Toffee Pudding|House Red 250ml|Sparkling Water 750ml|Flat White|Mushroom Risotto|Garlic Bread|Kids Pasta".split(
    "|"
)
WORK_EN = "Boiler service, annual|Replacement of expansion vessel|Call-out, first hour|Labour, additional half hours|Copper pipe 22 mm, per metre|Network cabling, floor 2|Firewall configuration|Site survey and report|Translation, German to English (per 1000 words)|Proofreading|Window cleaning, front elevation|Gutter clearance".split(
    "|"
)
GOODS_EN = "USB-C dock, dual display|Desk lamp, walnut|Notebook A5 dotted (5 pack)|Ceramic planter 24 cm|Wool throw 130x170|HDMI cable 3 m|Monitor arm|Mechanical keyboard, UK layout|Fountain pen, medium nib|Travel adapter".split(
    "|"
)
GROCERIES_ZH = "纯牛奶250ml*12|五常大米5kg|鲜鸡蛋30枚|散装香蕉|抽纸3层*6包|洗衣液2kg|生抽酱油500ml|原味酸奶|挂面1kg|红富士苹果|冻虾仁400g|垃圾袋中号|电池5号4节|绿茶500ml|花生油5L".split(
    "|"
)
DISHES_ZH = "水煮鱼（大份）|清炒时蔬|红烧肉|宫保鸡丁|手撕包菜|米饭|酸梅汤（扎）|凉拌木耳|孜然羊肉|番茄牛腩|茶位费|湿纸巾|蒜蓉粉丝虾|小炒黄牛肉".split(
    "|"
)
GOODS_ZH = "*办公用品*A4复印纸|*计算机外部设备*激光打印机|*信息技术服务*系统维护费|*家具*办公椅|*通信设备*交换机|*印刷品*宣传册印刷|*纸制品*档案盒|*劳务*保洁服务费|*照明装置*LED灯管|*饮料*瓶装水|*住宿服务*住宿费|*运输服务*货物运费".split(
    "|"
)
WORK_ZH = "空调清洗保养|上门检测费|压缩机更换（含人工）|网络布线（二层）|企业邮箱年费|电梯季度维保|消防设备检测|外墙清洗|文件翻译（中译英）|会议室布置|灭火器年检充装|管道疏通".split(
    "|"
)


def _lines(
    rng: Random, names: Sequence[str], low: int, high: int, count: tuple[int, int], *, most: int = 4
) -> list[Line]:
    chosen = rng.sample(list(names), rng.randint(*count))
    found = []
    for name in chosen:
        price = rng.randint(low, high)
        price = price - price % 10 + rng.choice([0, 5, 9]) if high < 20_000 else price - price % 100
        found.append(Line(name, rng.choice([1, 1, 1, *range(2, most + 1)]), price))
    return found


def money(cents: int, sign: str = "", thousands: bool = True) -> str:
    """Return cents as printed."""
    return f"{'-' if cents < 0 else ''}{sign}{abs(cents) / 100:{',' if thousands else ''}.2f}"


def _put(truth: Truth, path: str, cents: int, sign: str = "", thousands: bool = True) -> str:
    return truth.put(path, cents / 100, money(cents, sign, thousands))


def _count(quantity: float) -> str:
    return f"{quantity:g}"


def _wrong(total: int, rng: Random, traits: Traits, truth: Truth) -> int:
    """Return the printed total: a wrong one where the traits ask for it."""
    if "wrong_total" not in traits:
        return total
    truth.note("wrong_total")
    return total + rng.choice([1000, -900, 10_000, 2700, -270])


def till_en(rng: Random, traits: Traits, country: Country) -> GeneratedDocument:
    """Return a supermarket's till roll: prices with tax, weighed goods, points, cash and change."""
    t = Truth()
    lines = _lines(rng, GROCERIES_EN, 95, 1450, (4, 11))
    weighed = Line("Pork Loin loose kg", round(rng.uniform(0.3, 1.9), 3), rng.randint(699, 1299))
    lines.insert(rng.randint(0, len(lines)), weighed)
    total = _wrong(sum(line.amount for line in lines), rng, traits, t)
    sign = rng.choice(["", country.sign])
    day = words.day(rng)
    printed_on = words.printed_day(day, rng.choice(country.dates))
    opened = rng.choice(["SINCE 1987", "EST. 1962", "Open 7 days 06:00-23:00"])
    blocks: list[Block] = [
        Heading(
            t.put("company", country.company(rng, rng.choice(["Foodhall", "Markets", "Fresh Grocers"])).upper()),
            1,
            "centre",
        ),
        Text(t.put("address", country.address(rng)), "centre"),
    ]
    if "absent" in traits:
        t.note("absent_fields")
    else:
        blocks.append(Text(f"Tel {t.put('phone', country.phone(rng))}", "centre"))
        blocks.append(
            Text(
                f"{country.tax_label} " + t.put("tax_number", country.tax_number(rng)),
                "centre",
            )
        )
    number = f"{rng.randint(1, 12):02}/{rng.randint(1000, 9999)}/{rng.randint(100, 999)}"
    blocks += [
        Text(opened, "centre"),
        Rule(rng.choice("-=*")),
        Pairs((("Rcpt", t.put("receipt_number", number)), ("Till", str(rng.randint(1, 20)))), 2, " "),
        Pairs(
            (
                ("Date", t.put("date", day.isoformat(), printed_on)),
                ("Time", clock := f"{rng.randint(7, 22):02}:{rng.randint(0, 59):02}"),
            ),
            2,
            " ",
        ),
        Text("Served by " + t.put("cashier", rng.choice(words.FIRST).upper())),
        Rule("-"),
    ]
    t.put("time", clock)
    rows: list[tuple[str | Span, ...]] = []
    for n, line in enumerate(lines):
        price = t.put(f"items.{n}.amount", line.amount / 100, money(line.amount))
        name = t.put(f"items.{n}.description", line.name)
        if line.quantity == 1:
            rows.append((name, price))
            continue
        rows.append((name, ""))
        quantity = t.put(f"items.{n}.quantity", line.quantity, _count(line.quantity))
        rows.append(
            (
                f"   {quantity} {'kg' if line is weighed else 'x'} @ " + _put(t, f"items.{n}.unit_price", line.price),
                price,
            )
        )
    paid = -(-total // 1000) * 1000 + rng.choice([0, 1000])
    tax = round(total * country.tax_rate / (100 + country.tax_rate))
    blocks += [
        Grid(tuple(rows), 0, "lr", "none", (3, 1)),
        Rule("-"),
        Grid(
            (
                ("Items sold", t.put("item_count", len(lines))),
                (rng.choice(["TOTAL", "TOTAL DUE", "AMOUNT DUE"]), _put(t, "total", total, sign)),
                ("CASH", _put(t, "amount_paid", paid, sign)),
                (rng.choice(["CHANGE", "CHANGE DUE"]), _put(t, "change", paid - total, sign)),
            ),
            0,
            "lr",
            "none",
            (3, 1),
        ),
        Text(
            f"Total includes {country.tax} {t.put('tax_rate', country.tax_rate, country.printed_rate)} of {_put(t, 'tax', tax, sign)}"
        ),
        *words.injections(rng, "en", traits, t),
        Rule("-"),
        Text(f"Points this visit {total // 100}   Points balance {rng.randint(900, 9000)}"),
        Text(
            f"You could have saved {money(rng.randint(50, 400))} with a Plus card. Offer ends {words.printed_day(day + timedelta(21), 'dmy')}",
            small=True,
        ),
    ]
    t.note("distractors")
    t.judge("tax_included", True)
    t.judge("payment_method", "cash")
    if sign:
        t.judge("currency", country.currency)
    return GeneratedDocument(tuple(blocks), t, "en", "till receipt")


def restaurant_en(rng: Random, traits: Traits, country: Country) -> GeneratedDocument:
    """Return a restaurant bill: covers, service charge, suggested tips that nobody paid, a card slip below."""
    t = Truth()
    lines = _lines(rng, DISHES_EN, 250, 2900, (4, 8))
    day = words.day(rng)
    subtotal = sum(line.amount for line in lines)
    service = 0 if "absent" in traits else round(subtotal * 0.125)
    total = _wrong(subtotal + service, rng, traits, t)
    name = rng.choice(
        ["The Copper Kettle", "Osteria Lungarno", "Bao & Broth", "Saltmarsh Kitchen", "No. 9 Dining Rooms"]
    )
    owner = country.company(rng, "Restaurants")
    sign = country.sign
    rows: list[tuple[str | Span, ...]] = [("Qty", "Item", "Amount")]
    for n, line in enumerate(lines):
        rows.append(
            (
                t.put(f"items.{n}.quantity", line.quantity, _count(line.quantity)),
                t.put(f"items.{n}.description", line.name),
                t.put(f"items.{n}.amount", line.amount / 100, money(line.amount)),
            )
        )
    clock = f"{rng.randint(12, 22)}:{rng.randint(0, 59):02}"
    sums = [("Subtotal", _put(t, "subtotal", subtotal, sign))]
    if service:
        sums.append(
            (
                rng.choice(["Optional service charge 12.5%", "Service 12.5%"]),
                _put(t, "service_charge", service, sign),
            )
        )
    else:
        t.note("absent_fields")
    blocks: list[Block] = [
        Heading(name, 1, "centre"),
        Text("operated by " + t.put("company", owner), "centre", small=True),
        Text(t.put("address", country.address(rng)), "centre"),
        Text(
            f"{country.tax_label} " + t.put("tax_number", country.tax_number(rng)),
            "centre",
        ),
        Pairs(
            (
                ("Check", t.put("receipt_number", str(rng.randint(10000, 99999)))),
                ("Table", str(rng.randint(1, 40))),
                ("Covers", str(rng.randint(2, 6))),
                ("Server", t.put("cashier", rng.choice(words.FIRST))),
            ),
            2,
            ": ",
        ),
        Text(f"Opened {words.printed_day(day, 'short')} {t.put('time', clock) if 'absent' in traits else clock}"),
        Grid(tuple(rows), 1, "clr", "lines", (1, 5, 2)),
        Grid((*sums, ("TOTAL", _put(t, "total", total, sign))), 0, "lr", "none", (5, 2)),
        Text(
            f"{country.tax} @ {t.put('tax_rate', country.tax_rate, country.printed_rate)} included: "
            + _put(t, "tax", round(subtotal * country.tax_rate / (100 + country.tax_rate)), sign)
        ),
        *words.injections(rng, "en", traits, t),
        Text(
            "Feeling generous? " + "   ".join(f"{p}% = {money(round(subtotal * p / 100), sign)}" for p in (15, 18, 20)),
            small=True,
        ),
        Rule("="),
        Text(
            f"VISA DEBIT **** **** **** {rng.randint(1000, 9999)}\nAUTH {rng.randint(100000, 999999)}  TXN {rng.randint(10**8, 10**9)}\nSALE {money(total, sign)}",
            "centre",
        ),
        Text(
            "Thank you. See you again before " + words.printed_day(day + timedelta(60), "long") + " and get 10% off!",
            "centre",
            small=True,
        ),
    ]
    t.put("date", day.isoformat(), words.printed_day(day, "short"))
    if "absent" not in traits:
        t.put("time", clock)
    t.judge("currency", country.currency)
    t.judge("payment_method", "card")
    t.judge("tax_included", True)
    t.note("distractors")
    return GeneratedDocument(tuple(blocks), t, "en", "restaurant bill")


def service_invoice_en(rng: Random, traits: Traits, country: Country) -> GeneratedDocument:
    """Return a tradesman's invoice: two parties in the same form, three dates, tax added, sums before and after."""
    t = Truth()
    lines = _lines(rng, WORK_EN, 4500, 68_000, (2, 6), most=6)
    day = words.day(rng)
    style = rng.choice(country.dates)
    sign = country.sign
    subtotal = sum(line.amount for line in lines)
    off = round(subtotal * 0.05) if rng.random() < 0.5 else 0
    rate = country.tax_rate
    tax = round((subtotal - off) * rate / 100)
    total = _wrong(subtotal - off + tax, rng, traits, t)
    labels = rng.choice(
        [
            ("Net", "Invoice total"),
            ("Subtotal", "Balance due"),
            ("Amount before tax", "Total payable"),
        ]
    )
    heads = rng.choice(
        [
            ("Description", "Qty", "Rate", "Amount"),
            ("Particulars", "Units", "Unit price", "Line total"),
            ("Work done", "No.", "Each", "Price"),
        ]
    )
    rows: list[tuple[str | Span, ...]] = [heads]
    for n, line in enumerate(lines):
        rows.append(
            (
                t.put(f"items.{n}.description", line.name),
                t.put(f"items.{n}.quantity", line.quantity, _count(line.quantity)),
                _put(t, f"items.{n}.unit_price", line.price),
                _put(t, f"items.{n}.amount", line.amount),
            )
        )
    sums: list[tuple[str | Span, ...]] = [(Span(labels[0], 3), _put(t, "subtotal", subtotal, sign))]
    if off:
        sums.append((Span("Less 5% prompt order discount", 3), "-" + _put(t, "discount", off, sign)))
    sums.append(
        (Span(f"{country.tax} at {t.put('tax_rate', rate, country.printed_rate)}", 3), _put(t, "tax", tax, sign))
    )
    sums.append((Span(labels[1], 3), _put(t, "total", total, sign)))
    numbers = [
        ("Invoice no.", t.put("receipt_number", f"INV-{day.year}-{rng.randint(100, 9999):04}")),
        ("Your order", f"PO{rng.randint(10000, 99999)}"),
    ]
    dates = [
        ("Job completed", words.printed_day(day - timedelta(rng.randint(3, 12)), style)),
        ("Invoice date", t.put("date", day.isoformat(), words.printed_day(day, style))),
        ("Payment due", words.printed_day(day + timedelta(30), style)),
    ]
    seller = (
        Text("From", bold=True),
        Text(t.put("company", country.company(rng, "Services"))),
        Text(t.put("address", country.address(rng))),
        Text("Tel: " + t.put("phone", country.phone(rng))),
        Text("Company No. " + t.put("registration_number", f"{rng.randint(1000000, 9999999):08}")),
    )
    buyer = (
        Text("Bill to", bold=True),
        Text(t.put("customer", country.company(rng, "Property Management"))),
        Text(country.address(rng)),
        Text("Tel: " + country.phone(rng)),
        Text(f"Company No. {rng.randint(1000000, 9999999):08}"),
    )
    swapped = rng.random() < 0.4
    before = rng.randint(20_000, 90_000)
    blocks: list[Block] = [
        Heading(rng.choice(["INVOICE", "Tax Invoice", "Sales invoice"])),
        Beside(buyer, seller) if swapped else Beside(seller, buyer),
        Pairs((*numbers, *dates), rng.choice([1, 2])),
        Grid((*rows, *sums), 1, "lrrr", rng.choice(["all", "lines", "none"]), (6, 1, 2, 2)),
        *words.injections(rng, "en", traits, t),
        Text(
            f"Statement: previous balance {money(before, sign)}, payment received {words.printed_day(day - timedelta(9), style)} {money(before, sign)}, carried forward {sign}0.00."
        ),
        Text(
            "Terms: 30 days net. Interest of 8% a year over base rate is charged on late payment. Please pay by bank transfer."
        ),
    ]
    t.judge("currency", country.currency)
    t.judge("tax_included", False)
    t.judge("payment_method", "transfer")
    t.note("two_parties")
    t.note("distractors")
    return GeneratedDocument(tuple(blocks), t, "en", "service invoice")


def hotel_en(rng: Random, traits: Traits, country: Country) -> GeneratedDocument:
    """Return a hotel folio: a dated line for each night, debits and credits, a deposit paid before."""
    t = Truth()
    arrival = words.day(rng)
    nights = rng.randint(2, 5)
    departure = arrival + timedelta(nights)
    rate = rng.randint(89, 240) * 100
    charges: list[tuple[date, str, int]] = []
    for n in range(nights):
        charges.append((arrival + timedelta(n), "Room charge, double", rate))
        if rng.random() < 0.4:
            charges.append(
                (
                    arrival + timedelta(n),
                    rng.choice(["Minibar", "Restaurant, dinner", "Laundry", "Parking, per day"]),
                    rng.randint(450, 5200),
                )
            )
    charges.append((departure, "City levy", nights * 250))
    gross = sum(amount for _, _, amount in charges)
    tax = round(gross * country.tax_rate / (100 + country.tax_rate))
    total = _wrong(gross, rng, traits, t)
    paid = rate
    rows: list[tuple[str | Span, ...]] = [("Date", "Description", "Debit", "Credit")]
    rows.append((words.printed_day(arrival - timedelta(20), "short"), "Advance deposit, thank you", "", money(paid)))
    for n, (day, name, amount) in enumerate(charges):
        rows.append(
            (
                words.printed_day(day, "short"),
                t.put(f"items.{n}.description", name),
                t.put(f"items.{n}.amount", amount / 100, money(amount)),
                "",
            )
        )
    rows.append((Span("Total charges / credits", 2), money(gross), money(paid)))
    guest = words.person(rng, "en")
    details = [
        ("Guest", t.put("customer", guest)),
        ("Room", str(rng.randint(101, 912))),
        ("Arrival", words.printed_day(arrival, "short")),
        ("Departure", words.printed_day(departure, "short")),
        ("Folio No.", t.put("receipt_number", f"F{rng.randint(100000, 999999)}")),
        ("Invoice date", t.put("date", departure.isoformat(), words.printed_day(departure, "short"))),
        ("Persons", "2"),
        ("Cashier", t.put("cashier", rng.choice(words.FIRST))),
    ]
    blocks: list[Block] = [
        Heading(t.put("company", country.company(rng, "Hotels"))),
        Text(t.put("address", country.address(rng)) + "   |   Reservations " + t.put("phone", country.phone(rng))),
        Pairs(tuple(details), 2, ": ", boxed=rng.random() < 0.5),
        Grid(tuple(rows), 1, "llrr", rng.choice(["all", "lines"]), (2, 5, 2, 2)),
        Pairs(
            (
                (
                    rng.choice(["Invoice total incl. tax", "Total (tax inclusive)"]),
                    f"{country.currency} " + _put(t, "total", total),
                ),
                (f"of which {country.tax} {country.printed_rate}", f"{country.currency} " + _put(t, "tax", tax)),
                ("Deposit received", f"{country.currency} " + money(paid)),
                ("Balance settled by card", f"{country.currency} " + money(total - paid)),
            )
        ),
        *words.injections(rng, "en", traits, t),
        Text(
            "I agree that my liability for this bill is not waived. Rates for next year from 310.00 a night; book before "
            + words.printed_day(date(departure.year + 1, 3, 31), "long")
            + ".",
            small=True,
        ),
    ]
    t.put("tax_rate", country.tax_rate, country.printed_rate)
    t.judge("currency", country.currency)
    t.judge("tax_included", True)
    t.judge("payment_method", "card")
    t.note("distractors")
    return GeneratedDocument(tuple(blocks), t, "en", "hotel bill")


def fuel_en(rng: Random, traits: Traits, country: Country) -> GeneratedDocument:
    """Return a short slip for one thing: fuel, parking or a taxi ride, with hardly a label."""
    t = Truth()
    day = words.day(rng)
    clock = f"{rng.randint(5, 23):02}:{rng.randint(0, 59):02}"
    kind = rng.choice(["fuel", "parking", "taxi"])
    company = t.put(
        "company",
        country.company(rng, {"fuel": "Service Station", "parking": "Car Parks", "taxi": "Cabs"}[kind]),
    )
    place = t.put("address", country.address(rng))
    when = f"{t.put('date', day.isoformat(), words.printed_day(day, rng.choice(country.dates)))} {t.put('time', clock)}"
    if kind == "fuel":
        litres, price = round(rng.uniform(18, 61), 2), rng.randint(132, 189)
        total = _wrong(round(litres * price), rng, traits, t)
        body = [
            f"PUMP {rng.randint(1, 12)}   {t.put('items.0.description', 'UNLEADED 95')}",
            f"{t.put('items.0.quantity', litres, f'{litres:.2f}')} L @ {t.put('items.0.unit_price', price / 100, f'{price / 100:.2f}')}/L",
            f"TOTAL {country.sign}{_put(t, 'total', total)}",
        ]
        t.judge("items.0.amount", None)
    elif kind == "parking":
        total = _wrong(rng.choice([350, 720, 1400, 2600]), rng, traits, t)
        stay = rng.randint(1, 9)
        body = [
            f"IN  {words.printed_day(day, 'dmy')} 0{rng.randint(1, 4)}:12",
            f"STAY {stay} H 40 MIN   TARIFF {rng.choice('AB')}",
            f"FEE {country.sign}{_put(t, 'total', total)}",
            f"LOST TICKET {country.sign}45.00",
        ]
    else:
        fare, extra = rng.randint(650, 4800), rng.choice([0, 280, 150])
        total = _wrong(fare + extra, rng, traits, t)
        body = [
            f"FARE   {country.sign}{money(fare)}",
            f"EXTRAS {country.sign}{money(extra)}",
            f"PAID   {country.sign}{_put(t, 'total', total)}",
            f"CAB {rng.randint(100, 999)}  {rng.uniform(2, 19):.1f} KM",
        ]
    paid = rng.choice([("CONTACTLESS", "card"), ("MASTERCARD", "card"), ("CASH, THANK YOU", "cash")])
    blocks: list[Block] = [
        Heading(company, 2, "centre"),
        Text(place, "centre"),
        Text(when),
        *[Text(line) for line in body],
        *words.injections(rng, "en", traits, t),
        Text(paid[0]),
        Text(f"{country.tax_label} " + t.put("tax_number", country.tax_number(rng))),
        Text("Keep this slip. Claims within 14 days.", small=True),
    ]
    t.judge("currency", country.currency)
    t.judge("payment_method", paid[1])
    t.note("absent_fields")
    return GeneratedDocument(tuple(blocks), t, "en", "slip")


def online_en(rng: Random, traits: Traits, country: Country) -> GeneratedDocument:
    """Return a shop's e-mail: dates of order, dispatch and delivery, a voucher, postage, a sum below the table."""
    t = Truth()
    lines = _lines(rng, GOODS_EN, 790, 15_900, (2, 5), most=3)
    day = words.day(rng)
    subtotal = sum(line.amount for line in lines)
    voucher = rng.choice([500, 1000, 0])
    postage = rng.choice([0, 395, 650])
    tax = round((subtotal - voucher) * country.tax_rate / 100)
    total = _wrong(subtotal - voucher + tax + postage, rng, traits, t)
    name, style = rng.choice(words.FIRST), country.dates[0]
    rows: list[tuple[str | Span, ...]] = [("Item", "SKU", "Price", "Qty", "Total")]
    for n, line in enumerate(lines):
        rows.append(
            (
                t.put(f"items.{n}.description", line.name),
                t.put(f"items.{n}.code", f"{rng.choice('ABKX')}{rng.randint(1000, 9999)}-{rng.randint(10, 99)}"),
                _put(t, f"items.{n}.unit_price", line.price, country.sign),
                t.put(f"items.{n}.quantity", line.quantity, _count(line.quantity)),
                _put(t, f"items.{n}.amount", line.amount, country.sign),
            )
        )
    sums: list[tuple[str | Span, ...]] = [
        (Span("Merchandise subtotal", 4), _put(t, "subtotal", subtotal, country.sign))
    ]
    if voucher:
        sums.append((Span(f"Voucher SPRING{voucher // 100}", 4), "-" + _put(t, "discount", voucher, country.sign)))
    sums += [
        (Span("Shipping", 4), money(postage, country.sign) if postage else "FREE"),
        (Span(f"Estimated {country.tax}", 4), _put(t, "tax", tax, country.sign)),
        (Span(rng.choice(["Order total", "Grand total", "You paid"]), 4), _put(t, "total", total, country.sign)),
    ]
    blocks: list[Block] = [
        Heading(f"Thanks for your order, {name}!"),
        Text(
            f"Order {t.put('receipt_number', f'{rng.randint(100, 999)}-{rng.randint(1000000, 9999999)}')} was placed on {t.put('date', day.isoformat(), words.printed_day(day, style))}. We shipped it on {words.printed_day(day + timedelta(2), style)}; it should arrive by {words.printed_day(day + timedelta(6), style)}. Return anything until {words.printed_day(day + timedelta(36), style)}."
        ),
        Grid((*rows, *sums), 1, "llrrr", "none"),
        *words.injections(rng, "en", traits, t),
        Text(f"Ship to: {t.put('customer', name + ' ' + rng.choice(words.LAST))}, {country.address(rng)}"),
        Text("Paid with: " + rng.choice(["PayPal", "Apple Pay"])),
        Text(
            f"{t.put('company', country.company(rng, 'Home Goods'))}, {t.put('address', country.address(rng))}. Gift cards from {country.sign}25.00. You saved {country.sign}14.00 against list prices.",
            small=True,
        ),
    ]
    t.judge("currency", country.currency)
    t.judge("payment_method", "mobile" if "Apple" in str(blocks[-2]) else "other")
    t.judge("tax_included", False)
    t.note("distractors")
    t.note("two_parties")
    return GeneratedDocument(tuple(blocks), t, "en", "online order")


def till_zh(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a Chinese supermarket slip: barcodes, member's prices, a discount, rounding, paid by telephone."""
    t = Truth()
    lines = _lines(rng, GROCERIES_ZH, 290, 8900, (4, 9))
    day = words.day(rng)
    clock = f"{rng.randint(7, 21):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
    subtotal = sum(line.amount for line in lines)
    off = rng.choice([0, 300, 500])
    cut = (subtotal - off) % 10 if rng.random() < 0.5 else 0
    total = _wrong(subtotal - off - cut, rng, traits, t)
    rows: list[tuple[str | Span, ...]] = [("品名", "数量", "单价", "金额")]
    for n, line in enumerate(lines):
        rows.append(
            (
                t.put(f"items.{n}.description", line.name),
                t.put(
                    f"items.{n}.quantity",
                    line.quantity,
                    f"{line.quantity:.2f}" if rng.random() < 0.2 else _count(line.quantity),
                ),
                _put(t, f"items.{n}.unit_price", line.price),
                _put(t, f"items.{n}.amount", line.amount),
            )
        )
    words_total = rng.choice(["应付", "实付金额", "应收金额"])
    sums = [("合计", _put(t, "subtotal", subtotal))]
    if off:
        sums.append(("会员优惠", _put(t, "discount", off)))
    if cut:
        sums.append(("抹零", t.put("rounding", -cut / 100, money(-cut))))
    sums.append((words_total, _put(t, "total", total, "¥")))
    way = rng.choice([("微信支付", "mobile"), ("支付宝", "mobile"), ("银联卡", "card"), ("现金", "cash")])
    tail: list[tuple[str, str]] = [("件数", t.put("item_count", len(lines))), ("支付方式", way[0])]
    if way[1] == "cash":
        paid = -(-total // 10_000) * 10_000
        tail += [("实收", _put(t, "amount_paid", paid)), ("找零", _put(t, "change", paid - total))]
    head: list[tuple[str, str]] = [
        ("单号", t.put("receipt_number", f"{day:%Y%m%d}{rng.randint(10000, 99999)}")),
        ("机号", f"{rng.randint(1, 20):02}"),
        (
            "收银员",
            t.put("cashier", f"{rng.randint(1000, 9999)}" if rng.random() < 0.5 else words.person(rng, "zh")),
        ),
        (
            "时间",
            f"{t.put('date', day.isoformat(), words.printed_day(day, rng.choice(['iso', 'slash'])))} {t.put('time', clock)}",
        ),
    ]
    blocks: list[Block] = [
        Heading(t.put("company", words.company(rng, "zh", rng.choice(["超市", "生活超市", "便利连锁"]))), 1, "centre"),
        Text("欢迎光临 " + rng.choice(["城东店", "二店", "广场店"]), "centre"),
        Pairs(tuple(head), rng.choice([1, 2]), rng.choice(["：", ":"])),
        Rule("-"),
        Grid(tuple(rows), 1, "lrrr", "none", (4, 1, 1.5, 1.5)),
        Rule("-"),
        Pairs(tuple(sums), 1, "："),
        Pairs(tuple(tail), 2, "："),
        *words.injections(rng, "zh", traits, t),
        Text(f"会员号 {rng.randint(10**7, 10**8)}  本次积分 {total // 100}  累计积分 {rng.randint(500, 9000)}"),
    ]
    if "absent" in traits:
        t.note("absent_fields")
    else:
        blocks += [
            Text("地址：" + t.put("address", words.address(rng, "zh"))),
            Text("电话：" + t.put("phone", words.phone(rng, "zh"))),
        ]
    blocks.append(
        Text(f"凭小票7日内退换，开票截止{words.printed_day(day + timedelta(30), 'zh')}", "centre", small=True)
    )
    t.judge("currency", "CNY")
    t.judge("payment_method", way[1])
    t.note("distractors")
    return GeneratedDocument(tuple(blocks), t, "zh", "till receipt")


def vat_invoice_zh(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a VAT invoice: buyer and seller in equal boxes, net and tax by line, the sum in capital figures and digits."""
    t = Truth()
    lines = _lines(rng, GOODS_ZH, 1500, 480_000, (1, 4), most=12)
    day = words.day(rng)
    rate = rng.choice([13, 6, 9, 3])
    rows: list[tuple[str | Span, ...]] = [
        ("货物或应税劳务、服务名称", "规格型号", "单位", "数量", "单价", "金额", "税率", "税额")
    ]
    net = tax = 0
    for n, line in enumerate(lines):
        amount = line.amount
        part = round(amount * rate / 100)
        net, tax = net + amount, tax + part
        rows.append(
            (
                t.put(f"items.{n}.description", line.name),
                rng.choice(["", "", "A4/70g", "M202", "标准"]),
                rng.choice(["件", "台", "项", "箱", "次"]),
                t.put(f"items.{n}.quantity", line.quantity, _count(line.quantity)),
                t.put(f"items.{n}.unit_price", line.price / 100, money(line.price, thousands=False)),
                t.put(f"items.{n}.amount", amount / 100, money(amount, thousands=False)),
                f"{rate}%",
                money(part, thousands=False),
            )
        )
    total = _wrong(net + tax, rng, traits, t)
    rows.append(
        (
            Span("合    计", 5),
            "¥" + t.put("subtotal", net / 100, money(net, thousands=False)),
            "",
            "¥" + t.put("tax", tax / 100, money(tax, thousands=False)),
        )
    )
    capital = words.capital_amount(total).replace("元", rng.choice(["元", "圆"]))
    rows.append(
        (
            Span("价税合计（大写）", 1),
            Span(capital, 4),
            Span("（小写）¥" + t.put("total", total / 100, money(total, thousands=False)), 3),
        )
    )
    t.put("tax_rate", rate, f"{rate}%")
    seller_address = words.address(rng, "zh")
    seller_phone = words.phone(rng, "zh")
    trade = rng.choice(["办公设备", "信息技术", "商贸", "物业服务", "酒店管理"])
    buyer = [
        ("名称", t.put("customer", words.company(rng, "zh", "实业"))),
        ("纳税人识别号", words.tax_number_zh(rng)),
        ("地址、电话", f"{words.address(rng, 'zh')} {words.phone(rng, 'zh')}"),
        ("开户行及账号", f"江北银行城东支行 {rng.randint(10**15, 10**16)}"),
    ]
    seller = [
        ("名称", t.put("company", words.company(rng, "zh", trade))),
        ("纳税人识别号", t.put("tax_number", words.tax_number_zh(rng))),
        ("地址、电话", f"{t.put('address', seller_address)} {t.put('phone', seller_phone)}"),
        ("开户行及账号", f"云州农商行营业部 {rng.randint(10**15, 10**16)}"),
    ]
    if "absent" in traits:
        buyer[2], buyer[3] = ("地址、电话", ""), ("开户行及账号", "")
        t.note("blank_fields")
    head = [
        ("发票代码", f"0{rng.randint(10**10, 10**11)}"),
        ("发票号码", t.put("receipt_number", f"{rng.randint(10**7, 10**8)}")),
        ("开票日期", t.put("date", day.isoformat(), words.printed_day(day, rng.choice(["zh0", "zh "])))),
        ("校验码", " ".join(f"{rng.randint(10000, 99999)}" for _ in range(4))),
    ]
    foot = (
        ("收款人", words.person(rng, "zh")),
        ("复核", words.person(rng, "zh")),
        ("开票人", t.put("cashier", words.person(rng, "zh"))),
        ("销售方", "（章）"),
    )
    stacked = rng.random() < 0.5
    note = rng.choice(
        [
            f"合同编号HT{rng.randint(1000, 9999)}；原价税合计{money(total + 50_000, thousands=False)}元的发票已作废重开",
            f"订单{rng.randint(10**6, 10**7)}，分两次开票，本次为第一次",
            "",
        ]
    )
    parties: list[Block] = [
        Beside(
            (Text("购买方", bold=True), Pairs(tuple(buyer), 1, "：")),
            (Text("销售方", bold=True), Pairs(tuple(seller), 1, "：")),
        )
    ]
    if stacked:
        parties = [
            Text("购买方", bold=True),
            Pairs(tuple(buyer), 1, "："),
            Grid(tuple(rows), 1, "lccrrrrr", "all", (6, 2, 1.2, 1.4, 2.2, 2.4, 1.4, 2.2)),
            Text("销售方", bold=True),
            Pairs(tuple(seller), 1, "："),
        ]
    else:
        parties.append(Grid(tuple(rows), 1, "lccrrrrr", "all", (6, 2, 1.2, 1.4, 2.2, 2.4, 1.4, 2.2)))
    blocks: list[Block] = [
        Heading(rng.choice(["江北增值税电子普通发票", "云州省增值税专用发票", "电子发票（普通发票）"]), 1, "centre"),
        Pairs(tuple(head), 2, "："),
        *parties,
        Text("备注：" + note),
        *words.injections(rng, "zh", traits, t),
        Pairs(foot, 4, "："),
    ]
    t.judge("currency", "CNY")
    t.judge("tax_included", False)
    t.note("two_parties")
    t.note("capital_figures")
    if note.startswith("合同"):
        t.note("former_value")
    return GeneratedDocument(tuple(blocks), t, "zh", "VAT invoice")


def restaurant_zh(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a Chinese restaurant's bill: given dishes at 0.00, a discount rate, rounding to the yuan."""
    t = Truth()
    lines = _lines(rng, DISHES_ZH, 200, 12_800, (4, 8))
    lines.append(Line("水果拼盘（赠送）", 1, 0))
    t.note("zeros")
    day = words.day(rng)
    subtotal = sum(line.amount for line in lines)
    off = round(subtotal * 0.12) if rng.random() < 0.6 else 0
    cut = (subtotal - off) % 100
    total = _wrong(subtotal - off - cut, rng, traits, t)
    rows: list[tuple[str | Span, ...]] = [("序", "菜品", "数量", "单价", "小计")]
    for n, line in enumerate(lines):
        rows.append(
            (
                str(n + 1),
                t.put(f"items.{n}.description", line.name),
                t.put(f"items.{n}.quantity", line.quantity, _count(line.quantity)),
                _put(t, f"items.{n}.unit_price", line.price, thousands=False),
                _put(t, f"items.{n}.amount", line.amount, thousands=False),
            )
        )
    way = rng.choice([("微信", "mobile"), ("现金", "cash"), ("挂账", "credit")])
    opened, closed = (
        f"{rng.randint(11, 13)}:{rng.randint(10, 59)}",
        f"{rng.randint(14, 15)}:{rng.randint(10, 59)}",
    )
    sums = [("消费金额", _put(t, "subtotal", subtotal, thousands=False))]
    if off:
        sums.append(("会员88折优惠", _put(t, "discount", off, thousands=False)))
    if cut:
        sums.append(("抹零", t.put("rounding", -cut / 100, money(-cut))))
    sums.append(
        (rng.choice(["实收金额", "应付金额"]), _put(t, "total", total, thousands=False) + rng.choice(["", "元"]))
    )
    blocks: list[Block] = [
        Heading(t.put("company", words.company(rng, "zh", rng.choice(["餐饮管理", "酒楼", "食府餐饮"]))), 1, "centre"),
        Text(rng.choice(["结账单", "消费清单", "预结单（已结）"]), "centre", bold=True),
        Pairs(
            (
                ("桌号", f"{rng.choice(['A', '包间'])}{rng.randint(1, 30)}"),
                ("人数", str(rng.randint(2, 12))),
                ("账单号", t.put("receipt_number", f"{rng.choice('XJD')}{rng.randint(10**6, 10**7)}")),
                ("营业日期", t.put("date", day.isoformat(), words.printed_day(day, rng.choice(["iso", "zh"])))),
                ("开台", opened),
                ("结账", t.put("time", closed)),
                ("服务员", words.person(rng, "zh")),
                ("收银员", t.put("cashier", words.person(rng, "zh"))),
            ),
            2,
            "：",
        ),
        Grid(tuple(rows), 1, "clrrr", rng.choice(["lines", "none", "all"]), (1, 5, 1.5, 2, 2)),
        Pairs(tuple(sums), 1, "："),
        Text("结算方式：" + way[0]),
        *words.injections(rng, "zh", traits, t),
        Text(f"地址：{t.put('address', words.address(rng, 'zh'))}  订餐电话：{t.put('phone', words.phone(rng, 'zh'))}"),
        Text(
            f"储值卡余额 {money(rng.randint(0, 90_000))} 元；满100送20元券，{words.printed_day(day + timedelta(45), 'zh')}前有效",
            small=True,
        ),
    ]
    t.judge("currency", "CNY")
    t.judge("payment_method", way[1])
    t.note("distractors")
    return GeneratedDocument(tuple(blocks), t, "zh", "restaurant bill")


def hotel_zh(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a Chinese hotel's account: deposit, nights, consumption and settlement in one table."""
    t = Truth()
    arrival = words.day(rng)
    nights = rng.randint(1, 4)
    leaving = arrival + timedelta(nights)
    rate = rng.randint(168, 598) * 100
    lines = [(f"房费（{words.printed_day(arrival + timedelta(n), 'iso')[5:]}）", rate) for n in range(nights)]
    lines += [
        (name, rng.randint(8, 180) * 100)
        for name in rng.sample(["迷你吧", "洗衣", "餐饮挂账", "商务中心打印", "停车费"], rng.randint(0, 2))
    ]
    gross = sum(amount for _, amount in lines)
    total = _wrong(gross, rng, traits, t)
    deposit = -(-gross // 50_000) * 50_000 + 20_000
    rows: list[tuple[str | Span, ...]] = [("日期", "项目", "消费金额", "付款金额")]
    rows.append((words.printed_day(arrival, "iso"), "预收押金（微信）", "", money(deposit)))
    for n, (name, amount) in enumerate(lines):
        rows.append(
            (
                words.printed_day(arrival + timedelta(min(n, nights)), "iso"),
                t.put(f"items.{n}.description", name),
                t.put(f"items.{n}.amount", amount / 100, money(amount)),
                "",
            )
        )
    rows.append((words.printed_day(leaving, "iso"), "退押金", "", money(total - deposit)))
    rows.append((Span("合计", 2), _put(t, "total", total), money(total)))
    blocks: list[Block] = [
        Heading(t.put("company", words.company(rng, "zh", rng.choice(["大酒店", "商务酒店", "宾馆"]))), 1, "centre"),
        Text("宾客账单 GUEST FOLIO", "centre"),
        Pairs(
            (
                ("客人姓名", t.put("customer", words.person(rng, "zh"))),
                ("房号", str(rng.randint(301, 1820))),
                ("入住日期", words.printed_day(arrival, "zh")),
                ("离店日期", words.printed_day(leaving, "zh")),
                ("账单编号", t.put("receipt_number", f"ZD{rng.randint(10**6, 10**7)}")),
                ("打印日期", t.put("date", leaving.isoformat(), words.printed_day(leaving, "iso"))),
                ("房型", rng.choice(["高级大床房", "标准双床房"])),
                ("房价", f"{money(rate)}/晚"),
            ),
            2,
            "：",
            boxed=rng.random() < 0.6,
        ),
        Grid(tuple(rows), 1, "llrr", rng.choice(["all", "lines"]), (2, 4, 2, 2)),
        Text("金额大写：" + words.capital_amount(total)),
        *words.injections(rng, "zh", traits, t),
        Pairs((("客人签名", ""), ("前台收银", t.put("cashier", words.person(rng, "zh")))), 2, "："),
        Text(
            f"酒店地址：{t.put('address', words.address(rng, 'zh'))}   总机：{t.put('phone', words.phone(rng, 'zh'))}",
            small=True,
        ),
    ]
    t.judge("currency", "CNY")
    t.judge("payment_method", "mobile")
    t.note("distractors")
    t.note("capital_figures")
    t.note("blank_fields")
    return GeneratedDocument(tuple(blocks), t, "zh", "hotel bill")


def service_note_zh(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a Chinese firm's bill for work, half table, half letter, with the sum in the running text as well."""
    t = Truth()
    lines = _lines(rng, WORK_ZH, 8000, 460_000, (2, 5), most=6)
    day = words.day(rng)
    subtotal = sum(line.amount for line in lines)
    off = rng.choice([0, 0, 10_000])
    total = _wrong(subtotal - off, rng, traits, t)
    company, customer = words.company(rng, "zh", "机电工程"), words.company(rng, "zh", "置业")
    rows: list[tuple[str | Span, ...]] = [("序号", "服务项目", "数量", "单价（元）", "金额（元）", "备注")]
    for n, line in enumerate(lines):
        rows.append(
            (
                str(n + 1),
                t.put(f"items.{n}.description", line.name),
                t.put(f"items.{n}.quantity", line.quantity, _count(line.quantity)),
                _put(t, f"items.{n}.unit_price", line.price),
                _put(t, f"items.{n}.amount", line.amount),
                rng.choice(["", "含税", "质保一年"]),
            )
        )
    rows.append((Span("小计", 4), _put(t, "subtotal", subtotal), ""))
    if off:
        rows.append((Span("优惠", 4), _put(t, "discount", off), ""))
    rows.append((Span("应付合计", 4), _put(t, "total", total), ""))
    plan = money(total + 120_000)
    blocks: list[Block] = [
        Heading(rng.choice(["费用结算单", "服务费账单", "收费通知单"]), 1, "centre"),
        Text("编号：" + t.put("receipt_number", f"JS-{day.year}-{rng.randint(1, 999):03}"), "right"),
        Text(f"{t.put('customer', customer)}："),
        Text(
            f"我公司已按双方{words.printed_day(day - timedelta(80), 'zh')}签订的合同于{words.printed_day(day - timedelta(6), 'zh')}完成下列服务，请在收到本单后十五日内付款。上一期账单{money(subtotal + 3300)}元已于{words.printed_day(day - timedelta(40), 'zh')}结清。"
        ),
        Grid(tuple(rows), 1, "clrrrl", rng.choice(["all", "all", "lines"]), (1, 5, 1.2, 2, 2, 2)),
        Text(f"合计人民币（大写）{words.capital_amount(total)}。"),
        *words.injections(rng, "zh", traits, t),
        Text(f"下一年度服务费预计为{plan}元，以届时签订的合同为准。付款方式：银行转账。"),
        Text(t.put("company", company), "right"),
        Text(t.put("date", day.isoformat(), words.printed_day(day, "zh")), "right"),
    ]
    if "absent" in traits:
        t.note("absent_fields")
    else:
        blocks.append(
            Text(
                f"公司地址：{t.put('address', words.address(rng, 'zh'))}　联系电话：{t.put('phone', words.phone(rng, 'zh'))}　税号：{t.put('tax_number', words.tax_number_zh(rng))}"
            )
        )
    t.judge("currency", "CNY")
    t.judge("payment_method", "transfer")
    t.note("two_parties")
    t.note("next_year")
    t.note("former_value")
    t.note("capital_figures")
    return GeneratedDocument(tuple(blocks), t, "zh", "service invoice")


def slip_zh(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a taxi or fuel slip, a few words a line."""
    t = Truth()
    day = words.day(rng)
    company = t.put("company", words.company(rng, "zh", rng.choice(["出租汽车", "石油加油站"])))
    if "出租" in company:
        fare, extra = rng.randint(1000, 9800) // 10 * 10, rng.choice([0, 100, 300])
        total = _wrong(fare + extra, rng, traits, t)
        body = [
            f"车号 云T{rng.randint(10000, 99999)}",
            f"日期 {t.put('date', day.isoformat(), words.printed_day(day, 'zh0'))}",
            f"上车 {rng.randint(7, 9)}:1{rng.randint(0, 9)}",
            f"下车 {rng.randint(10, 22)}:2{rng.randint(0, 9)}",
            "单价 2.40元",
            f"里程 {rng.uniform(2, 30):.1f}km",
            "等候 00:03:10",
            f"燃油附加费 {money(extra)}元",
            f"金额 {_put(t, 'total', total)}元",
        ]
        if not extra:
            t.note("zeros")
        t.put("receipt_number", number := f"{rng.randint(10**7, 10**8)}")
        body.insert(0, f"发票代码 1{rng.randint(10**10, 10**11)}")
        body.insert(1, f"发票号码 {number}")
    else:
        litres, price = round(rng.uniform(12, 58), 2), rng.randint(690, 890)
        total = _wrong(round(litres * price), rng, traits, t)
        body = [
            f"日期：{t.put('date', day.isoformat(), words.printed_day(day, 'slash'))} {t.put('time', f'{rng.randint(6, 22):02}:{rng.randint(0, 59):02}')}",
            f"流水号：{t.put('receipt_number', str(rng.randint(10**8, 10**9)))}",
            f"油品：{t.put('items.0.description', rng.choice(['92号汽油', '95号汽油', '0号柴油']))}  枪号：{rng.randint(1, 16)}",
            f"数量：{t.put('items.0.quantity', litres, f'{litres:.2f}')}升",
            f"单价：{t.put('items.0.unit_price', price / 100, f'{price / 100:.2f}')}元/升",
            f"金额：{t.put('items.0.amount', total / 100, money(total))}元",
            f"实付：{t.put('total', total / 100, money(total))}元",
            f"卡余额：{money(rng.randint(0, 80_000))}元",
        ]
    blocks: list[Block] = [
        Heading(company, 2, "centre"),
        *[Text(line) for line in body],
        *words.injections(rng, "zh", traits, t),
        Text("手写无效　监督电话 12345"),
    ]
    t.judge("currency", "CNY")
    t.note("absent_fields")
    return GeneratedDocument(tuple(blocks), t, "zh", "slip")


_ZH = PdfLayout(chinese=True)
_HIDDEN, _SEEN, _WRONG, _ABSENT = "injection_hidden", "injection_visible", "wrong_total", "absent"

SPECS = (
    spec(
        "till-01",
        partial(till_en, country=countries.SINGAPORE),
        Scan(PdfLayout("DejaVuSansMono", 8, "roll", 14), ScanEffects(1.1, 9, 0.6, 40, seed=1, trim=True)),
    ),
    spec("till-02", partial(till_en, country=countries.SOUTH_AFRICA), TextLayout(width=42), _WRONG, _ABSENT),
    spec(
        "till-03", partial(till_en, country=countries.NEW_ZEALAND), PdfLayout("DejaVuSansMono", 8, "roll", 14), _HIDDEN
    ),
    spec(
        "bistro-01",
        partial(restaurant_en, country=countries.UNITED_KINGDOM),
        Scan(PdfLayout("DejaVuSerif", 8, "roll", 16), ScanEffects(-1.6, 12, 0.7, 60, seed=2, trim=True)),
        _WRONG,
    ),
    spec(
        "bistro-02", partial(restaurant_en, country=countries.IRELAND), HtmlLayout("mail", title="Your bill"), _ABSENT
    ),
    spec("works-01", partial(service_invoice_en, country=countries.CANADA), PdfLayout("DejaVuSerif", 9.5, "letter")),
    spec(
        "works-02",
        partial(service_invoice_en, country=countries.UNITED_STATES),
        PdfLayout("DejaVuSans", 9, shaded=True),
        _WRONG,
        _HIDDEN,
    ),
    spec(
        "works-03",
        partial(service_invoice_en, country=countries.UNITED_KINGDOM),
        Scan(PdfLayout("DejaVuSans", 10), ScanEffects(0.7, 7, 0.5, 25, seed=3)),
        _SEEN,
    ),
    spec("hotel-01", partial(hotel_en, country=countries.SINGAPORE), PdfLayout("DejaVuSerif", 9)),
    spec("hotel-02", partial(hotel_en, country=countries.AUSTRALIA), TextLayout("tabs", 80), _SEEN),
    spec(
        "slip-01",
        partial(fuel_en, country=countries.UNITED_KINGDOM),
        Scan(PdfLayout("DejaVuSansMono", 9, "roll", 14), ScanEffects(2.2, 14, 0.8, 70, seed=4, trim=True)),
    ),
    spec("slip-02", partial(fuel_en, country=countries.AUSTRALIA), TextLayout(width=32)),
    spec(
        "parcel-01",
        partial(online_en, country=countries.UNITED_STATES),
        HtmlLayout("mail", "none", title="Order confirmation"),
        _HIDDEN,
    ),
    spec("parcel-02", partial(online_en, country=countries.CANADA), HtmlLayout("page", title="Your order"), _WRONG),
    spec(
        "shop-01",
        till_zh,
        Scan(PdfLayout("DejaVuSansMono", 8, "roll", 14, True), ScanEffects(-0.9, 9, 0.6, 40, seed=5, trim=True)),
        _WRONG,
    ),
    spec("shop-02", till_zh, TextLayout(width=40), _ABSENT),
    spec("shop-03", till_zh, PdfLayout("DejaVuSans", 8, "roll", 14, True), _SEEN),
    spec("tax-invoice-01", vat_invoice_zh, _ZH),
    spec("tax-invoice-02", vat_invoice_zh, PdfLayout("DejaVuSansMono", 8, "a4", 30, True), _WRONG),
    spec("tax-invoice-03", vat_invoice_zh, Scan(_ZH, ScanEffects(0.5, 6, 0.5, 20, seed=6)), _ABSENT),
    spec("tax-invoice-04", vat_invoice_zh, HtmlLayout("page", "white", title="电子发票"), _HIDDEN),
    spec("dinner-01", restaurant_zh, TextLayout(width=48), _WRONG),
    spec(
        "dinner-02",
        restaurant_zh,
        Scan(PdfLayout("DejaVuSans", 8.5, "roll", 12, True), ScanEffects(1.4, 11, 0.7, 50, seed=7, trim=True)),
    ),
    spec("guest-01", hotel_zh, PdfLayout("DejaVuSerif", 9, chinese=True), _SEEN),
    spec("guest-02", hotel_zh, HtmlLayout("word", title="宾客账单"), _WRONG),
    spec("settlement-01", service_note_zh, PdfLayout("DejaVuSans", 10, chinese=True)),
    spec("settlement-02", service_note_zh, TextLayout("cells"), _ABSENT, _SEEN),
    spec("ticket-01", slip_zh, TextLayout(width=30)),
    spec("works-04", partial(service_invoice_en, country=countries.INDIA), OfficeLayout("xlsx")),
    spec("settlement-03", service_note_zh, OfficeLayout("docx"), _WRONG, _HIDDEN),
)
