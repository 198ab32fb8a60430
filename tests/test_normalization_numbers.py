"""Numbers, units and signs: where they are found, and what they are worth."""

import pytest

from extractor.types import Field
from extractor.values import numbers, units
from extractor.values.locale import UNKNOWN_CONVENTIONS, infer_number_conventions
from extractor.values.normalisation import find_spans, normalise_value


def field(type="number", unit=None, labels=(), **schema):
    return Field(("x",), type, {"type": type, **schema}, unit=unit, labels=labels)


def pointed(text, kind="number"):
    return [text[start:end] for start, end in find_spans(kind, text)]


def read(text, type="number", unit=None, context="", conventions=UNKNOWN_CONVENTIONS, **more):
    found = normalise_value(field(type, unit, **more), text, context, conventions=conventions)
    return found.value, [problem.kind for problem in found.problems]


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("增50", 50),
        ("减114", -114),
        ("减少12", -12),
        ("下降了5%", -5),
        ("75647.67万元", 756476700),
        ("3.5亿", 350000000),
        ("3亿5千万", 350000000),
        ("2亿3000万元", 230000000),
        ("3万5千", 35000),
        ("$16,350.00", 16350),
        ("RM 12.30", 12.3),
        ("¥1,200", 1200),
        ("￥５００．５０", 500.5),
        ("Rs. 1,23,456.78", 123456.78),
        ("(1,234.50)", -1234.5),
        ("($5.00)", -5),
        ("$(5.00)", -5),
        ("$-5.00", -5),
        ("-$5.00", -5),
        ("1,234.50-", -1234.5),
        ("(50)", -50),
        ("( 1,234 )", -1234),
        ("<1,234>", -1234),
        ("1.234,50-", -1234.5),
        ("1,234-", -1234),
        ("50-", -50),
        ("—50", -50),
        ("▼1,234", -1234),
        ("①", 1),
        ("0,125", 0.125),
        ("½", 0.5),
        ("3½", 3.5),
        ("١٬٢٣٤٫٥٠", 1234.5),
        ("-9.4", -9.4),
        ("－9.4", -9.4),
        ("−9.4", -9.4),
        ("+7", 7),
        ("１，２３４", 1234),
        ("1.234,56 €", 1234.56),
        ("1.234.567", 1234567),
        ("1'234.50", 1234.5),
        ("1 234,56", 1234.56),
        ("1\u00a0234\u00a0567", 1234567),
        ("12,5", 12.5),
        ("1.2e-3", 0.0012),
        ("6.5×10^9/L", 6500000000),
        ("6.5×10⁹/L", 6500000000),
        ("12.5%", 12.5),
        ("0.5‰", 0.5),
        ("百分之十二", 12),
        ("百分之十二点五", 12.5),
        ("三百二十一", 321),
        ("一千零五", 1005),
        ("两万三", 23000),
        ("二〇二〇", 2020),
        ("人民币壹万贰仟叁佰元整", 12300),
        ("三千五百元五角二分", 3500.52),
        ("two hundred and five", 205),
        ("twenty-one", 21),
        ("decrease of 50", -50),
        ("decreased by 1,200", -1200),
        ("down 5%", -5),
        ("minus 3", -3),
        ("5%↓", -5),
        ("$5M", 5000000),
        ("US$ 1.2bn", 1200000000),
        ("USD 1,000 thousand", 1000000),
        ("50k", 50000),
        ("36.5℃", 36.5),
        ("5 km/h", 5),
        (".5", 0.5),
        ("٣٤", 34),
    ],
)
def test_a_number_is_found_whole_and_read_exactly(text, worth):
    assert text in pointed(text)
    assert read(text) == (worth, [])


@pytest.mark.parametrize(
    ("text", "stretches"),
    [
        ("10-20", ["10", "20"]),
        ("10%-20%", ["10%", "20%"]),
        ("$5-$10 million", ["$5", "$10 million"]),
        ("10 -20 30", ["10", "-20", "30"]),
        ("10人次", ["10"]),
        ("上升到5%，同比下降2.5个百分点", ["5%", "下降2.5个百分点"]),
        ("本年增/减 50", ["50"]),
        ("fall 2020", ["2020"]),
        ("broke down 5 pumps", ["5"]),
        ("COVID-19", ["19"]),
        ("Total16.00", ["16.00"]),
        ("5 $2,925.00 $2,486.25", ["5", "$2,925.00", "$2,486.25"]),
        ("共公开13717条，其中8548条", ["13717", "8548"]),
        ("A4 paper, 12 sheets", ["12"]),
        ("§1.2.3: 7 days", ["7 days"]),
        ("第三条 共5件", ["5"]),
        ("统一 一般 十分 4个", ["4"]),
        ("（3）收入 12.50", ["3", "12.50"]),
        ("于2020年5月3日收到12件", ["2020", "12"]),
        ("see http://a.cn/2019/11.html, 7 pages", ["7"]),
        ("tel 010-12345678, 3 lines", ["3"]),
        ("at 10:30 we had 4", ["4"]),
        ("mail a1@b2.com 9", ["9"]),
        ("3 to 5 m", ["3", "5 m"]),
        ("甲 100，200，300 乙", ["100，200，300", "100", "200", "300"]),
        ("1 234", ["1 234", "1", "234"]),
        ("\n(50)\n", ["(50)", "50"]),
    ],
)
def test_numbers_of_running_text_are_found(text, stretches):
    assert pointed(text) == stretches


def test_letters_that_look_like_digits_are_not_turned_into_digits():
    assert read("1O5") == (None, ["not_normalised"])
    assert read("l50") == (None, ["not_normalised"])


def test_digits_of_a_name_are_numbers_only_without_a_likelier_number():
    assert pointed("A4") == ["4"]
    assert pointed("A4, 7 sheets") == ["7"]
    assert pointed("第三条") == ["三"]


def test_a_number_that_cannot_be_whole_is_not_found_as_an_integer():
    assert pointed("12.5 and 13", "integer") == ["13"]
    assert pointed("1.5万 and 12.5% and 2.5 kg", "integer") == ["1.5万", "2.5 kg"]


@pytest.mark.parametrize(
    ("text", "unit", "context", "worth"),
    [
        ("75647.67", "元", "金额（万元）", 756476700),
        ("75647.67", "元", "单位：万元", 756476700),
        ("756476700元", "万元", "", 75647.67),
        ("3.5亿", "万元", "", 35000),
        ("12.5%", "%", "", 12.5),
        ("12.5%", "1", "", 0.125),
        ("12.5", "1", "占比（%）", 0.125),
        ("120 mg/dL", "g/L", "", 1.2),
        ("3.5 km", "m", "", 3500),
        ("2小时", "minutes", "", 120),
        ("1.5", "g", "Weight (kg)", 1500),
        ("98.6°F", "°C", "", 37),
        ("6.5×10^9/L", "10^9/L", "", 6.5),
        ("$16,350", "USD", "(in thousands)", 16350000),
        ("16,350", "USD", "Amount USD", 16350),
        ("$16,350.00", "USD", "Gross amount", 16350),
        ("13717件", "件", "", 13717),
        ("43580人次", "万人次", "", 4.358),
        ("5年", "个月", "", 60),
        ("250", "元", "", 250),
        ("250", "元", "（十）收入", 250),
        ("250", "元", "（一）金额（人民币万元）", 2500000),
        ("250", "V", "(A) Supply", 250),
        ("2.5", "mm", "Length (m)", 2500),
    ],
)
def test_a_printed_or_declared_unit_is_converted_to_that_of_the_field(text, unit, context, worth):
    assert read(text, unit=unit, context=context) == (worth, [])


def test_a_unit_of_another_dimension_is_reported_and_the_number_kept():
    assert read("12 m", unit="kg") == (12, ["unit"])
    assert read("€5", unit="USD") == (5, ["unit"])
    assert read("5", unit="kg", context="单位：元") == (5, ["unit"])


def test_only_the_magnitude_counts_for_a_field_without_a_unit():
    assert read("3.5亿元") == (350000000, [])
    assert read("12", context="单位：万元") == (12, [])


def test_a_point_that_may_group_or_divide_is_settled_by_type_or_context_or_reported():
    assert read("1.234") == (1.234, ["ambiguous_number"])
    assert read("1.234", "integer") == (1234, [])
    assert read("1.234", context="12.50 and 7.25") == (1.234, [])
    assert read("1.234", context="12.345,60") == (1234, [])
    assert read("0.123") == (0.123, [])


def test_a_whole_number_is_kept_whole_and_another_is_not_forced():
    assert read("12.0", "integer") == (12, [])
    assert isinstance(normalise_value(field("integer"), "12.0").value, int)
    assert read("12.5", "integer") == (None, ["not_normalised"])


def test_several_numbers_or_none_have_no_value():
    assert read("10-20") == (None, ["not_normalised"])
    assert read("see annex") == (None, ["not_normalised"])
    assert read("thirty (30)") == (30, [])
    assert read("nil", "integer") == (0, [])
    assert read("  ") == (None, [])
    assert read("1e999") == (None, ["not_normalised"])


def test_a_fall_is_positive_in_a_field_that_is_itself_a_fall():
    assert read("下降5%", labels=("降幅",)) == (5, [])
    assert read("decreased by 5", labels=("decrease",)) == (5, [])
    assert read("减114", labels=("本年增/减",)) == (-114, [])


def test_big_numbers_keep_every_digit():
    assert normalise_value(field("integer"), "-12345678901234567890123456789").value == -12345678901234567890123456789


@pytest.mark.parametrize(
    ("text", "magnitude", "known"),
    [("万元", 10000, True), ("USD thousands", 1000, True), ("million yuan", 1000000, True), ("件", 1, False)],
)
def test_units_are_read_with_their_magnitude(text, magnitude, known):
    unit = units.parse_unit(text)
    assert (unit.magnitude, unit.known) == (magnitude, known)


@pytest.mark.parametrize(
    "text",
    [
        "1 " * 100_000,
        "111," * 50_000 + "1",
        "一" * 200_000,
        "1" * 200_000,
        "$(-5)" * 10_000,
        "a1-" * 20_000,
        "(" * 200_000,
    ],
    ids=lambda text: text[:6],
)
def test_finding_numbers_in_long_repetitive_text_does_not_hang(text):
    for _ in numbers.find_numbers(text):
        pass


def test_folding_keeps_every_character_in_its_place():
    text = "１２３．４５％ and ٣ 𝟗 ﹣ —"
    assert pointed(text)[0] == "１２３．４５％"


def test_currencies_of_the_whole_world_are_units_unless_their_code_is_a_word():
    assert units.parse_unit("GTQ").dimensions == {"GTQ"} and units.parse_unit("R$").dimensions == {"BRL"}
    assert not units.parse_unit("ALL").known and not units.parse_unit("TOP").known
    assert [number.unit for number in numbers.find_numbers("Sdn Bhd 12345")] == [None]


def test_every_symbol_of_a_currency_in_cldr_is_read():
    from babel.core import Locale

    from extractor.values.currencies import currency_names
    from extractor.values.territories import currency_codes

    symbols = {Locale("en").currency_symbols.get(code, code) for code in currency_codes()}
    assert {symbol for symbol in symbols if not any(c.isalpha() or c == "$" for c in symbol)} <= set(currency_names())


def test_a_mark_that_may_be_a_sign_follows_the_document_or_is_reported():
    japanese = infer_number_conventions("売上高は▲減少しました")
    charts = infer_number_conventions("Shares: ▲ 5 ▼ 3")
    for text in ("▲1,234", "△ 1,234"):
        assert read(text, conventions=japanese) == (-1234, [])
        assert read(text, conventions=charts) == (1234, ["ambiguous_number"])
        assert read(text) == (-1234, ["ambiguous_number"])
    assert read("1,234.00 CR") == (-1234, ["ambiguous_number"])
    assert read("1,234.00 OD") == (-1234, [])
    assert read("1,234.00 DR") == (1234, ["ambiguous_number"])


@pytest.mark.parametrize("text", ["10 Cranes", "1,000- 2,000", "2019—2020", "Room 5, <5"])
def test_what_stands_beside_a_number_is_not_taken_for_a_sign(text):
    assert all(number.value >= 0 for number in numbers.find_numbers(text))


def test_the_decimal_mark_of_the_document_says_what_one_mark_before_three_digits_is():
    comma = infer_number_conventions("Summe 48,00 und 1.020,50")
    point = infer_number_conventions("Sum 48.00 and 1,020.50")
    neither = infer_number_conventions("48,00 and 1,020.50; 12.03.2020")
    assert [read("1.234", conventions=conventions) for conventions in (comma, point)] == [(1234, []), (1.234, [])]
    assert read("1.234", conventions=neither) == (1.234, ["ambiguous_number"])
    assert [read("1,234", conventions=conventions) for conventions in (comma, point, neither)] == [
        (1.234, []),
        (1234, []),
        (1234, []),
    ]
    assert read("1.234", conventions=comma, context="3.50 and 2.25") == (1.234, [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-(5)", -5),
        ("-(1,234.50)", -1234.5),
        ("−(5)", -5),
        ("- 55.20", -55.2),
        ("Sum: - 55.20", -55.2),
        ("1.250,00 -", -1250),
    ],
)
def test_a_minus_apart_from_its_number_or_before_a_bracket_is_read_and_doubted(text, value):
    assert read(text) == (value, ["ambiguous_number"])


def test_a_true_minus_may_stand_apart_and_a_dash_between_two_things_is_none():
    assert read("−\u00a055.20") == (-55.2, [])
    assert read("Quay 4 - 55.20 deep")[0] is None
    assert [number.value for number in numbers.find_numbers("10-(5)")] == [10, 5]
    assert [number.value for number in numbers.find_numbers("5 - 3")] == [5, 3]


def test_thousands_parted_by_spaces_may_have_three_decimals():
    assert read("1 234,567 €") == (1234.567, [])
    assert read("1 234,567 €", conventions=infer_number_conventions("0,85 € und 48,00 €")) == (1234.567, [])
    assert read("42\u00a0987,56 kr") == (42987.56, [])
