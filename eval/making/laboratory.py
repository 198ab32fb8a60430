"""Laboratory and inspection reports, Chinese and English: blood, urine, water, building materials, food."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from eval.making import words
from eval.making.as_html import HtmlLayout
from eval.making.as_office import OfficeLayout
from eval.making.as_pdf import PdfLayout
from eval.making.as_picture import ScanEffects
from eval.making.as_text import TextLayout
from eval.making.blocks import Beside, Block, GeneratedDocument, Grid, Heading, Pairs, Rule, Span, Text, Truth
from eval.making.specs import Scan, spec

Traits = frozenset[str]


@dataclass(frozen=True)
class Analyte:
    """Something measured, with its usual range; `places` are decimals."""

    english: str
    chinese: str
    code: str
    unit: str
    low: float
    high: float
    places: int


def _analytes(lines: str) -> tuple[Analyte, ...]:
    found = []
    for line in lines.strip().splitlines():
        english, chinese, code, unit, low, high, places = line.split("|")
        found.append(Analyte(english, chinese, code, unit, float(low), float(high), int(places)))
    return tuple(found)


BLOOD = _analytes("""
White blood cells|白细胞计数|WBC|10^9/L|3.5|9.5|2
Red blood cells|红细胞计数|RBC|10^12/L|3.8|5.1|2
Haemoglobin|血红蛋白|HGB|g/L|115|150|0
Haematocrit|红细胞压积|HCT|%|35.0|45.0|1
Mean cell volume|平均红细胞体积|MCV|fL|82|100|1
Platelets|血小板计数|PLT|10^9/L|125|350|0
Neutrophils|中性粒细胞百分比|NEUT%|%|40|75|1
Lymphocytes|淋巴细胞百分比|LYMPH%|%|20|50|1
Monocytes|单核细胞百分比|MONO%|%|3.0|10.0|1
Eosinophils|嗜酸性粒细胞百分比|EO%|%|0.4|8.0|1
Red cell distribution width|红细胞分布宽度|RDW|%|11.5|14.5|1
Mean platelet volume|平均血小板体积|MPV|fL|7.4|12.5|1
""")
CHEMISTRY = _analytes("""
Sodium|钠|Na|mmol/L|137|147|1
Potassium|钾|K|mmol/L|3.5|5.3|2
Chloride|氯|Cl|mmol/L|99|110|1
Urea|尿素|UREA|mmol/L|2.6|7.5|2
Creatinine|肌酐|CREA|μmol/L|41|73|0
Glucose, fasting|葡萄糖|GLU|mmol/L|3.9|6.1|2
Total protein|总蛋白|TP|g/L|65|85|1
Albumin|白蛋白|ALB|g/L|40|55|1
Alanine aminotransferase|丙氨酸氨基转移酶|ALT|U/L|7|40|0
Aspartate aminotransferase|天门冬氨酸氨基转移酶|AST|U/L|13|35|0
Total bilirubin|总胆红素|TBIL|μmol/L|3.4|20.5|1
Uric acid|尿酸|UA|μmol/L|155|357|0
Total cholesterol|总胆固醇|TC|mmol/L|2.8|5.2|2
Triglycerides|甘油三酯|TG|mmol/L|0.45|1.70|2
Calcium|钙|Ca|mmol/L|2.11|2.52|2
C-reactive protein|C反应蛋白|CRP|mg/L|0|8|1
""")
URINE_WORDS = (
    ("Protein", "蛋白质", "PRO"),
    ("Glucose", "葡萄糖", "GLU"),
    ("Ketones", "酮体", "KET"),
    ("Blood", "隐血", "BLD"),
    ("Nitrite", "亚硝酸盐", "NIT"),
    ("Bilirubin", "胆红素", "BIL"),
    ("Leucocyte esterase", "白细胞酯酶", "LEU"),
)
WATER = (
    ("pH value", "pH", "", (6.5, 8.5), 2),
    ("Turbidity", "浑浊度", "NTU", (None, 1), 2),
    ("Free chlorine", "游离余氯", "mg/L", (0.05, 2.0), 2),
    ("Nitrate (as N)", "硝酸盐（以N计）", "mg/L", (None, 10), 2),
    ("Fluoride", "氟化物", "mg/L", (None, 1.0), 2),
    ("Iron", "铁", "mg/L", (None, 0.3), 3),
    ("Manganese", "锰", "mg/L", (None, 0.1), 3),
    ("Lead", "铅", "mg/L", (None, 0.01), 4),
    ("Total hardness (as CaCO3)", "总硬度（以CaCO₃计）", "mg/L", (None, 450), 0),
    ("Total coliforms", "总大肠菌群", "MPN/100mL", (None, None), 0),
    ("Chloride", "氯化物", "mg/L", (None, 250), 1),
    ("Arsenic", "砷", "mg/L", (None, 0.01), 4),
)
CEMENT = (
    ("初凝时间", "min", "≥45", 150, 220),
    ("终凝时间", "min", "≤600", 200, 300),
    ("3天抗压强度", "MPa", "≥17.0", 16.0, 30.0),
    ("28天抗压强度", "MPa", "≥42.5", 41.5, 52.0),
    ("3天抗折强度", "MPa", "≥3.5", 3.4, 6.0),
    ("氧化镁", "%", "≤5.0", 1.0, 3.0),
    ("三氧化硫", "%", "≤3.5", 1.5, 3.6),
    ("烧失量", "%", "≤5.0", 1.0, 5.0),
    ("比表面积", "m²/kg", "≥300", 310, 390),
)


def _limits(low: float | None, high: float | None, places: int, style: str) -> str:
    """Return the range as printed."""
    if low is None and high is None:
        return ""
    if low is None:
        return f"≤{high:g}"
    first, last = f"{low:.{min(places, 2)}f}", f"{high:.{min(places, 2)}f}"
    return {
        "-": f"{first}-{last}",
        " - ": f"{first} - {last}",
        "--": f"{first}--{last}",
        "~": f"{first}～{last}",
        "()": f"({first}-{last})",
    }[style]


def _measured(rng: Random, low: float, high: float, places: int) -> tuple[float, str]:
    """Return a value in the range two times in three, and its flag."""
    side = rng.choice(["normal"] * 4 + ["low", "high"])
    wide = high - low
    if side == "low" and low > wide * 0.25:
        value = low - wide * rng.uniform(0.05, 0.2)
    elif side == "high":
        value = high + wide * rng.uniform(0.05, 0.6)
    else:
        side, value = "normal", low + wide * rng.uniform(0.1, 0.9)
    return float(f"{value:.{places}f}"), side


FLAGS = {
    "letters": {"low": "L", "high": "H", "normal": ""},
    "arrows": {"low": "↓", "high": "↑", "normal": ""},
    "words": {"low": "偏低", "high": "偏高", "normal": "正常"},
    "signs": {"low": "Lo", "high": "Hi", "normal": "-"},
}


def _put_number(t: Truth, n: int, name: str, value: float, places: int) -> str:
    text = f"{value:.{places}f}"
    t.judge(f"results.{n}.number", float(text))
    return t.put(f"results.{n}.value", text)


def _put_range(t: Truth, n: int, low: float | None, high: float | None, places: int, style: str) -> str:
    printed = _limits(low, high, places, style)
    if not printed:
        return ""
    if low is not None:
        t.judge(f"results.{n}.low", float(f"{low:.{min(places, 2)}f}"))
    if high is not None:
        t.judge(f"results.{n}.high", float(f"{high:.{min(places, 2)}f}"))
    return t.put(f"results.{n}.reference", printed)


def _patient_en(t: Truth, rng: Random, traits: Traits) -> list[tuple[str, str]]:
    sex = rng.choice(["Female", "Male"])
    age = rng.randint(19, 88)
    t.judge("patient.sex", sex.lower())
    style = rng.choice(["apart", "joined"])
    born = words.day(rng, 1935, 2001)
    found = [(rng.choice(["Patient", "Patient name", "Name"]), t.put("patient.name", words.person(rng, "en")))]
    found.append(
        (
            rng.choice(["MRN", "Patient ID", "Hospital No."]),
            t.put("patient.id", f"{rng.choice('HPK')}{rng.randint(100000, 999999)}"),
        )
    )
    if style == "joined":
        found.append(("Age/Sex", t.put("patient.age", age, f"{age}") + f" Y / {sex[0]}"))
    else:
        found += [
            (
                "Date of birth",
                t.put("patient.birth_date", born.isoformat(), words.printed_day(born, rng.choice(["short", "long"]))),
            ),
            ("Sex", sex),
        ]
    if "absent" in traits:
        t.note("absent_fields")
    else:
        found.append(
            (
                rng.choice(["Referred by", "Requesting doctor", "Ref. by"]),
                t.put("requested_by", f"Dr {words.person(rng, 'en')}"),
            )
        )
        found.append(("Ward", t.put("patient.ward", rng.choice(["Oak Ward", "Day Unit 2", "A&E", "Maternity"]))))
    return found


def _times(t: Truth, rng: Random, language: str, style: str) -> tuple[str, str, str, str]:
    """Return when the sample was taken, received and reported, and a day that is none of them."""
    day = words.day(rng, 2020, 2024)

    def at(days: int, path: str) -> str:
        clock = f"{rng.randint(7, 19):02}:{rng.randint(0, 59):02}"
        printed = f"{words.printed_day(day + timedelta(days), style)} {clock}"
        return t.put(path, printed) if path else printed

    return at(0, "sample.collected_at"), at(0, "sample.received_at"), at(1, "reported_at"), at(3, "")


def blood_en(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a blood report: two panels in one table with banners, letters as flags, a laboratory and a referring surgery."""
    t = Truth()
    style, flags = rng.choice(["-", " - ", "()"]), FLAGS[rng.choice(["letters", "signs"])]
    taken, received, reported, printed = _times(t, rng, "en", rng.choice(["short", "dmy", "iso"]))
    heads = rng.choice(
        [
            ("Test", "Result", "Flag", "Units", "Reference interval"),
            ("Investigation", "Observed value", "", "Unit", "Normal range"),
            ("Analyte", "Result", "Flag", "UOM", "Ref. range"),
        ]
    )
    rows: list[tuple[str | Span, ...]] = [heads]
    n = 0
    for panel, analytes in (("FULL BLOOD COUNT", BLOOD), ("RENAL AND LIVER PROFILE", CHEMISTRY)):
        rows.append((Span(panel, 5),))
        for a in rng.sample(analytes, rng.randint(4, 7)):
            value, flag = _measured(rng, a.low, a.high, a.places)
            shown = flag
            if "wrong_total" in traits and n == 1:
                value, shown = float(f"{a.high * 1.4:.{a.places}f}"), "normal"
                t.note("flag_contradicts")
            t.put(f"results.{n}.panel", panel)
            t.judge(f"results.{n}.flag", shown)
            rows.append(
                (
                    t.put(f"results.{n}.name", a.english),
                    _put_number(t, n, a.english, value, a.places),
                    flags[shown],
                    t.put(f"results.{n}.unit", a.unit),
                    _put_range(t, n, a.low, a.high, a.places, style),
                )
            )
            n += 1
    status = rng.choice([("FINAL", "final"), ("INTERIM", "preliminary"), ("CORRECTED REPORT", "corrected")])
    t.judge("status", status[1])
    blocks: list[Block] = [
        Heading(
            t.put(
                "laboratory.name",
                f"{rng.choice(words.PLACES)} {rng.choice(['General Hospital', 'Pathology Partnership', 'Clinical Laboratories'])}",
            )
        ),
        Text(
            f"{t.put('laboratory.address', words.address(rng, 'en'))}   Enquiries {t.put('laboratory.phone', words.phone(rng, 'en'))}"
        ),
        Rule("="),
        Pairs(
            (
                *_patient_en(t, rng, traits),
                ("Lab No.", t.put("report_number", f"{rng.randint(20, 24)}-{rng.randint(10000, 99999)}")),
                ("Specimen", t.put("sample.type", rng.choice(["Whole blood, serum", "EDTA blood and serum"]))),
                ("Collected", taken),
                ("Received", received),
                ("Reported", reported),
                ("Copy printed", printed),
            ),
            2,
            ": ",
            rng.random() < 0.4,
        ),
        Text("Report status: " + status[0]),
        Grid(tuple(rows), 1, "lrcll", rng.choice(["all", "lines", "none"]), (5, 2, 1, 2, 3)),
        *words.injections(rng, "en", traits, t),
        Text(
            "Comment: "
            + t.put(
                "comment",
                rng.choice(
                    [
                        "Slight haemolysis noted; potassium may be raised.",
                        "Suggest repeat in four weeks.",
                        "Sample received at room temperature.",
                    ]
                ),
            )
        ),
        Text(f"Copy to: {rng.choice(words.PLACES)} Surgery, {words.address(rng, 'en')}, {words.phone(rng, 'en')}"),
        Text(
            "Authorised by "
            + t.put("laboratory.verified_by", f"Dr {words.person(rng, 'en')}")
            + ". Reference intervals changed on 1 January; earlier reports are not comparable."
        ),
    ]
    t.note("distractors")
    t.note("two_parties")
    return GeneratedDocument(tuple(blocks), t, "en", "blood report")


def cumulative_en(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a cumulative report: results of three days side by side, the newest in the first or in the last column."""
    t = Truth()
    taken, received, reported, _ = _times(t, rng, "en", "dmy")
    newest_last = rng.random() < 0.5
    former = ["11/01/2019", "30/08/2019"]
    heads = ["Test", *([*former, taken[:10]] if newest_last else [taken[:10], *reversed(former)]), "Units", "Range"]
    rows: list[tuple[str | Span, ...]] = [tuple(heads)]
    for n, a in enumerate(rng.sample(CHEMISTRY, rng.randint(6, 10))):
        value, flag = _measured(rng, a.low, a.high, a.places)
        blank = n == 3
        old = [f"{_measured(rng, a.low, a.high, a.places)[0]:.{a.places}f}" for _ in former]
        t.put(f"results.{n}.name", a.english)
        if blank:
            t.note("blank_fields")
            now = ""
        else:
            now = _put_number(t, n, a.english, value, a.places) + {"normal": "", "high": " H", "low": " L"}[flag]
            t.judge(f"results.{n}.flag", flag)
        cells = [*old, now] if newest_last else [now, *reversed(old)]
        rows.append(
            (a.english, *cells, t.put(f"results.{n}.unit", a.unit), _put_range(t, n, a.low, a.high, a.places, " - "))
        )
    t.note("former_value")
    blocks: list[Block] = [
        Heading("CUMULATIVE BIOCHEMISTRY REPORT"),
        Text(
            t.put("laboratory.name", f"{rng.choice(words.PLACES)} Infirmary")
            + ", "
            + t.put("laboratory.department", "Department of Clinical Chemistry")
        ),
        Pairs(
            (
                *_patient_en(t, rng, traits),
                ("Accession", t.put("report_number", f"C{rng.randint(10**6, 10**7)}")),
                ("This sample taken", taken),
                ("Received", received),
                ("Report issued", reported),
            ),
            2,
        ),
        Text(f"Results of {taken[:10]} (this report) with earlier results for comparison."),
        Grid(tuple(rows), 1, "lrrrll", rng.choice(["all", "lines"]), (4, 2, 2, 2, 2, 2.4)),
        *words.injections(rng, "en", traits, t),
        Text("Blank: not requested or insufficient sample. Next appointment 14/02/2026."),
        Text("Validated: " + t.put("laboratory.verified_by", words.person(rng, "en"))),
    ]
    t.note("distractors")
    return GeneratedDocument(tuple(blocks), t, "en", "cumulative report")


def urine_en(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a dipstick report: results in words such as `negative` and `trace`, and counts per field."""
    t = Truth()
    taken, received, reported, _ = _times(t, rng, "en", "long")
    rows: list[tuple[str | Span, ...]] = [("Parameter", "Finding", "Expected", "Flag")]
    n = 0
    for english, _, _ in rng.sample(URINE_WORDS, 6):
        finding = rng.choice(["Negative", "Negative", "Trace", "1+", "2+"])
        bad = finding != "Negative"
        t.put(f"results.{n}.name", english)
        t.put(f"results.{n}.value", finding)
        t.judge(f"results.{n}.flag", "abnormal" if bad else "normal")
        rows.append((english, finding, t.put(f"results.{n}.reference", "Negative"), "*" if bad else ""))
        n += 1
    for english, low, high, places in (("Specific gravity", 1.005, 1.030, 3), ("pH", 5.0, 8.0, 1)):
        value = round(rng.uniform(low, high), places)
        text = f"{value:.{places}f}"
        t.put(f"results.{n}.name", english)
        t.put(f"results.{n}.value", text)
        t.judge(f"results.{n}.number", float(text))
        t.judge(f"results.{n}.flag", "normal")
        t.judge(f"results.{n}.low", low)
        t.judge(f"results.{n}.high", high)
        rows.append((english, text, t.put(f"results.{n}.reference", f"{low:.{places}f} to {high:.{places}f}"), ""))
        n += 1
    zero = rng.choice(["0", "1"])
    t.put(f"results.{n}.name", "Casts")
    t.put(f"results.{n}.value", zero)
    t.judge(f"results.{n}.number", float(zero))
    t.judge(f"results.{n}.flag", "normal")
    t.put(f"results.{n}.unit", "/lpf")
    rows.append(("Casts", f"{zero} /lpf", "", ""))
    t.note("zeros")
    blocks: list[Block] = [
        Text(t.put("laboratory.name", words.company(rng, "en", "Diagnostics")), bold=True),
        Heading("Urinalysis"),
        Beside(
            (Pairs(tuple(_patient_en(t, rng, traits))),),
            (
                Pairs(
                    (
                        ("Order", t.put("report_number", f"U-{rng.randint(10000, 99999)}")),
                        ("Specimen ID", t.put("sample.id", f"{rng.randint(10**9, 10**10)}")),
                        ("Specimen", t.put("sample.type", "Urine, midstream")),
                        ("Collected", taken),
                        ("Received", received),
                        ("Reported", reported),
                    )
                ),
            ),
        ),
        Grid(tuple(rows), 1, "llll", rng.choice(["lines", "all"]), (3, 2, 2, 1)),
        *words.injections(rng, "en", traits, t),
        Text(
            "Performed by "
            + t.put("laboratory.technician", words.person(rng, "en"))
            + f". Fee £{rng.randint(10, 40)}.00 payable within 14 days."
        ),
    ]
    return GeneratedDocument(tuple(blocks), t, "en", "urine report")


def letter_en(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a letter with results in running text, and last year's figures in the same sentences."""
    t = Truth()
    day = words.day(rng, 2020, 2024)
    name = words.person(rng, "en")
    t.put("patient.name", name)
    sentences = []
    for n, a in enumerate(rng.sample([*CHEMISTRY, *BLOOD], 5)):
        value, flag = _measured(rng, a.low, a.high, a.places)
        low, high = f"{a.low:.{min(a.places, 2)}f}", f"{a.high:.{min(a.places, 2)}f}"
        t.put(f"results.{n}.name", a.english, a.english)
        printed = _put_number(t, n, a.english, value, a.places)
        t.put(f"results.{n}.unit", a.unit)
        t.put(f"results.{n}.reference", f"{low}-{high}")
        t.judge(f"results.{n}.low", float(low))
        t.judge(f"results.{n}.high", float(high))
        t.judge(f"results.{n}.flag", flag)
        said = {"normal": "which is normal", "high": "which is high", "low": "which is low"}[flag]
        old = f"{_measured(rng, a.low, a.high, a.places)[0]:.{a.places}f}"
        sentences.append(
            rng.choice(
                [
                    f"{a.english} came back at {printed} {a.unit} (range {low}-{high}), {said}; last year it was {old}.",
                    f"Against {old} in the spring, {a.english} is now {printed} {a.unit}, {said} (range {low}-{high}).",
                ]
            )
        )
    blocks: list[Block] = [
        Text(t.put("laboratory.name", f"{rng.choice(words.PLACES)} Health Screening"), "right"),
        Text(t.put("laboratory.address", words.address(rng, "en")), "right"),
        Text(t.put("reported_at", words.printed_day(day, "long")), "right"),
        Text(f"Our reference {t.put('report_number', f'HS/{rng.randint(1000, 9999)}/{day.year % 100}')}"),
        Text(f"Dear {rng.choice(['Ms', 'Mr', 'Dr'])} {name.split()[1]},"),
        Text(
            f"Results for {name}, blood drawn on {t.put('sample.collected_at', words.printed_day(day - timedelta(4), 'long'))}"
        ),
        *[Text(sentence) for sentence in sentences],
        *words.injections(rng, "en", traits, t),
        Text(
            f"Your next check is due on {words.printed_day(day + timedelta(365), 'long')}. Nothing here replaces the advice of your doctor."
        ),
        Text("Yours sincerely,\n" + t.put("laboratory.verified_by", f"Dr {words.person(rng, 'en')}")),
    ]
    t.note("former_value")
    t.note("prose")
    t.note("absent_fields")
    return GeneratedDocument(tuple(blocks), t, "en", "letter")


def water_en(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a certificate of analysis of drinking water: limits of one side, `<` results, a method for each line."""
    t = Truth()
    taken, received, reported, printed = _times(t, rng, "en", "dmy")
    rows: list[tuple[str | Span, ...]] = [("Determinand", "Method", "Units", "Limit", "Result", "Pass/Fail")]
    for n, (english, _, unit, (low, high), places) in enumerate(rng.sample(WATER, rng.randint(6, 10))):
        t.put(f"results.{n}.name", english)
        method = t.put(
            f"results.{n}.method", rng.choice(["ICP-MS", "In-house 014", "BS EN ISO 7027", "Titration", "Probe"])
        )
        if high is None:
            value = rng.choice(["0", "Not detected", "4"])
            bad = value == "4"
            t.put(f"results.{n}.value", value)
            t.judge(f"results.{n}.number", float(value) if value.isdigit() else None)
            limit = t.put(f"results.{n}.reference", "nil")
            t.note("zeros")
        elif rng.random() < 0.3:
            bound = f"<{high / 20:g}"
            value, bad = t.put(f"results.{n}.value", bound), False
            limit = _put_range(t, n, low, high, places, "-")
        else:
            number = rng.uniform(low or high * 0.1, high * 1.1)
            bad = float(f"{number:.{places}f}") > high
            value = _put_number(t, n, english, number, places)
            limit = _put_range(t, n, low, high, places, "-")
        t.judge(f"results.{n}.flag", "abnormal" if bad else "normal")
        if unit:
            t.put(f"results.{n}.unit", unit)
        rows.append((english, method, unit, limit, value, "FAIL" if bad else "Pass"))
    blocks: list[Block] = [
        Heading("Certificate of Analysis", 1, "centre"),
        Pairs(
            (
                ("Certificate", t.put("report_number", f"W{rng.randint(10000, 99999)}/1")),
                ("Laboratory", t.put("laboratory.name", words.company(rng, "en", "Analytical"))),
                ("Client", words.company(rng, "en", "Water Supply")),
                ("Client reference", f"PO {rng.randint(1000, 9999)}"),
                ("Sample number", t.put("sample.id", f"{rng.randint(100000, 999999)}-2")),
                ("Sample", t.put("sample.type", rng.choice(["Drinking water, kitchen tap", "Borehole, raw water"]))),
                ("Sampled", taken),
                ("Received", received),
                ("Condition", t.put("sample.condition", rng.choice(["Intact, 4 °C", "One bottle leaking"]))),
                ("Reported", reported),
                ("Certificate printed", printed),
            ),
            2,
            ": ",
            True,
        ),
        Grid(tuple(rows), 1, "llllrc", rng.choice(["all", "lines"]), (4, 3, 2, 2, 2, 1.5)),
        *words.injections(rng, "en", traits, t),
        Text("Limits from 1 January next year: lead 0.005 mg/L. Results relate only to the sample tested."),
        Text(
            "Signed for the laboratory: "
            + t.put("laboratory.verified_by", words.person(rng, "en"))
            + ", Technical Manager"
        ),
    ]
    t.note("next_year")
    t.note("two_parties")
    return GeneratedDocument(tuple(blocks), t, "en", "water analysis")


def _patient_zh(t: Truth, rng: Random, traits: Traits) -> list[tuple[str, str]]:
    sex = rng.choice(["男", "女"])
    t.judge("patient.sex", "male" if sex == "男" else "female")
    age = rng.randint(3, 90)
    found = [
        ("姓名", t.put("patient.name", words.person(rng, "zh"))),
        ("性别", sex),
        ("年龄", t.put("patient.age", age, str(age)) + "岁"),
    ]
    found.append((rng.choice(["病历号", "住院号", "门诊号"]), t.put("patient.id", f"{rng.randint(10**6, 10**8)}")))
    found.append(
        (
            rng.choice(["科别", "送检科室"]),
            t.put("patient.ward", rng.choice(["心血管内科", "普外科", "体检中心", "儿科门诊"])),
        )
    )
    if "absent" in traits:
        found += [("床号", ""), ("临床诊断", "")]
        t.note("blank_fields")
    else:
        found += [
            ("床号", t.put("patient.bed", f"{rng.randint(1, 48):02}床")),
            ("临床诊断", t.put("diagnosis", rng.choice(["发热待查", "2型糖尿病", "高血压病", "健康查体"]))),
        ]
    found.append((rng.choice(["申请医生", "送检医生"]), t.put("requested_by", words.person(rng, "zh"))))
    return found


def _hospital_zh(t: Truth, rng: Random, title: str) -> Heading:
    name = t.put(
        "laboratory.name",
        f"{rng.choice(words.CITIES)}{rng.choice(['第一人民医院', '中医医院', '妇幼保健院', '中心医院'])}",
    )
    return Heading(f"{name}{title}", 1, "centre")


def _foot_zh(t: Truth, rng: Random, taken: str, received: str, reported: str) -> list[Block]:
    tested, checked = (
        t.put("laboratory.technician", words.person(rng, "zh")),
        t.put("laboratory.verified_by", words.person(rng, "zh")),
    )
    return [
        Pairs(
            (
                ("采样时间", taken),
                ("接收时间", received),
                ("报告时间", reported),
                ("检验者", tested),
                ("审核者", checked),
            ),
            3,
            "：",
            False,
        ),
        Text("※ 本报告仅对所检测标本负责，如有疑问请于7日内与检验科联系。"),
    ]


def halves_zh(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a blood count in two halves side by side, as Chinese hospitals print it on half a sheet."""
    t = Truth()
    style, flags = rng.choice(["-", "--", "~"]), FLAGS["arrows"]
    taken, received, reported, _ = _times(t, rng, "zh", rng.choice(["iso", "slash"]))
    chosen = rng.sample(BLOOD, rng.choice([8, 10]))
    cells = []
    for n, a in enumerate(chosen):
        value, flag = _measured(rng, a.low, a.high, a.places)
        t.judge(f"results.{n}.flag", flag)
        name = t.put(f"results.{n}.name", a.chinese)
        code = t.put(f"results.{n}.code", a.code)
        cells.append(
            (
                str(n + 1),
                code,
                name,
                _put_number(t, n, name, value, a.places) + flags[flag],
                _put_range(t, n, a.low, a.high, a.places, style),
                t.put(f"results.{n}.unit", a.unit),
            )
        )
    half = len(cells) // 2
    head = ("No", "代号", "项目名称", "结果", "参考值", "单位")
    rows = [head + head, *[cells[n] + cells[n + half] for n in range(half)]]
    blocks: list[Block] = [
        _hospital_zh(t, rng, rng.choice(["检验报告单", "检验科报告单"])),
        Pairs(
            (
                *_patient_zh(t, rng, traits),
                ("标本种类", t.put("sample.type", "全血")),
                ("样本号", t.put("sample.id", str(rng.randint(1, 400)))),
                ("条码号", t.put("report_number", str(rng.randint(10**9, 10**10)))),
            ),
            4,
            "：",
        ),
        Grid(tuple(rows), 1, "clllll" * 2, rng.choice(["lines", "all"]), (1, 2, 3.6, 1.7, 2.6, 1.8) * 2),
        *words.injections(rng, "zh", traits, t),
        *_foot_zh(t, rng, taken, received, reported),
    ]
    t.note("side_by_side")
    t.note("distractors")
    return GeneratedDocument(tuple(blocks), t, "zh", "blood report")


def chemistry_zh(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a chemistry report with many columns, one of them with previous values."""
    t = Truth()
    style, flags = rng.choice(["-", "~", " - "]), FLAGS[rng.choice(["arrows", "words", "letters"])]
    taken, received, reported, _ = _times(t, rng, "zh", "iso")
    former = rng.random() < 0.5
    method = rng.random() < 0.5
    head = [
        "序号",
        "检验项目",
        "英文缩写",
        "检测结果",
        *(["上次结果"] if former else []),
        "提示",
        "单位",
        "参考区间",
        *(["检测方法"] if method else []),
    ]
    rows: list[tuple[str | Span, ...]] = [tuple(head)]
    for n, a in enumerate(rng.sample(CHEMISTRY, rng.randint(7, 13))):
        value, flag = _measured(rng, a.low, a.high, a.places)
        if "wrong_total" in traits and n == 2:
            value, flag = float(f"{a.high * 1.5:.{a.places}f}"), "normal"
            t.note("flag_contradicts")
        name = t.put(f"results.{n}.name", a.chinese)
        row = [str(n + 1), name, t.put(f"results.{n}.code", a.code)]
        if "absent" in traits and n == 4:
            row.append("")
        else:
            row.append(_put_number(t, n, name, value, a.places))
            t.judge(f"results.{n}.flag", flag)
        if former:
            row.append(f"{_measured(rng, a.low, a.high, a.places)[0]:.{a.places}f}")
            t.note("former_value")
        row += [
            "" if row[3] == "" else flags[flag],
            t.put(f"results.{n}.unit", a.unit),
            _put_range(t, n, a.low, a.high, a.places, style),
        ]
        if method:
            row.append(t.put(f"results.{n}.method", rng.choice(["酶法", "比色法", "电极法", "速率法"])))
        rows.append(tuple(row))
    blocks: list[Block] = [
        _hospital_zh(t, rng, "生化检验报告单"),
        Pairs(
            (
                *_patient_zh(t, rng, traits),
                ("标本类型", t.put("sample.type", "血清")),
                ("标本状态", t.put("sample.condition", rng.choice(["正常", "轻度溶血", "脂血"]))),
                ("报告编号", t.put("report_number", f"SH{rng.randint(10**7, 10**8)}")),
            ),
            rng.choice([2, 3]),
            "：",
            rng.random() < 0.4,
        ),
        Grid(tuple(rows), 1, "cl" + "l" * (len(head) - 2), rng.choice(["all", "lines", "none"])),
        Text(
            "备注："
            + t.put("comment", rng.choice(["结果已复核。", "标本轻度溶血，钾离子结果仅供参考。", "建议空腹复查。"]))
        ),
        *words.injections(rng, "zh", traits, t),
        *_foot_zh(t, rng, taken, received, reported),
    ]
    return GeneratedDocument(tuple(blocks), t, "zh", "chemistry report")


def urine_zh(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a urine report: words in brackets, plus signs, and a zero that is a result."""
    t = Truth()
    taken, received, reported, _ = _times(t, rng, "zh", "zh")
    rows: list[tuple[str | Span, ...]] = [("项目", "代号", "结果", "参考值", "单位")]
    n = 0
    for _, chinese, code in URINE_WORDS:
        finding = rng.choice(["阴性", "阴性", "阴性", "弱阳性(±)", "阳性(1+)", "阳性(2+)"])
        t.put(f"results.{n}.name", chinese)
        t.put(f"results.{n}.code", code)
        t.put(f"results.{n}.value", finding)
        t.put(f"results.{n}.reference", "阴性")
        rows.append((chinese, code, finding, "阴性", ""))
        n += 1
    for chinese, code, low, high, places, unit in (
        ("比重", "SG", 1.003, 1.030, 3, ""),
        ("酸碱度", "pH", 4.5, 8.0, 1, ""),
        ("红细胞", "RBC", 0, 3, 0, "个/HP"),
        ("管型", "CAST", 0, 1, 0, "个/LP"),
    ):
        value = 0 if code == "CAST" else float(f"{rng.uniform(low, high):.{places}f}")
        t.put(f"results.{n}.name", chinese)
        t.put(f"results.{n}.code", code)
        printed = _put_number(t, n, chinese, value, places)
        t.judge(f"results.{n}.low", low)
        t.judge(f"results.{n}.high", high)
        reference = t.put(f"results.{n}.reference", f"{low:.{places}f}-{high:.{places}f}")
        rows.append((chinese, code, printed, reference, t.put(f"results.{n}.unit", unit) if unit else ""))
        n += 1
    t.note("zeros")
    blocks: list[Block] = [
        _hospital_zh(t, rng, "尿液分析报告"),
        Pairs(
            (
                *_patient_zh(t, rng, traits),
                ("标本", t.put("sample.type", "尿液")),
                ("检验单号", t.put("report_number", f"{rng.randint(10**6, 10**7)}")),
            ),
            3,
            "：",
        ),
        Grid(tuple(rows), 1, "lllll", rng.choice(["all", "lines"]), (3, 2, 2.4, 2.4, 1.6)),
        *words.injections(rng, "zh", traits, t),
        *_foot_zh(t, rng, taken, received, reported),
    ]
    return GeneratedDocument(tuple(blocks), t, "zh", "urine report")


def cement_zh(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return an inspection report on cement: requirements, results and a verdict for each, the parties in boxes."""
    t = Truth()
    day = words.day(rng, 2020, 2024)
    rows: list[tuple[str | Span, ...]] = [
        ("序号", "检测项目", "计量单位", "技术要求", "检测结果", "单项判定", "检测方法")
    ]
    bad_any = False
    for n, (name, unit, limit, low, high) in enumerate(rng.sample(CEMENT, rng.randint(6, 9))):
        places = 0 if unit in ("min", "m²/kg") else 1 if unit == "MPa" else 2
        number = rng.uniform(low, high)
        bound = float(limit[1:])
        value = float(f"{number:.{places}f}")
        bad = value < bound if limit[0] == "≥" else value > bound
        if "wrong_total" in traits and n == 0:
            bad = not bad
            t.note("flag_contradicts")
        bad_any |= bad
        t.put(f"results.{n}.name", name)
        t.judge(f"results.{n}.low" if limit[0] == "≥" else f"results.{n}.high", bound)
        t.judge(f"results.{n}.flag", "abnormal" if bad else "normal")
        rows.append(
            (
                str(n + 1),
                name,
                t.put(f"results.{n}.unit", unit),
                t.put(f"results.{n}.reference", limit),
                _put_number(t, n, name, number, places),
                "不合格" if bad else "合格",
                t.put(f"results.{n}.method", rng.choice(["GB/T 1346", "GB/T 17671", "GB/T 176", "GB/T 8074"])),
            )
        )
    verdict = "该样品所检项目" + ("部分不符合" if bad_any else "均符合") + "GB 175标准要求。"
    laboratory = (
        f"{rng.choice(words.CITIES)}{rng.choice(['建筑工程质量检测站', '恒信建材检测有限公司', '交通工程试验中心'])}"
    )
    head = (
        ("委托单位", words.company(rng, "zh", "建设")),
        (
            "工程名称",
            f"{rng.choice(words.COUNTIES)}{rng.choice(['第三小学教学楼', '滨河路改造', '污水处理厂'])}工程",
        ),
        ("样品名称", t.put("sample.type", rng.choice(["普通硅酸盐水泥 P·O 42.5", "复合硅酸盐水泥 P·C 42.5R"]))),
        ("样品编号", t.put("sample.id", f"SN-{day.year}-{rng.randint(1, 999):03}")),
        ("生产厂家", words.company(rng, "zh", "水泥")),
        ("代表数量", f"{rng.choice([200, 400, 500])}t"),
        ("样品状态", t.put("sample.condition", "灰色粉末，无结块")),
        ("抽样日期", t.put("sample.collected_at", words.printed_day(day, "zh"))),
        ("收样日期", t.put("sample.received_at", words.printed_day(day + timedelta(1), "zh"))),
        ("检测日期", f"{words.printed_day(day + timedelta(2), 'zh')}至{words.printed_day(day + timedelta(30), 'zh')}"),
    )
    blocks: list[Block] = [
        Heading(t.put("laboratory.name", laboratory), 1, "centre"),
        Heading("检 测 报 告", 2, "centre"),
        Text("报告编号：" + t.put("report_number", f"JC{day:%Y%m}-{rng.randint(100, 999)}"), "right"),
        Pairs(head, 2, "：", True),
        Grid(tuple(rows), 1, "cllllll", "all", (1, 3, 1.6, 1.8, 1.8, 1.6, 2.2)),
        Text("检测结论：" + verdict),
        *words.injections(rng, "zh", traits, t),
        Pairs(
            (
                ("检测", t.put("laboratory.technician", words.person(rng, "zh"))),
                ("审核", t.put("laboratory.verified_by", words.person(rng, "zh"))),
                ("签发日期", t.put("reported_at", words.printed_day(day + timedelta(31), "zh"))),
            ),
            3,
            "：",
        ),
        Text(
            f"检测单位地址：{t.put('laboratory.address', words.address(rng, 'zh'))}　电话：{t.put('laboratory.phone', words.phone(rng, 'zh'))}"
        ),
    ]
    t.judge("comment", None)
    t.note("two_parties")
    t.note("distractors")
    return GeneratedDocument(tuple(blocks), t, "zh", "inspection report")


def water_zh(rng: Random, traits: Traits) -> GeneratedDocument:
    """Return a water report: the table begins on one page and goes on, headed again, on the next."""
    t = Truth()
    day = words.day(rng, 2020, 2024)
    head = ("检验项目", "单位", "标准限值", "检验结果", "评价")
    rows: list[tuple[str | Span, ...]] = []
    for n, (_, chinese, unit, (low, high), places) in enumerate(rng.sample(WATER, 10)):
        t.put(f"results.{n}.name", chinese)
        if high is None:
            t.put(f"results.{n}.value", "未检出")
            limit, value, bad = t.put(f"results.{n}.reference", "不应检出"), "未检出", False
        elif rng.random() < 0.3:
            value, bad = t.put(f"results.{n}.value", f"<{high / 20:g}"), False
            limit = _put_range(t, n, low, high, places, "~")
        else:
            number = rng.uniform(low or high * 0.1, high * 1.15)
            bad = float(f"{number:.{places}f}") > high
            value = _put_number(t, n, chinese, number, places)
            limit = _put_range(t, n, low, high, places, "~")
        t.judge(f"results.{n}.flag", "abnormal" if bad else "normal")
        rows.append(
            (chinese, t.put(f"results.{n}.unit", unit) if unit else "/", limit, value, "不合格" if bad else "合格")
        )
    t.note("split_table")
    blocks: list[Block] = [
        Heading(t.put("laboratory.name", f"{rng.choice(words.COUNTIES)}疾病预防控制中心"), 1, "centre"),
        Heading("检验报告", 2, "centre"),
        Text(f"（{t.put('report_number', f'水检字{day.year}第{rng.randint(1, 400):03}号')}）", "centre"),
        Pairs(
            (
                ("样品名称", t.put("sample.type", rng.choice(["末梢水", "出厂水", "二次供水"]))),
                ("样品编号", t.put("sample.id", f"S{rng.randint(1000, 9999)}")),
                ("被检单位", f"{rng.choice(words.CITIES)}自来水公司"),
                ("采样地点", words.address(rng, "zh")),
                ("采样日期", t.put("sample.collected_at", words.printed_day(day, "zh0"))),
                ("送检日期", t.put("sample.received_at", words.printed_day(day + timedelta(1), "zh0"))),
            ),
            2,
            "：",
            rng.random() < 0.5,
        ),
        Grid((head, *rows[:5]), 1, "lllll", "all", (3, 2, 2, 2, 1.4)),
        Text("（接下页）", "right"),
        Text(f"检验报告　第2页　共2页　上年同期合格率{rng.randint(80, 99)}.5%", "centre"),
        Grid((head, *rows[5:]), 1, "lllll", "all", (3, 2, 2, 2, 1.4)),
        *words.injections(rng, "zh", traits, t),
        Pairs(
            (
                ("检验人", t.put("laboratory.technician", words.person(rng, "zh"))),
                ("审核人", t.put("laboratory.verified_by", words.person(rng, "zh"))),
                ("报告日期", t.put("reported_at", words.printed_day(day + timedelta(7), "zh0"))),
            ),
            3,
            "：",
        ),
    ]
    return GeneratedDocument(tuple(blocks), t, "zh", "water analysis")


_ZH = PdfLayout(chinese=True)
_HIDDEN, _SEEN, _WRONG, _ABSENT = "injection_hidden", "injection_visible", "wrong_total", "absent"

SPECS = (
    spec("blood-01", blood_en, PdfLayout("DejaVuSans", 8.5)),
    spec("blood-02", blood_en, TextLayout(width=90), _WRONG, _SEEN),
    spec("blood-03", blood_en, HtmlLayout("page", title="Pathology"), _ABSENT, _HIDDEN),
    spec("blood-04", blood_en, Scan(PdfLayout("DejaVuSerif", 9), ScanEffects(0.6, 7, 0.5, 30, seed=21)), _WRONG),
    spec("cumulative-01", cumulative_en, PdfLayout("DejaVuSans", 9, "letter")),
    spec("cumulative-02", cumulative_en, TextLayout("tabs"), _ABSENT),
    spec("dipstick-01", urine_en, PdfLayout("DejaVuSerif", 9.5), _HIDDEN),
    spec("dipstick-02", urine_en, HtmlLayout("mail"), _SEEN),
    spec("screening-01", letter_en, PdfLayout("DejaVuSerif", 10.5), _SEEN),
    spec("screening-02", letter_en, TextLayout(width=76)),
    spec("tap-01", water_en, PdfLayout("DejaVuSans", 8.5, shaded=True)),
    spec("tap-02", water_en, Scan(PdfLayout("DejaVuSans", 9), ScanEffects(-1.0, 9, 0.6, 35, seed=22))),
    spec("tap-03", water_en, TextLayout("bars"), _SEEN),
    spec("count-01", halves_zh, PdfLayout("DejaVuSans", 8, "a4", 36, True)),
    spec(
        "count-02",
        halves_zh,
        Scan(PdfLayout("DejaVuSans", 8, "wide", 40, True), ScanEffects(0.8, 8, 0.5, 30, seed=23)),
        _ABSENT,
    ),
    spec("count-03", halves_zh, TextLayout("tabs"), _SEEN),
    spec("serum-01", chemistry_zh, _ZH, _WRONG),
    spec("serum-02", chemistry_zh, HtmlLayout("word"), _ABSENT),
    spec(
        "serum-03", chemistry_zh, Scan(PdfLayout("DejaVuSans", 9, chinese=True), ScanEffects(-0.7, 9, 0.6, 40, seed=24))
    ),
    spec("serum-04", chemistry_zh, TextLayout("cells"), _ABSENT, _WRONG),
    spec("urine-01", urine_zh, TextLayout(width=90)),
    spec("urine-02", urine_zh, PdfLayout("DejaVuSerif", 9, "a4", 40, True), _HIDDEN),
    spec("cement-01", cement_zh, _ZH),
    spec("cement-02", cement_zh, HtmlLayout("page", "comment"), _WRONG, _HIDDEN),
    spec("cement-03", cement_zh, Scan(_ZH, ScanEffects(1.2, 10, 0.6, 45, seed=25)), _SEEN),
    spec("pipe-01", water_zh, PdfLayout("DejaVuSans", 10, chinese=True), _SEEN),
    spec("pipe-02", water_zh, TextLayout("cells")),
    spec("cumulative-03", cumulative_en, OfficeLayout("xlsx")),
    spec("cement-04", cement_zh, OfficeLayout("docx"), _HIDDEN),
)
