"""Pictures of pages whose text is known, and what scanners and phones do to them; all are made from seeds.

Fonts: DejaVu and Droid Sans Fallback, as Debian's fonts-dejavu-core and fonts-droid-fallback install them.
"""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONTS = {
    "serif": "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf",
    "sans": "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "mono": "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "chinese": "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
}
ENGLISH_WORDS = (
    "the report council water supply annual budget review district office received requests information during year "
    "public service department committee published decision within thirty working days applicant reply records "
    "inspection equipment pressure valve replaced technician measured temperature normal result sample laboratory "
    "contract payment invoice delivery quantity total amount account balance customer address number signed approved "
    "according to section under which all other costs were shared between schools and roads in spring after heavy rain"
)
CHINESE_WORDS = (
    "本年度 政府 信息公开 工作 年度报告 主动公开 依申请公开 行政机关 新收 申请 数量 "
    "自然人 法人 其他组织 结果维持 结果纠正 尚未审结 予以公开 部分公开 不予公开 "
    "国家秘密 法律 行政法规 禁止 公开 危及 国家安全 公共安全 经济安全 社会稳定 保护 "
    "第三方 合法权益 县人民政府 办公室 负责 组织 协调 全县 各乡镇 街道 部门 进一步 "
    "完善 工作机制 提高 服务 水平 加强 监督 考核 群众 满意 平台 建设 网站 更新 "
    "及时 准确 全面 规范 重点 领域 财政 预算 决算 教育 医疗 卫生 环境 安全生产 "
    "食品药品 监管"
)
ENGLISH, CHINESE = ENGLISH_WORDS.split(), CHINESE_WORDS.split()
GOODS = (
    "Rice 5kg",
    "Cooking oil 2L",
    "A4 paper 80g",
    "Ballpoint pen",
    "Fish ball",
    "Coffee 200g",
    "Battery AA",
    "Soap",
)
GOODS_CHINESE = ("大米五公斤", "食用油", "复印纸", "签字笔", "速冻鱼丸", "速溶咖啡", "五号电池", "洗衣液")


@cache
def font(name: str, pixels: int) -> ImageFont.FreeTypeFont:
    """Return a font of that height; raise OSError where it is not installed (`make system` installs it)."""
    return ImageFont.truetype(FONTS[name], pixels)


@dataclass
class DrawnPage:
    """A white page that is written on; sizes and places are in points, `lines` is its text in reading order."""

    width: float
    height: float
    dpi: int = 150
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.picture = Image.new("RGB", (round(self._pixels(self.width)), round(self._pixels(self.height))), "white")
        self.draw = ImageDraw.Draw(self.picture)

    def _pixels(self, points: float) -> float:
        return points * self.dpi / 72

    def _split_by_font(self, text: str, size: float, face: str) -> list[tuple[str, ImageFont.FreeTypeFont]]:
        """Return stretches of text with their fonts; the Chinese one has neither Latin letters nor digits."""
        pixels = round(self._pixels(size))
        runs = itertools.groupby(text, key=lambda each: "sans" if face == "chinese" and each.isascii() else face)
        return [("".join(run), font(name, pixels)) for name, run in runs]

    def width_of(self, text: str, size: float, face: str) -> float:
        """Return how wide the text would be."""
        return sum(letters.getlength(run) for run, letters in self._split_by_font(text, size, face)) * 72 / self.dpi

    def write(self, x: float, baseline: float, text: str, size: float, face: str, *, right: bool = False) -> None:
        """Write on a baseline, from `x` or, with `right`, up to it; the reading order is the order of calls."""
        at = self._pixels(x - self.width_of(text, size, face) if right else x)
        for run, letters in self._split_by_font(text, size, face):
            self.draw.text((at, self._pixels(baseline)), run, "black", letters, anchor="ls")
            at += letters.getlength(run)
        self.lines.append(text)

    def draw_line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a ruling line."""
        points = [self._pixels(each) for each in (x0, y0, x1, y1)]
        self.draw.line(points, "black", max(1, round(self.dpi / 100)))


@dataclass(frozen=True, slots=True)
class PageSample:
    """A picture of a page with its text in reading order."""

    name: str
    picture: Image.Image
    dpi: int
    text: str


def _make_sample(name: str, page: DrawnPage) -> PageSample:
    return PageSample(name, page.picture, page.dpi, "\n".join(page.lines))


def _sentence(rng: random.Random, words: int) -> str:
    chosen = [rng.choice(ENGLISH) for _ in range(words)]
    if rng.random() < 0.4:
        chosen.insert(rng.randrange(1, words), rng.choice(["1,204.50", "2019", "12/04/2021", "37%", "(b)", "No. 883"]))
    return " ".join(chosen).capitalize() + "."


def _phrase(rng: random.Random, words: int) -> str:
    parts = [rng.choice(CHINESE) for _ in range(words)]
    if rng.random() < 0.5:
        parts.insert(rng.randrange(1, words), f"{rng.randrange(2, 9999)}件")
    return "".join(parts) + rng.choice("，。；")


def _write_lines(
    page: DrawnPage, text: str, x: float, top: float, width: float, size: float, face: str, leading: float
) -> float:
    """Write running text in lines no wider than `width`; return the baseline for the line after the last."""
    pieces = list(text) if face == "chinese" else [word + " " for word in text.split()]
    line, base = "", top
    for piece in [*pieces, None]:
        over = piece is None or page.width_of((line + piece).rstrip(), size, face) > width
        if over and not (piece and piece in "，。；"):
            page.write(x, base, line.rstrip(), size, face)
            line, base = "", base + leading
        line += piece or ""
    return base


def prose_english(seed: int) -> PageSample:
    rng, page = random.Random(seed), DrawnPage(420, 460)
    page.write(40, 60, "Annual report on requests received", 15, "serif")
    base = 90.0
    while base < 350:
        text = " ".join(_sentence(rng, rng.randrange(7, 14)) for _ in range(4))
        base = _write_lines(page, text, 40, base, 340, 10, "serif", 14) + 8
    return _make_sample("prose, English", page)


def prose_chinese(seed: int) -> PageSample:
    rng, page = random.Random(seed), DrawnPage(420, 460)
    page.write(90, 60, "政府信息公开工作年度报告", 18, "chinese")
    base = 92.0
    while base < 350:
        text = "".join(_phrase(rng, rng.randrange(3, 6)) for _ in range(9))
        base = _write_lines(page, text, 40, base, 340, 11, "chinese", 17) + 9
    return _make_sample("prose, Chinese", page)


def columns_english(seed: int) -> PageSample:
    rng, page = random.Random(seed), DrawnPage(400, 360, dpi=200)
    page.write(40, 45, "Terms of delivery and payment", 13, "sans")
    for x in (40, 220):
        base = 70.0
        while base < 290:
            text = " ".join(_sentence(rng, rng.randrange(6, 12)) for _ in range(3))
            base = _write_lines(page, text, x, base, 160, 7.5, "sans", 10) + 5
    return _make_sample("two columns of small print", page)


def table_chinese(seed: int) -> PageSample:
    rng, page = random.Random(seed), DrawnPage(420, 420)
    page.write(120, 50, "收到和处理申请情况", 15, "chinese")
    xs = (40, 200, 260, 320, 380)
    rows = [("申请办理情况", "自然人", "法人", "总计")]
    for number in range(12):
        one, two = rng.randrange(0, 900), rng.randrange(0, 90)
        rows.append((f"{number + 1}. {rng.choice(CHINESE)}{rng.choice(CHINESE)}", str(one), str(two), str(one + two)))
    top, high = 75.0, 22.0
    for number, row in enumerate(rows):
        for x, text in zip(xs, row, strict=False):
            page.write(x + 6, top + number * high + 15, text, 10, "chinese")
    for number in range(len(rows) + 1):
        page.draw_line(xs[0], top + number * high, xs[-1], top + number * high)
    for x in xs:
        page.draw_line(x, top, x, top + len(rows) * high)
    return _make_sample("table, Chinese", page)


def receipt_english(seed: int) -> PageSample:
    rng, page = random.Random(seed), DrawnPage(204, 560, dpi=200)
    for line in ("GREEN VALLEY TRADING LTD", "Tax No. 104823-K", "12 Mill Lane, Unit 3/7, Northbridge"):
        page.write(18, 30 + 12 * len(page.lines), line, 8, "mono")
    page.write(18, 80, f"Invoice: {rng.randrange(10**7, 10**8)}", 8, "mono")
    page.write(
        18, 92, f"Date: {rng.randrange(1, 29):02}/0{rng.randrange(1, 10)}/2018 11:{rng.randrange(10, 60)}", 8, "mono"
    )
    base, total = 120.0, 0
    for _ in range(15):
        count, price = rng.randrange(1, 5), rng.randrange(90, 4000)
        total += count * price
        page.write(18, base, rng.choice(GOODS), 8, "mono")
        page.write(24, base + 11, f"{count} x {price / 100:.2f}", 8, "mono")
        page.write(186, base + 11, f"{count * price / 100:,.2f}", 8, "mono", right=True)
        base += 24
    page.write(18, base + 10, "TOTAL EUR", 11, "mono")
    page.write(186, base + 10, f"{total / 100:,.2f}", 11, "mono", right=True)
    page.write(18, base + 30, "THANK YOU, PLEASE COME AGAIN", 8, "mono")
    return _make_sample("receipt, English", page)


def receipt_chinese(seed: int) -> PageSample:
    rng, page = random.Random(seed), DrawnPage(164, 520, dpi=200)
    page.write(40, 30, "青山便利超市", 13, "chinese")
    page.write(14, 52, f"单号：{rng.randrange(10**9, 10**10)}", 8, "chinese")
    page.write(
        14, 66, f"时间：2021-0{rng.randrange(1, 10)}-{rng.randrange(10, 29)} 18:{rng.randrange(10, 60)}", 8, "chinese"
    )
    base, total = 90.0, 0
    for _ in range(20):
        price = rng.randrange(90, 9000)
        total += price
        page.write(14, base, rng.choice(GOODS_CHINESE), 8, "chinese")
        page.write(150, base, f"{price / 100:.2f}", 8, "chinese", right=True)
        base += 16
    page.write(14, base + 12, "合计", 11, "chinese")
    page.write(150, base + 12, f"￥{total / 100:.2f}", 11, "chinese", right=True)
    page.write(14, base + 34, "谢谢惠顾，欢迎再次光临", 8, "chinese")
    return _make_sample("receipt, Chinese", page)


PAGES: Sequence[Callable[[int], PageSample]] = (
    prose_english, table_chinese, receipt_english, prose_chinese, columns_english, receipt_chinese,
)  # fmt: skip


# Damage.


def skew(degrees: float) -> Callable[[Image.Image], Image.Image]:
    """Return a function that turns a picture clockwise by some degrees, on a white canvas that holds all of it."""
    return lambda picture: picture.rotate(-degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="white")


def cast_shadow(picture: Image.Image) -> Image.Image:
    """Light a page from one corner, with the shadow of a hand across, as in a phone's picture."""
    height, width = picture.height, picture.width
    ys, xs = np.mgrid[0:height, 0:width]
    light = 1.0 - 0.45 * (xs / width * 0.6 + ys / height * 0.4)
    edge = xs / width + 0.35 * ys / height - 0.75
    light *= 1.0 - 0.4 / (1.0 + np.exp(-edge * 40))
    return Image.fromarray((np.asarray(picture) * light[..., None]).clip(0, 255).astype(np.uint8))


def add_noise(picture: Image.Image) -> Image.Image:
    """Add grain, and black and white specks."""
    rng = np.random.default_rng(7)
    pixels = np.asarray(picture).astype(np.float32) + rng.normal(0, 28, (picture.height, picture.width, 1))
    specks = rng.random((picture.height, picture.width, 1))
    pixels = np.where(specks < 0.002, 0, np.where(specks > 0.998, 255, pixels))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def fade(picture: Image.Image) -> Image.Image:
    """Turn black into a light grey, as thermal print fades, on paper that is not quite white."""
    rng = np.random.default_rng(8)
    pixels = (
        232
        - (255 - np.asarray(picture).astype(np.float32)) * 0.22
        + rng.normal(0, 4, (picture.height, picture.width, 1))
    )
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def compress(picture: Image.Image) -> Image.Image:
    """Put a page through JPEG of low quality."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=18)
    return Image.open(file).convert("RGB")


def blur(picture: Image.Image) -> Image.Image:
    """Put a page out of focus."""
    return picture.filter(ImageFilter.GaussianBlur(1.2))


def reduce_resolution(picture: Image.Image) -> Image.Image:
    """Reduce a page to three fifths of its resolution, while the file still claims the full one."""
    return picture.resize((round(picture.width * 0.6), round(picture.height * 0.6)), Image.Resampling.LANCZOS)


def add_border(picture: Image.Image) -> Image.Image:
    """Put a page on the black lid of a scanner."""
    lid = Image.new("RGB", (picture.width + 160, picture.height + 120), (18, 18, 20))
    lid.paste(picture, (100, 40))
    return lid


DAMAGE: dict[str, Callable[[Image.Image], Image.Image]] = {
    "clean": lambda picture: picture,
    "turned 90": lambda picture: picture.transpose(Image.Transpose.ROTATE_270),
    "turned 180": lambda picture: picture.transpose(Image.Transpose.ROTATE_180),
    "turned 270": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "skewed 1": skew(1.0),
    "skewed -3": skew(-3.0),
    "skewed 7": skew(7.0),
    "shadow": cast_shadow,
    "noise": add_noise,
    "faint": fade,
    "JPEG": compress,
    "blur": blur,
    "coarse": reduce_resolution,
    "border": lambda picture: skew(2.0)(add_border(picture)),
}
