"""Dates, times, addresses, yes and no, closed lists: where they are found, and what they mean."""

import pytest

from extractor.schemas import load_schema
from extractor.settings import replaced
from extractor.types import Field
from extractor.values import contacts
from extractor.values.normalisation import find_spans, normalise_value, value_kind
from extractor.values.normalise_dates import DateSettings


def field(format=None, type="string", **more):
    schema = {"type": type, **({"format": format} if format else {}), **more}
    return Field(("x",), type, schema, format=format, enum=tuple(more["enum"]) if "enum" in more else None)


def read(text, format="date", context="", other_dates=()):
    found = normalise_value(field(format), text, context, other_dates=other_dates)
    return found.value, [problem.kind for problem in found.problems]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2020-01-02", "2020-01-02"),
        ("2020/1/2", "2020-01-02"),
        ("2020.1.2", "2020-01-02"),
        ("2020年1月2日", "2020-01-02"),
        ("2020 年 1 月 2 日", "2020-01-02"),
        ("二〇二〇年一月二日", "2020-01-02"),
        ("二〇二一年十二月二十五日", "2021-12-25"),
        ("10/27/2020", "2020-10-27"),
        ("27.10.2020", "2020-10-27"),
        ("27-10-2020", "2020-10-27"),
        ("10/27/20", "2020-10-27"),
        ("03/03/2020", "2020-03-03"),
        ("27 Oct 2020", "2020-10-27"),
        ("27/Oct/2020", "2020-10-27"),
        ("October 27, 2020", "2020-10-27"),
        ("October 27th, 2020", "2020-10-27"),
        ("1st of October, 2020", "2020-10-01"),
        ("30th day of October, 2020", "2020-10-30"),
        ("1\nday of October\n2020", "2020-10-01"),
        ("Sept. 5, 2019", "2019-09-05"),
        ("Oct 27/20", "2020-10-27"),
        ("Feb13/20", "2020-02-13"),
        ("25-MAR-18", "2018-03-25"),
        ("25MAR2018", "2018-03-25"),
        ("20200102", "2020-01-02"),
        ("25032018", "2018-03-25"),
        ("１０/２７/２０２０", "2020-10-27"),
        ("4 octobre 2024", "2024-10-04"),
        ("1er août 2024", "2024-08-01"),
        ("25 de septiembre de 2025", "2025-09-25"),
        ("3. März 2024", "2024-03-03"),
        ("12 maart 2025", "2025-03-12"),
        ("99/01/02", "1999-01-02"),
    ],
)
def test_a_date_is_found_whole_and_normalised(text, iso):
    assert [text[a:b] for a, b in find_spans("date", text)] == [text]
    assert read(text) == (iso, [])


@pytest.mark.parametrize("date", ["31 January 2020", "January 31, 2020", "31 Jan. 20", "Jan 31, '20", "2020-01-31"])
def test_a_date_before_a_colon_keeps_its_year(date):
    text = f"{date}: signed"
    assert [text[a:b] for a, b in find_spans("date", text)] == [date]
    assert read(text) == ("2020-01-31", [])


@pytest.mark.parametrize("text", ["31 January 20:15", "January 31, 20:15", "31 January 10 p.m."])
def test_a_time_behind_a_day_is_no_year(text):
    assert read(text) == (None, ["incomplete_date"])


def test_an_ambiguous_order_of_day_and_month_is_reported():
    assert read("03/04/2020") == (None, ["ambiguous_date"])
    assert read("1/2/20") == (None, ["ambiguous_date"])
    assert read("03/04/2020", context="27/10/2020") == ("2020-04-03", [])
    assert read("03/04/2020", other_dates=["10/27/2020", "02/28/2020"]) == ("2020-03-04", [])
    assert read("03/04/2020", other_dates=["10/27/2020", "27/10/2020"]) == (None, ["ambiguous_date"])


def test_a_two_digit_year_in_front_is_reported_unless_other_dates_prove_it():
    assert read("20/10/27") == ("2027-10-20", ["ambiguous_date"])
    assert read("20/10/27", other_dates=["99/12/31"]) == ("2020-10-27", [])
    assert read("20/10/27", other_dates=["31/12/2019"]) == ("2027-10-20", [])


def test_an_incomplete_date_has_no_value():
    assert read("2020年1月") == (None, ["incomplete_date"])
    assert read("March 2019") == (None, ["incomplete_date"])
    assert read("1月5日") == (None, ["incomplete_date"])
    assert read("1月5日", context="2020年度") == ("2020-01-05", ["inferred_year"])
    assert read("1月5日", context="2019年至2020年") == (None, ["incomplete_date"])


def test_two_dates_or_none_have_no_value():
    assert read("2020-01-01 to 2020-02-01") == (None, ["not_normalised"])
    assert read("soon") == (None, ["not_normalised"])
    assert read("32/13/2020")[0] is None
    assert read("29/02/2019")[0] is None


def test_years_and_fractions_are_dates_only_without_a_likelier_date():
    assert [a for a, _ in find_spans("date", "in 2020")] == [3]
    assert find_spans("date", "in 2020, on 5 May 2021") == [(12, 22)]
    assert find_spans("date", "we may 12 times") == []


@pytest.mark.parametrize(
    ("text", "value_", "problems"),
    [
        ("2020-01-01T10:00:00Z", "2020-01-01T10:00:00Z", []),
        ("2020-01-01 10:00:00+08:00", "2020-01-01T10:00:00+08:00", []),
        ("27 Oct 2020, 3pm UTC", "2020-10-27T15:00:00Z", []),
        ("2020年1月1日 上午10时30分", None, ["missing_zone"]),
        ("2020-01-01", None, ["incomplete_date"]),
    ],
)
def test_a_date_time_without_time_zone_has_no_value(text, value_, problems):
    assert read(text, "date-time") == (value_, problems)


@pytest.mark.parametrize(
    ("text", "stretches"),
    [
        ("10:30-11:45", ["10:30", "11:45"]),
        ("10:00 PM-10:35 PM", ["10:00 PM", "10:35 PM"]),
        ("下午3点半", ["下午3点半"]),
        ("3 p.m.", ["3 p.m."]),
        ("ratio 3:1, 12:60", []),
        ("23:59:59-05:00", ["23:59:59-05:00"]),
    ],
)
def test_times_of_day_are_found(text, stretches):
    assert [text[a:b] for a, b in find_spans("time", text)] == stretches


@pytest.mark.parametrize(
    "text",
    [
        *("0943—3222156", "13800138000", "+86 138 0013 8000", "400-123-4567", "(813)626-3232", "010-12345678"),
        *("(813) 626-3232 ext. 12", "0931-8826231转12", "813.626.3232", "3222156", "+60 3-1234 5678", "(0943)3222156"),
    ],
)
def test_a_telephone_number_is_found_whole(text):
    sentence = f"联系电话：{text}，地址"
    assert text in [sentence[a:b] for a, b in find_spans("phone", sentence)]


@pytest.mark.parametrize(
    "text",
    [
        *("2648 1234", "26481234", "2222-3344", "33 12 34 56", "01 23 45 67 89", "01.23.45.67.89", "912 345 678"),
        *("91 234 56 78", "222 123 456", "044 668 18 00", "030/901820", "0221 4710-0", "08-508 290 00"),
        *("0475 12 34 56", "03-1234-5678", "11 91234-5678", "55 1234 5678", "98765 43210", "(02) 9374 4000"),
        *("0212 345 67 89", "8 (495) 123-45-67", "(1) 234 5678", "210 123 4567"),
    ],
)
def test_a_national_telephone_number_needs_no_country_code(text):
    """As Hong Kong, Costa Rica, Denmark, France, Spain, Czechia, Switzerland, Germany, Sweden and others print them."""
    sentence = f"Phone: {text}, fax on request"
    assert text in [sentence[a:b] for a, b in find_spans("phone", sentence)]
    assert read(text, "phone") == (text, []) and contacts.is_phone(text)


@pytest.mark.parametrize("text", ["110", "95588", "12 34 56"])
def test_a_short_number_is_a_telephone_number_where_it_is_all_there_is(text):
    assert find_spans("phone", text) == []
    assert read(text, "phone") == (text, []) and contacts.is_phone(text)


@pytest.mark.parametrize(
    "text",
    [
        *("2020-01-01", "27-10-2020", "1234567.89", "12345678元", "http://a.cn/01012345678", "INV-20200101"),
        *("1234 5678 9012 3456", "12 34 56 78 90 12 34 56 78", "2019 2020", "978-3-16-148410-0"),
    ],
)
def test_other_digits_are_no_telephone_number(text):
    assert find_spans("phone", text) == []


@pytest.mark.parametrize("text", ["2020-01-01", "27.10.2020", "1234567.89", "-1234", "1234 5678 9012 3456"])
def test_a_date_an_amount_or_a_card_number_is_not_stored_as_a_telephone_number(text):
    assert read(text, "phone") == (None, ["not_normalised"]) and not contacts.is_phone(text)


@pytest.mark.parametrize(
    ("text", "stretch"),
    [
        ("见 http://www.a.gov.cn/x/，下载", "http://www.a.gov.cn/x/"),
        ("（网址：www.gov.cn）", "www.gov.cn"),
        ("see https://a.b/c_(d).", "https://a.b/c_(d)"),
        ("at example.com/x?y=1, or", "example.com/x?y=1"),
    ],
)
def test_a_web_address_ends_before_the_punctuation_of_the_sentence(text, stretch):
    assert [text[a:b] for a, b in find_spans("uri", text)] == [stretch]


def test_a_field_for_one_kind_of_address_does_not_take_another():
    text = "a@b.com http://c.org 010-12345678"
    assert {kind: [text[a:b] for a, b in find_spans(kind, text)] for kind in ("email", "uri", "phone", "number")} == {
        "email": ["a@b.com"],
        "uri": ["http://c.org"],
        "phone": ["010-12345678"],
        "number": ["010", "12345678"],
    }


def test_addresses_are_cleaned_but_never_completed_silently():
    assert read("ｆｏｏ @ bar.com", "email") == ("foo@bar.com", [])
    assert read("foo at bar", "email") == (None, ["not_normalised"])
    assert read("https://a.cn/x。", "uri") == ("https://a.cn/x", [])
    assert read("www.a.cn", "uri") == ("https://www.a.cn", ["assumed_scheme"])
    assert read("0943—3222156", "phone") == ("0943-3222156", [])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *(
            ("是", True),
            ("否", False),
            ("yes", True),
            ("No.", False),
            ("有", True),
            ("无", False),
            ("√", True),
            ("×", False),
        ),
        *(("☑", True), ("☐", False), ("☑是 ☐否", True), ("☐是 ☑否", False), ("[x] Yes [ ] No", True), ("☒ No", False)),
        *(("☒", None), ("perhaps", None), ("yes or no", None)),
    ],
)
def test_yes_and_no_are_read(text, answer):
    assert normalise_value(field(type="boolean"), text).value is answer


def test_a_crossed_box_counts_as_a_mark_among_empty_ones():
    assert normalise_value(field(type="boolean"), "☒", "☐ Draft ☒ Final").value is True
    assert [p.kind for p in normalise_value(field(type="boolean"), "☒").problems] == ["ambiguous_boolean"]


def test_answers_inside_words_are_not_found():
    text = "是否公开：是"
    assert [text[a:b] for a, b in find_spans("boolean", text)] == ["是"]


def test_closed_lists_match_by_text_and_title():
    status = field(enum=["approved", "not approved"])
    assert normalise_value(status, "Status: NOT approved").value == "not approved"
    assert normalise_value(status, "Ａpproved").value == "approved"
    assert normalise_value(status, "pending").value is None
    titled = field(oneOf=[{"const": "m", "title": "男"}, {"const": "f", "title": "女"}])
    assert normalise_value(titled, "女").value == "f"
    assert normalise_value(field(type="integer", enum=[1, 2]), "２").value == 2


def test_free_text_is_put_on_one_line():
    assert normalise_value(field(), " 会宁县\n  人民政府  of \t X ").value == "会宁县人民政府 of X"


def test_accents_of_their_own_and_hyphens_of_any_kind_become_usual_characters():
    assert normalise_value(field(), "Cafe\u0301 12\u201190\u2010Z").value == "Café 12-90-Z"


def test_the_kind_of_a_field_follows_from_its_schema():
    assert value_kind(field("date")) == "date"
    assert value_kind(field("idn-email")) == "email"
    assert value_kind(field("phone")) == "phone"
    assert value_kind(field(type="integer")) == "integer"
    assert value_kind(field(type="string", **{"x-kind": "phone"})) == "phone"
    assert value_kind(field()) is None
    assert value_kind(field("uuid")) is None
    assert value_kind(field(enum=["a"])) is None
    assert value_kind(Field(("x",), "boolean", {"type": "boolean"}, copied=False)) is None


@pytest.mark.parametrize(
    "text", ["1/2/" * 50_000, "Jan " * 50_000, "a@" * 50_000, "www." * 50_000, "+1 22 33 44 " * 10_000]
)
def test_scanning_long_repetitive_text_does_not_hang(text):
    for kind in ("date", "time", "date-time", "email", "phone", "uri", "boolean"):
        find_spans(kind, text)


def test_a_time_against_a_date_is_no_part_of_it():
    for text, printed in (("Date:19-03-201818:08:38", "19-03-2018"), ("2018-03-1918:08", "2018-03-19")):
        assert [text[s:e] for s, e in find_spans("date", text)] == [printed]
    assert find_spans("date", "12/3/20182") == []


@pytest.mark.parametrize("name", ["date", "invoice_date", "dateOfIssue", "SignDate"])
def test_a_text_field_named_a_date_is_found_as_a_date_and_kept_as_printed(name):
    fields = load_schema({"properties": {name: {"type": "string"}, "update": {"type": "string"}}}).fields
    assert [value_kind(f) for f in fields] == ["date", None]
    assert normalise_value(fields[0], "03 Mar 2018").value == "03 Mar 2018"


def test_an_ambiguous_date_follows_the_given_order_only_where_nothing_proves_its_order():
    def chosen(text, **more):
        found = normalise_value(field("date"), text, **more)
        return found.value, [problem.kind for problem in found.problems]

    assert chosen("03/04/2020", day_month_order="dmy") == ("2020-04-03", ["ambiguous_date"])
    assert chosen("03/04/2020", day_month_order="mdy") == ("2020-03-04", ["ambiguous_date"])
    assert chosen("03/04/2020", day_month_order="dmy", other_dates=["10/27/2020"]) == ("2020-03-04", [])
    assert chosen("03/27/2020", day_month_order="dmy") == ("2020-03-27", [])


def test_what_settles_a_date_can_be_switched_off():
    with replaced(DateSettings(other_dates_prove_order=False)):
        assert read("03/04/2020", other_dates=["10/27/2020"]) == (None, ["ambiguous_date"])
    with replaced(DateSettings(order_follows_territory=False)):
        assert normalise_value(field("date"), "03/04/2020", day_month_order="mdy").value is None
    with replaced(DateSettings(missing_year_is_inferred=False)):
        assert read("3月4日", context="2020年") == (None, ["incomplete_date"])
    assert read("3月4日", context="2020年") == ("2020-03-04", ["inferred_year"])


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("令和5年4月1日", "2023-04-01"),
        ("令和元年１２月２日", "2019-12-02"),
        ("平成二十九年三月三十一日", "2017-03-31"),
        ("令6.2.29", "2024-02-29"),
        ("昭60年3月5日", "1985-03-05"),
        ("昭和 63 年 11 月 3 日", "1988-11-03"),
        ("大正12年9月1日", "1923-09-01"),
        ("㍻30年1月5日", "2018-01-05"),
        ("R5.4.1", "2023-04-01"),
        ("Ｈ３０．１．５", "2018-01-05"),
        ("R5年4月1日", "2023-04-01"),
        ("令和5年（2023年）4月1日", "2023-04-01"),
        ("2023年(令和5年)4月1日", "2023-04-01"),
        ("中華民國112年8月7日", "2023-08-07"),
        ("民國一百一十二年八月七日", "2023-08-07"),
        ("民國 88.08.07", "1999-08-07"),
        ("๗ สิงหาคม พ.ศ. ๒๕๖๖", "2023-08-07"),
        ("7 ส.ค. 66", "2023-08-07"),
        ("佛曆2566年8月7日", "2023-08-07"),
    ],
)
def test_years_of_eras_are_read_as_years_of_the_common_era(text, iso):
    assert [text[a:b] for a, b in find_spans("date", text)] == [text]
    assert read(text) == (iso, [])


def test_a_calendar_that_is_not_named_is_reported_unless_the_surroundings_name_it():
    assert read("112年8月7日") == ("2023-08-07", ["ambiguous_date"])
    assert read("112/08/07", context="民國") == ("2023-08-07", [])
    assert read("07/08/2566", context="27/10/2566") == ("2023-08-07", ["ambiguous_date"])
    assert read("07/08/2566", context="วันที่ 27/10/2566") == ("2023-08-07", [])
    assert read("88年8月7日") == ("1988-08-07", [])
    assert read("88年8月7日", other_dates=["民國112年1月1日"]) == ("1999-08-07", ["ambiguous_date"])
    assert read("22年8月7日", other_dates=["平成21年1月1日"]) == ("2022-08-07", ["ambiguous_date"])
    assert read("1402/05/16") == ("1402-05-16", ["ambiguous_date"])


def test_a_wide_space_may_stand_before_the_words_for_year_month_and_day():
    assert find_spans("date", "令和 6\t年 4\t月 9\t日") == [(0, 14)]
    assert find_spans("date", "2031年\t4月\t9月") == [(0, 5)]


@pytest.mark.parametrize(
    ("text", "others", "value"),
    [
        ("4 March", ("1 March 2031", "31 March 2031", "1 June 2044"), "2031-03-04"),
        ("4 March", ("20 February 2031", "9 October 2030"), "2031-03-04"),
        ("4 March", ("1 August 2031", "1 October 2030"), None),
        ("4 March", ("10 March 2031", "20 March 2032"), None),
        ("29 February", ("1 March 2032", "1 March 2031"), None),
    ],
)
def test_missing_year_is_that_of_the_date_that_is_clearly_nearest(text, others, value):
    assert read(text, other_dates=others)[0] == value


@pytest.mark.parametrize("language", ["da", "de", "es", "fr", "it", "nb", "nl", "pl", "pt", "sv"])
def test_names_of_months_are_those_of_cldr(language):
    from babel.core import Locale

    for number, name in Locale(language).months["format"]["wide"].items():
        assert read(f"7 {name} 2031") == (f"2031-{number:02d}-07", [])
