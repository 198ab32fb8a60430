"""Where the answer to a free-text field begins and ends."""

import pytest

from extractor.grounding.span_boundaries import adjust_span, is_party, start_after_names
from extractor.schemas import load_schema
from extractor.types import Document


def field(title):
    return load_schema({"type": "object", "properties": {"a": {"type": "string", "title": title}}}).fields[0]


SLIP = """RESTORAN WAN SHENG
002043319-W
No 290, Jalan Air Panas,
Setapak, 53200 Kuala Lumpur
Tel: 603-6203 6355
Fax: 603-6203 6356
Signed by Ann Lee in Leeds on Monday, as agreed.
Order of Hill Star
SHOP: BIG STAR BOOKS (M)
"""


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        ("WAN SHENG", "RESTORAN WAN SHENG"),
        ("Jalan Air Panas,\nSetapak, 53200", "No 290, Jalan Air Panas,\nSetapak, 53200 Kuala Lumpur"),
        (
            "002043319-W\nNo 290, Jalan Air Panas,\nSetapak, 53200 Kuala Lumpur\nTel: 603-6203 6355",
            "No 290, Jalan Air Panas,\nSetapak, 53200 Kuala Lumpur",
        ),
        (
            "No 290, Jalan Air Panas,\nSetapak, 53200 Kuala Lumpur\nTel: 603-6203 6355\nFax: 603-6203 6356\nSigned",
            "No 290, Jalan Air Panas,\nSetapak, 53200 Kuala Lumpur",
        ),
        ("Setapak", "Setapak"),
        ("Hill Star", "Hill Star"),
        ("Ann Lee", "Ann Lee"),
        ("STAR BOOKS", "BIG STAR BOOKS"),
        ("Tel: 603-6203 6355", "Tel: 603-6203 6355"),
        ("002043319-W", "002043319-W"),
    ],
)
def test_the_lines_an_answer_stands_on_set_its_ends(answer, meant):
    at = SLIP.index(answer)
    start, end = adjust_span((at, at + len(answer)), field("Shop"), Document("0", "a", SLIP))
    assert SLIP[start:end] == meant


ADDRESSES = """3180303
POPULAR BOOK
CO. (M) SDN BHD
UNIT L1-044B, VIVACITY MEGAMALL,
JALAN WAN ALWI,
93350 KUCHING
SARAWAK
MALAYSIA
TAX INVOICE
Hill Farm Supplies
Ltd
Unit 7, Mill Lane
Leeds LS1 4AP
Page 1 of 2

19, JALAN KANCIL, 55100 KUALA LUMPUR
Ann Lee
99 STAR MART S/B
(P) Segi Cash & Carry Ltd.
HILL HARDWARE (WEST SIDE) PTE LTD
LOT P.T. 33, BATU 4
JALAN KAPAR, 41150 KLANG
1237-TMN INDAH
(GST ID No :0004)
(WEST)
"""


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        (
            "JALAN WAN ALWI,\n93350 KUCHING",
            "UNIT L1-044B, VIVACITY MEGAMALL,\nJALAN WAN ALWI,\n93350 KUCHING\nSARAWAK\nMALAYSIA",
        ),
        (
            "UNIT L1-044B, VIVACITY MEGAMALL,\nJALAN WAN ALWI,\n93350 KUCHING\nSARAWAK\nMALAYSIA\nTAX INVOICE",
            "UNIT L1-044B, VIVACITY MEGAMALL,\nJALAN WAN ALWI,\n93350 KUCHING\nSARAWAK\nMALAYSIA",
        ),
        ("JALAN KAPAR, 41150 KLANG", "LOT P.T. 33, BATU 4\nJALAN KAPAR, 41150 KLANG\n1237-TMN INDAH"),
        (
            "JALAN KAPAR, 41150 KLANG\n1237-TMN INDAH\n(GST ID No :0004)\n(WEST)",
            "LOT P.T. 33, BATU 4\nJALAN KAPAR, 41150 KLANG\n1237-TMN INDAH",
        ),
        ("Leeds LS1 4AP", "Unit 7, Mill Lane\nLeeds LS1 4AP"),
        ("Unit 7, Mill Lane\nLeeds LS1 4AP", "Unit 7, Mill Lane\nLeeds LS1 4AP"),
    ],
)
def test_an_address_takes_the_lines_that_only_addresses_have(answer, meant):
    at = ADDRESSES.index(answer)
    document = Document("0", "a", ADDRESSES)
    start, end = adjust_span((at, at + len(answer)), field("Address"), document)
    assert ADDRESSES[start:end] == meant
    if "INVOICE" not in answer and "GST" not in answer:
        start, end = adjust_span((at, at + len(answer)), field("E-mail address"), document)
        assert ADDRESSES[start:end] == answer


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        ("CO. (M) SDN BHD", "POPULAR BOOK\nCO. (M) SDN BHD"),
        ("99 STAR MART", "99 STAR MART S/B"),
        ("Cash & Carry", "Segi Cash & Carry Ltd."),
        ("PTE LTD", "HILL HARDWARE (WEST SIDE) PTE LTD"),
        ("SDN BHD", "POPULAR BOOK\nCO. (M) SDN BHD"),
        ("Hill Farm Supplies", "Hill Farm Supplies\nLtd"),
        ("Ann Lee", "Ann Lee"),
    ],
)
def test_a_name_goes_on_with_the_form_of_its_company(answer, meant):
    at = ADDRESSES.index(answer)
    start, end = adjust_span((at, at + len(answer)), field("Shop"), Document("0", "a", ADDRESSES))
    assert ADDRESSES[start:end] == meant


def test_a_label_in_front_of_a_name_stays_outside():
    text = "Agency BIG STAR\n"
    at = text.index("BIG")
    assert adjust_span((at, at + 8), field("Agency name"), Document("0", "a", text)) == (at, at + 8)
    assert adjust_span((at, at + 8), field("Sender"), Document("0", "a", text)) == (0, at + 8)


@pytest.mark.parametrize(
    ("answer", "name", "meant"),
    [
        ("32 PUB own by CNU TRADING\n78G, JALAN SS21,\n47400 PJ", "CNU TRADING", "78G, JALAN SS21,\n47400 PJ"),
        ("32 PUB own by CNU TRADING\n78G, JALAN SS21,\n47400 PJ", "47400", None),
        ("CNU TRADING, Leeds", "CNU TRADING", None),
        ("CNU TRADING\nLeeds", "CNU TRADING", None),
    ],
)
def test_an_address_begins_behind_the_name_of_whose_it_is(answer, name, meant):
    at = answer.index(name)
    assert answer[start_after_names((0, len(answer)), [(at, at + len(name))], answer) :] == (meant or answer)


def test_lines_joined_by_ocr_are_no_part_of_an_address():
    text = "12, Jalan Tampoi 7/4,Kawasan\n81200 Johor Bahru,Johor\nTAXINVOICE\nInvoice # 12"
    start, end = adjust_span((0, text.index("\nInvoice")), field("Address"), Document("0", "a", text))
    assert text[start:end] == "12, Jalan Tampoi 7/4,Kawasan\n81200 Johor Bahru,Johor"


def test_fields_that_name_a_party_are_told_by_their_names():
    assert [is_party(field(title)) for title in ("Company", "Shop address", "Seller", "Title", "Customer email")] == [
        True, False, True, False, False,
    ]  # fmt: skip


def test_an_address_whose_lines_stand_apart_goes_on_behind_a_blank_line():
    apart = "GL CRAFT\n\n19, JALAN KANCIL,\n\nOFF JALAN PUDU.\n\n55100 KUALA LUMPUR\n\nMALAYSIA\nCompany Reg: 75495"
    close = "GL CRAFT\n\n19, JALAN KANCIL,\nOFF JALAN PUDU.\n55100 KUALA LUMPUR\n\nMALAYSIA\nCompany Reg: 75495"
    for text, last in ((apart, "MALAYSIA"), (close, "LUMPUR")):
        start, end = adjust_span(
            (text.index("19"), text.index("LUMPUR") + 6), field("Address"), Document("0", "a", text)
        )
        assert text[start:end].startswith("19") and text[start:end].endswith(last)
