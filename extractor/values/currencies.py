"""Currencies as printed: codes, symbols, and the names that English and Chinese reports use.

The codes are those that CLDR lists as legal tender today (through Babel). Symbols and names are a table of what is
printed, because CLDR has a symbol only in the locale that uses it, and no abbreviations such as `RMB` or `S$`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from extractor.values.territories import currency_codes

_NAMES: Mapping[str, str] = {
    "CNY": "元 圆 圓 块 人民币 人民币元 RMB yuan renminbi CN¥ RMB¥",
    "CNY JPY": "¥",
    "JPY": "円 日元 日圆 yen 'Japanese yen' JP¥",
    "USD": "美元 美金 US$ U.S.$ 'US dollars' 'US dollar' 'U.S. dollars' 'United States dollars'",
    "USD CAD AUD NZD SGD HKD TWD": "$ dollars dollar",
    "EUR": "€ 欧元 euro euros Euro",
    "GBP": "£ 英镑 'pounds sterling'",
    "HKD": "港元 港币 港幣 HK$ 'Hong Kong dollars'",
    "TWD": "新台币 新台幣 新臺幣 NT$ NTD",
    "MOP": "澳门元 MOP",
    "AUD": "澳元 A$ AU$ 'Australian dollars'",
    "CAD": "加元 C$ CA$ 'Canadian dollars'",
    "SGD": "新加坡元 新元 S$ 'Singapore dollars'",
    "NZD": "NZ$ 新西兰元 'New Zealand dollars'",
    "MYR": "RM ringgit 令吉 马币",
    "KRW": "₩ 韩元 원 won",
    "INR NPR PKR": "Rs Rs. ₨ rupees rupee",
    "INR": "₹ 卢比 'Indian rupees'",
    "RUB": "₽ 卢布 roubles rubles",
    "CHF": "Fr. 瑞士法郎 'Swiss francs'",
    "THB": "฿ 泰铢 baht",
    "VND": "₫ 越南盾",
    "IDR": "Rp 印尼盾",
    "PHP": "₱ 菲律宾比索",
    "BRL": "R$",
    "ZAR": "rand",
    "SEK NOK DKK ISK": "kr kr. kronor kroner",
    "PLN": "zł",
    "TRY": "TRY ₺",
    "ILS": "₪",
    "UAH": "₴",
    "NGN": "₦",
    "KES": "KSh Ksh",
    "CZK": "Kč",
    "DOP": "RD$",
    "GHS": "GH₵",
    "AFN": "؋",
    "AMD": "֏",
    "AZN": "₼",
    "BDT": "৳",
    "CRC": "₡",
    "GEL": "₾",
    "KHR": "៛",
    "KZT": "₸",
    "LAK": "₭",
    "MNT": "₮",
    "PYG": "₲",
}
"""Names and symbols by the currencies they can stand for, those of several words in quotation marks."""

_OTHER_MEANINGS = frozenset(
    {
        *("ALL", "AMD", "ANG", "BAM", "BHD", "BOB", "BSD", "BTN", "CLP", "COP", "CRC", "CUP", "CVE", "DOP", "ERN"),
        *("GEL", "GIP", "IRR", "KGS", "LAK", "LEK", "MAD", "MUR", "NIO", "PAB", "PEN", "RON", "SCR", "SDG", "SLE"),
        *("SOS", "SSP", "STN", "TOP"),
    }
)
"""Codes that are words or other abbreviations in reports: `TOP 10`, `Sdn Bhd 123`, `12 KGS`, `IRR 8%`, `AMD`."""

_NOT_BEFORE = frozenset({"元", "圆", "圓", "块", "TRY"})
"""Names that do not stand before an amount, or before a number are more often a word."""


@cache
def currency_names() -> dict[str, frozenset[str]]:
    """Return the codes that each printed name, symbol or code can stand for; a code with other meanings is left out."""
    names = {code: frozenset({code}) for code in sorted(currency_codes() - _OTHER_MEANINGS)}
    for codes, printed in _NAMES.items():
        for quoted, plain in re.findall(r"'([^']+)'|(\S+)", printed):
            names[quoted or plain] = frozenset(codes.split())
    return names


@cache
def currency_prefixes() -> tuple[str, ...]:
    """Return the names and symbols that stand before an amount, longest first; written-out names stand behind it."""
    prefixes = (name for name in currency_names() if name not in _NOT_BEFORE and not name[0].islower())
    return tuple(sorted(prefixes, key=len, reverse=True))
