"""Countries in which the English receipts and invoices are issued: their currency, tax, addresses and number formats.

Companies, streets, towns and numbers are invented; only the form in which each country prints them is real.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from eval.making import words


@dataclass(frozen=True)
class Country:
    """What a country's receipts have in common.

    `sign` is what stands before an amount, `currency` its ISO 4217 code; `tax_rate` is in per cent; `tax_number`,
    `address` and `phone` return invented ones in the country's form; `forms` are legal forms of companies, and `dates`
    styles of `words.printed_day`.
    """

    currency: str
    sign: str
    tax: str
    tax_rate: float
    tax_label: str
    tax_number: Callable[[Random], str]
    address: Callable[[Random], str]
    phone: Callable[[Random], str]
    forms: tuple[str, ...]
    dates: tuple[str, ...]

    @property
    def printed_rate(self) -> str:
        """Return the tax rate as printed: `13.5%`."""
        return f"{self.tax_rate:g}%"

    def company(self, rng: Random, trade: str) -> str:
        """Return the name of a company; `trade` is the word that says what it does."""
        owners = rng.choice(["& Sons ", "", "& Co. ", "Brothers "])
        return f"{rng.choice(words.LAST)} {owners}{trade} {rng.choice(self.forms)}"


def _digits(rng: Random, pattern: str) -> str:
    """Return the pattern with a random digit for each #, the first of each run not 0."""
    return "".join(
        str(rng.randint(1 if n == 0 or pattern[n - 1] != "#" else 0, 9)) if sign == "#" else sign
        for n, sign in enumerate(pattern)
    )


def _street(rng: Random) -> str:
    return f"{rng.randint(2, 388)} {rng.choice(words.STREETS)}"


def _by_pattern(pattern: str) -> Callable[[Random], str]:
    return lambda rng: _digits(rng, pattern)


def _by_town(*regions: str) -> Callable[[Random], str]:
    """Return a function that makes an address of a street, a town, and one of the regions with its postal code."""
    return lambda rng: f"{_street(rng)}, {rng.choice(words.PLACES)}{_digits(rng, rng.choice(regions))}"


UNITED_KINGDOM = Country(
    "GBP", "£", "VAT", 20, "VAT No.", _by_pattern("GB ### #### ##"),
    lambda rng: words.address(rng, "en"), lambda rng: words.phone(rng, "en"),
    ("Ltd", "Limited", "LLP"), ("dmy", "long", "short"),
)  # fmt: skip
IRELAND = Country(
    "EUR", "€", "VAT", 13.5, "VAT Reg. No.", _by_pattern("IE #######WA"),
    _by_town(", Co. Wexley, Y## E#P#", ", Co. Harrow, R## TF##"), _by_pattern("0## ### ####"),
    ("Ltd", "Limited", "DAC"), ("dmy", "long", "short"),
)  # fmt: skip
UNITED_STATES = Country(
    "USD", "$", "Sales tax", 8, "EIN", _by_pattern("##-#######"),
    _by_town(", OH 4####", ", OR 97###", ", ME 04###"), _by_pattern("(614) 555-01##"),
    ("LLC", "Inc."), ("us", "mdy"),
)  # fmt: skip
CANADA = Country(
    "CAD", "CA$", "HST", 13, "HST No.", _by_pattern("######### RT 0001"),
    _by_town(", ON K#P #L#", ", NB E#L #H#", ", ON L#T #B#"), _by_pattern("613-555-01##"),
    ("Inc.", "Ltd."), ("iso", "us"),
)  # fmt: skip
AUSTRALIA = Country(
    "AUD", "$", "GST", 10, "ABN", _by_pattern("## ### ### ###"),
    _by_town(" VIC 3###", " NSW 2###", " QLD 4###"), _by_pattern("(03) #### ####"),
    ("Pty Ltd", "Pty Limited"), ("dmy", "short", "long"),
)  # fmt: skip
NEW_ZEALAND = Country(
    "NZD", "NZ$", "GST", 15, "GST No.", _by_pattern("##-###-###"),
    _by_town(" 3###", " 6###"), _by_pattern("09 ### ####"),
    ("Limited", "Ltd"), ("dmy", "short"),
)  # fmt: skip
SINGAPORE = Country(
    "SGD", "S$", "GST", 9, "GST Reg. No.", _by_pattern("20##-#####-K"),
    lambda rng: f"{_street(rng)}, #{_digits(rng, '0#-##')}, Singapore {_digits(rng, '######')}", _by_pattern("+65 6### ####"),
    ("Pte. Ltd.", "Pte Ltd"), ("dmy", "short"),
)  # fmt: skip
INDIA = Country(
    "INR", "Rs. ", "GST", 18, "GSTIN", _by_pattern("27AB#CD####E1Z#"),
    _by_town(" Nagar, Maharashtra 41####", " Layout, Karnataka 56####"), _by_pattern("+91 98### #####"),
    ("Pvt. Ltd.", "Private Limited"), ("dmy", "short"),
)  # fmt: skip
SOUTH_AFRICA = Country(
    "ZAR", "R", "VAT", 15, "VAT Reg. No.", _by_pattern("4#########"),
    _by_town(", Gauteng, 21##", ", Western Cape, 74##"), _by_pattern("011 ### ####"),
    ("(Pty) Ltd", "CC"), ("slash", "iso", "long"),
)  # fmt: skip
