"""Whether a document writes the day or the month first, by the territories that its print speaks for."""

import contextlib
import re

import pytest
from babel.core import Locale, UnknownLocaleError

from extractor.settings import replaced
from extractor.values.locale import LocaleSettings, infer_day_month_order
from extractor.values.territories import currency_codes, day_month_order, territory_names


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("12 Elm St, Dayton, OH 45402", "mdy"),
        ("Call (937) 555-0142 for a copy", "mdy"),
        ("Hill Supply LLC", "mdy"),
        ("Total RM 12.00", "dmy"),
        ("+44 20 7946 0018", "dmy"),
        ("Leeds LS1 4AP", "dmy"),
        ("Order of spare parts", "dmy"),
        ("Printed May 20, 2031", "mdy"),
        ("Printed 20 May 2031", "dmy"),
        ("", "dmy"),
        # Territories from all over the world.
        ("Padaria Bela Vista Ltda\nRua das Flores 12, 01310-100 São Paulo\nTotal R$ 84,90", "dmy"),
        ("Sunrise Hardware, Moi Avenue, Nairobi, Kenya\nTOTAL KSh 1,250.00", "dmy"),
        ("Kowalski i Syn Sp. z o.o.\nul. Polna 3, 00-950 Warszawa\nRazem 120,00 zł", "dmy"),
        ("Mabini Trading Inc.\nQuezon City, Philippines\nTOTAL ₱ 1,120.00", "mdy"),
        ("Mabini Trading Corp.\nTOTAL PHP 1,120.00", "mdy"),
        ("Maple Tools Inc.\n88 King St, Toronto ON M5H 1J9\nTOTAL CA$ 56.40", "mdy"),
        ("Tan Trading Pte Ltd, Singapore\nGrand total S$ 17.40", "dmy"),
        ("Bäckerei Huber GmbH, 80331 München\nSumme 12,50 €", "dmy"),
        ("Patel Stores Pvt. Ltd., Mumbai, India\nTotal ₹ 940.00", "dmy"),
        ("Outback Supplies Pty Ltd, Perth\nTotal A$ 48.00", "dmy"),
        ("Ferretería del Sur S.A. de C.V.\nTotal MXN 480.00", "dmy"),
        ("Cape Tools (Pty) Ltd, South Africa\nTotal ZAR 480.00", "dmy"),
        ("Svensson AB, Göteborg, Sweden\nSumma 480,00 SEK", "dmy"),
        ("Isla Verde Café, San Juan, PR 00979\nTotal $12.50", "mdy"),
        ("Panadería Central, Panama\nTotal PAB 12.50", "mdy"),
        ("Acme Widgets Inc.\nSpringfield, IL 62701\nShipped to Hamburg, Germany", "mdy"),
    ],
)
def test_the_order_follows_the_territories_that_the_text_speaks_for(text, order):
    assert infer_day_month_order(f"{text}\n03/04/2020") == order


def test_a_text_without_a_date_in_figures_needs_no_evidence():
    assert infer_day_month_order("Dayton, OH 45402, March 4, 2020") == "dmy"


def test_an_invoice_in_us_dollars_says_nothing_about_where_it_was_written():
    assert infer_day_month_order("Total USD 1,200.00\n03/04/2020") == "dmy"


def test_each_kind_of_evidence_can_be_switched_off():
    text = "Hill Supply LLC\n03/04/2020"
    with replaced(LocaleSettings(use_legal_forms=False)):
        assert infer_day_month_order(text) == "dmy"
    assert infer_day_month_order(text) == "mdy"


def cldr_order(territory):
    """Return the order by the first date pattern of the territory's main language that does not begin with the year."""
    formats = Locale.parse(f"und_{territory}").date_formats
    for length in ("short", "medium", "long"):
        letters = re.sub(r"'[^']*'|[^dMLy]", "", formats[length].pattern).replace("L", "M")
        order = "".join(dict.fromkeys(letters))
        if order and order[0] != "y":
            return "dmy" if order.index("d") < order.index("M") else "mdy"
    return None


def test_the_order_of_every_territory_is_that_of_its_date_patterns_in_cldr():
    different = {}
    for territory in territory_names():
        with contextlib.suppress(UnknownLocaleError):
            if cldr_order(territory) != day_month_order(territory):
                different[territory] = cldr_order(territory)
    assert different == {}


def test_currencies_are_those_in_use():
    assert "MYR" in currency_codes() and "DEM" not in currency_codes()


def test_order_of_a_long_text_is_that_of_one_of_its_lines():
    text = "Hill Ltd (M) RM 5.00 Kenya 12-345 AB 03/04/2020\n"
    assert infer_day_month_order(text * 4_000) == infer_day_month_order(text)
