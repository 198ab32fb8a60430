"""The fonts of the sets, embedded in every PDF: DejaVu for Latin, Droid Sans Fallback for Chinese.

Droid Sans Fallback has no Latin letters and no digits, so a line is cut into runs of one font each.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FOLDER = Path("/usr/share/fonts/truetype")
CHINESE = "DroidSansFallbackFull"
FILES = {
    CHINESE: "droid/DroidSansFallbackFull.ttf",
    "DejaVuSans": "dejavu/DejaVuSans.ttf",
    "DejaVuSans-Bold": "dejavu/DejaVuSans-Bold.ttf",
    "DejaVuSansMono": "dejavu/DejaVuSansMono.ttf",
    "DejaVuSansMono-Bold": "dejavu/DejaVuSansMono-Bold.ttf",
    "DejaVuSerif": "dejavu/DejaVuSerif.ttf",
    "DejaVuSerif-Bold": "dejavu/DejaVuSerif-Bold.ttf",
}
HASHES = {
    CHINESE: "acb6440a713d880a13a21b468ba7cd43f5a2b2934972e51be791c880730777b8",
    "DejaVuSans": "abdc775b21b1bc470d50c97e790d276f2054b7504e56e5bd3e64f48d68582322",
    "DejaVuSans-Bold": "0d977336a6d5fba34eab8e3199eb218327161b5143749f802982c2bc34df0c96",
    "DejaVuSansMono": "0f5db4f1749979d961019838b160bec74abdf7f9eca69553fe1aa856bbff49a4",
    "DejaVuSansMono-Bold": "2964f6dac8e6e9d71613928340f17bf868e9ea51692cca333c79e74962f02233",
    "DejaVuSerif": "13e61509f5c81d7c3132810f4f903e3523df89c802bf6e0674621e8f659cdfe1",
    "DejaVuSerif-Bold": "e2fd85eba2de65ac270d1cdb1685e252eb827f600850cf62af2d20c41b22e945",
}


@cache
def register() -> None:
    """Register the fonts with reportlab; ValueError where one is missing or of another version."""
    for name, place in FILES.items():
        file = FOLDER / place
        if not file.exists():
            raise ValueError(
                f"{file} is missing: install the Debian packages fonts-dejavu-core and fonts-droid-fallback"
            )
        if hashlib.sha256(file.read_bytes()).hexdigest() != HASHES[name]:
            raise ValueError(f"{file} is another version than the sets were made with; the PDFs would not be the same")
        pdfmetrics.registerFont(TTFont(name, str(file)))


@cache
def _chinese(sign: str) -> bool:
    return ord(sign) > 0x2000 and ord(sign) in pdfmetrics.getFont(CHINESE).face.charToGlyph


def runs(text: str, latin: str) -> list[tuple[str, str]]:
    """Return the text in runs of one font each."""
    found: list[tuple[str, str]] = []
    for sign in text:
        font = CHINESE if _chinese(sign) else latin
        if found and found[-1][0] == font:
            found[-1] = (font, found[-1][1] + sign)
        else:
            found.append((font, sign))
    return found
