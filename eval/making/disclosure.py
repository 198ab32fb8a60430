"""Chinese annual reports on government information disclosure, in the forms of 2020 and of 2021.

The prose is put together from sentences that hold fields in braces: `{work.meetings}` is printed and noted as gold,
`{~20-90}` is a number that belongs to no field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from eval.making import words
from eval.making.as_html import HtmlLayout
from eval.making.as_office import OfficeLayout
from eval.making.as_pdf import PdfLayout
from eval.making.as_picture import ScanEffects
from eval.making.as_text import TextLayout
from eval.making.blocks import Block, GeneratedDocument, Grid, Heading, PageBreak, Pairs, Span, Text, Truth
from eval.making.specs import DocumentSpec, Layout, Scan, spec

Traits = frozenset[str]
PEOPLE = (
    "natural_person",
    "commercial_enterprise",
    "research_institution",
    "social_organization",
    "legal_service",
    "other",
    "total",
)
PEOPLE_NAMES = ("商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他")
OUTCOMES = ("upheld", "corrected", "other", "pending", "total")
OUTCOME_NAMES = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
REFUSED = (
    ("1.属于国家秘密", "state_secret"),
    ("2.其他法律行政法规禁止公开", "law_prohibits"),
    ("3.危及“三安全一稳定”", "safety_stability"),
    ("4.保护第三方合法权益", "third_party_rights"),
    ("5.属于三类内部事务信息", "internal_affairs"),
    ("6.属于四类过程性信息", "process_information"),
    ("7.属于行政执法案卷", "enforcement_files"),
    ("8.属于行政查询事项", "administrative_query"),
)
UNAVAILABLE = (
    ("1.本机关不掌握相关政府信息", "not_held"),
    ("2.没有现成信息需要另行制作", "needs_making"),
    ("3.补正后申请内容仍不明确", "still_unclear"),
)
NOT_PROCESSED = (
    ("1.信访举报投诉类申请", "petition"),
    ("2.重复申请", "repeated"),
    ("3.要求提供公开出版物", "publication"),
    ("4.无正当理由大量反复申请", "excessive"),
    ("5.要求行政机关确认或重新出具已获取信息", "confirm_or_reissue"),
)
OTHER_HANDLING = (
    ("1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请", "no_correction"),
    ("2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请", "fee_unpaid"),
    ("3.其他", "other"),
)

SENTENCES: tuple[tuple[str, ...], ...] = (
    (
        "全年主动公开政府信息{disclosure.total}条，其中政府网站公开政府信息{disclosure.website}条，政务新媒体公开政府信息{disclosure.new_media}条，其他方式公开政府信息{disclosure.other}条，比上年多{~20-900}条。",
        "主动公开工作持续用力。今年累计主动公开各类政府信息{disclosure.total}条（上年为{~900-5000}条）：网站公开信息{disclosure.website}条、政务新媒体公开信息{disclosure.new_media}条，其他渠道公开政府信息{disclosure.other}条。",
        "通过政府网站公开信息{disclosure.website}条，通过政务新媒体公开信息{disclosure.new_media}条，通过公示栏等其他方式公开信息{disclosure.other}条，全年共主动公开政府信息{disclosure.total}条；下一年计划公开{~5000-9000}条。",
    ),
    (
        "县图书馆、档案馆等公开查阅点公开政府信息{disclosure.reading_points}条。编印政府公报{disclosure.gazette_issues}期，每期印{~200-900}册。",
        "编印政府公报{disclosure.gazette_issues}期；公开查阅点公开政府信息{disclosure.reading_points}条，接待群众{~100-900}人。",
    ),
    (
        "政府信息公开专栏访问量{disclosure.column_visits!万}次。",
        "信息公开专栏访问量达{disclosure.column_visits}次，门户网站开设专题{~3-9}个。",
        "门户网站总访问量{disclosure.portal_visits!万}次，单日最高{~900-4000}次。",
    ),
    (
        "接受政府信息公开咨询{consultations.total}人次，其中现场咨询{consultations.on_site}人次，电话咨询{consultations.phone}人次，网上咨询{consultations.online}人次。",
        "全年接待咨询{consultations.total}人次（电话咨询{consultations.phone}人次、现场咨询{consultations.on_site}人次、网络咨询{consultations.online}人次）。",
    ),
    (
        "发布政策解读信息{interpretation.total}条，其中部门解读{interpretation.departments}条、负责人解读{interpretation.leaders}条；图解{interpretation.graphics}条。",
        "坚持文件与解读同步，发布解读材料{interpretation.total}条，形式上图解{interpretation.graphics}条，部门政策解读{interpretation.departments}条，领导政策解读{interpretation.leaders}条。召开新闻发布会{interpretation.press_conferences!汉}次。",
    ),
    (
        "收到公众留言{interaction.messages_total}条，答复留言{interaction.messages_answered}条，办结率{interaction.completion_rate}%，上年办结率为{~88-97}%。",
        "县长信箱收到来信{interaction.mailbox_letters}件。全年收到网民留言{interaction.messages_total}条，已办结留言{interaction.messages_answered}条，回复率{interaction.completion_rate}%。",
    ),
    (
        "回应政务舆情{interaction.public_opinion_responses}次，开展意见征集{interaction.opinion_collections}次，开展在线访谈{interaction.interviews}期。",
        "组织在线访谈{interaction.interviews!汉}期、民意征集{interaction.opinion_collections!汉}次，处置舆情{interaction.public_opinion_responses}次。",
    ),
    (
        "共有政务新媒体{new_media.total}个，其中微信公众号{new_media.wechat}个、政务微博{new_media.weibo}个、抖音号{new_media.douyin}个，全年新媒体发布信息{new_media.posts}条；关停僵尸账号{~2-9}个。",
        "年末保留政务新媒体账号{new_media.total}个（政务微信{new_media.wechat}个，政务微博{new_media.weibo}个，抖音{new_media.douyin}个），较年初减少{~1-6}个。",
    ),
    (
        "共收到依申请公开政府信息申请{request_channels.total}件，其中网站在线申请{request_channels.website}件、信函邮寄申请{request_channels.letter}件、当面申请{request_channels.in_person}件，均已按时答复。",
        "依申请公开方面，收到政府信息公开申请{request_channels.total}件：网上申请{request_channels.website}件，信函申请{request_channels.letter}件，现场申请{request_channels.in_person}件。申请全部在法定期限内办结，无一件逾期。",
    ),
    (
        "办理人大代表建议{proposals.deputies}件、政协委员提案{proposals.committee}件，公开办理复文{proposals.published}件。",
        "全年办理建议提案{proposals.total}件，其中代表建议{proposals.deputies}件，委员提案{proposals.committee}件，办复率100%。",
    ),
    (
        "召开专题会议{work.meetings!汉}次，举办业务培训{work.training_sessions}期，参训人员{work.trained_people}人次。",
        "举办政务公开培训{work.training_sessions}次，培训人员{work.trained_people}人次；召开政务公开工作会议{work.meetings}次。",
    ),
    (
        "开展督查{work.inspections}次，发现问题{work.problems_rectified}个，已全部整改。全年责任追究{work.accountability_cases}人次。",
        "现有专职工作人员{work.staff_full_time}名、兼职工作人员{work.staff_part_time}名。全年开展检查{work.inspections!汉}次，督促整改问题{work.problems_rectified}个。",
    ),
)
FILLERS = (
    "坚持以人民为中心，把公开透明贯穿权力运行全过程，群众办事更加方便。",
    "对照目录逐项核对栏目内容，清理错链和空白栏目，做到更新及时、归类准确。",
    "探索在便民服务大厅设立政务公开体验区，由专人引导群众查阅信息、反映诉求。",
    "严格落实保密审查制度，凡公开必审查，涉及个人隐私的内容一律作去标识化处理。",
    "围绕防汛抗旱、稳岗就业、义务教育招生等群众关心的事项，开设专题集中发布。",
)
PROBLEMS = (
    "一是部分单位重视不够，信息更新不够及时；二是解读形式单一，图文并茂的解读偏少；三是基层工作人员多为兼职，业务能力有待提升。",
    "公开内容与群众期盼相比仍有差距，平台检索功能不够便捷；个别乡镇报送信息迟缓。下一步，将加强培训{~2-5}次，力争主动公开信息突破{~6000-9900}条。",
    "（一）存在的问题。政策解读的质量不高，依申请公开答复文书不够规范。\n（二）改进措施。明年计划新建政务公开专区{~3-12}个，组织培训{~4-8}次，推动解读材料达到{~60-200}条。",
)


@dataclass
class _Report:
    """What the parts of one report share."""

    rng: Random
    truth: Truth
    form: int
    year: int
    zero: str
    comma: bool
    full_width: bool

    def number(self, path: str, value: int) -> str:
        """Return a cell's text; blank means no value, not 0."""
        if value == 0 and self.zero != "0":
            self.truth.note("blank_fields")
            return self.zero
        if value == 0:
            self.truth.note("zeros")
        return self.truth.put(path, value, self.digits(value))

    def digits(self, value: float) -> str:
        text = f"{value:,}" if self.comma else f"{value}"
        return text.translate(str.maketrans("0123456789", "０１２３４５６７８９")) if self.full_width else text


def _figures(rng: Random, received: int) -> dict[str, float]:
    """Return the figures of the prose, with consistent sums; `received` is the number of requests in the table."""
    r = rng.randint
    f: dict[str, float] = {}

    def parts(total: str, names: Sequence[str], low: int, high: int) -> None:
        for name in names:
            f[name] = r(low, high)
        f[total] = sum(f[name] for name in names)

    parts("disclosure.total", ["disclosure.website", "disclosure.new_media", "disclosure.other"], 80, 6000)
    f["disclosure.reading_points"], f["disclosure.gazette_issues"] = r(20, 400), r(2, 12)
    f["disclosure.total"] += f["disclosure.reading_points"]
    f["disclosure.column_visits"], f["disclosure.portal_visits"] = r(1200, 90_000) * 100, r(2000, 40_000) * 100
    parts("consultations.total", ["consultations.on_site", "consultations.phone", "consultations.online"], 30, 9000)
    parts("interpretation.total", ["interpretation.departments", "interpretation.leaders"], 2, 60)
    f["interpretation.graphics"], f["interpretation.press_conferences"] = r(1, 9), r(2, 9)
    f["interaction.messages_total"] = r(40, 900)
    f["interaction.messages_answered"] = f["interaction.messages_total"] - r(0, 3)
    f["interaction.completion_rate"] = round(
        100 * f["interaction.messages_answered"] / f["interaction.messages_total"], 1
    )
    f["interaction.mailbox_letters"] = r(5, 300)
    for name, high in (("public_opinion_responses", 20), ("opinion_collections", 25), ("interviews", 12)):
        f[f"interaction.{name}"] = r(2, high)
    parts("new_media.total", ["new_media.wechat", "new_media.weibo", "new_media.douyin"], 1, 30)
    f["new_media.posts"] = r(400, 9000)
    f["request_channels.letter"], f["request_channels.in_person"] = r(0, received // 3), r(0, received // 3)
    f["request_channels.website"] = received - f["request_channels.letter"] - f["request_channels.in_person"]
    f["request_channels.total"] = received
    parts("proposals.total", ["proposals.deputies", "proposals.committee"], 4, 120)
    f["proposals.published"] = r(2, int(f["proposals.total"]))
    for name, low, high in (
        ("meetings", 2, 9),
        ("training_sessions", 1, 9),
        ("trained_people", 40, 900),
        ("inspections", 2, 9),
        ("problems_rectified", 3, 50),
        ("accountability_cases", 0, 0),
        ("staff_full_time", 2, 30),
        ("staff_part_time", 10, 150),
    ):
        f[f"work.{name}"] = r(low, high)
    return f


def _filled(report: _Report, sentence: str, figures: dict[str, float]) -> str:
    def one(found: re.Match[str]) -> str:
        name, _, style = found[1].partition("!")
        if name.startswith("~"):
            low, high = name[1:].split("-")
            return report.digits(report.rng.randint(int(low), int(high)))
        value = figures[name]
        if style == "万" and report.rng.random() < 0.7:
            return report.truth.put(name, int(value), f"{value / 10_000:g}万")
        if style == "汉" and value < 10:
            return report.truth.put(name, int(value), "零一两三四五六七八九"[int(value)])
        return report.truth.put(
            name,
            int(value) if value == int(value) else value,
            report.digits(int(value) if value == int(value) else value),
        )

    return re.sub(r"\{([^}]+)\}", one, sentence)


def _prose(report: _Report, figures: dict[str, float], traits: Traits) -> list[Block]:
    rng = report.rng
    kept = [group for group in SENTENCES if rng.random() < (0.45 if "absent" in traits else 0.85)]
    if len(kept) < len(SENTENCES):
        report.truth.note("absent_fields")
    sentences = [rng.choice(group) for group in kept]
    if any("request_channels" in sentence for sentence in sentences):
        report.truth.judge("request_channels.all_answered_on_time", True)
    filled = [_filled(report, sentence, figures) for sentence in sentences]
    for place in range(len(filled)):
        if rng.random() < 0.5:
            filled[place] = rng.choice(FILLERS) + filled[place]
    style = rng.choice(["bracket", "yi", "plain", "sections"])
    digits = "一二三四五六七八九十"
    if style == "yi":
        joined = "".join(f"{digits[n % 10]}是" + text for n, text in enumerate(filled[:9])) + "".join(filled[9:])
        return [Text(joined)]
    if style == "bracket":
        return [Text(f"（{digits[n]}）" + text) for n, text in enumerate(filled[:10])] + [
            Text(text) for text in filled[10:]
        ]
    if style == "sections":
        third = max(1, len(filled) // 3)
        names = ["（一）主动公开情况", "（二）回应与互动", "（三）保障与监督"]
        blocks: list[Block] = []
        for n, name in enumerate(names):
            part = filled[n * third : (n + 1) * third if n < 2 else None]
            blocks += [Heading(name, 3), *[Text(text) for text in part]]
        return blocks
    return [Text(text) for text in filled]


def _published(report: _Report) -> list[Grid]:
    """Return the second part's table; the form of 2020 has last year's items and the change, that of 2021 has not."""
    r, n = report.rng.randint, report.number
    rules, normative = "proactive.article_20_1.rules.", "proactive.article_20_1.normative_documents."
    few, many = (lambda: report.rng.choice([0, 0, r(1, 30)])), (lambda: r(0, 30_000))
    rows: list[tuple[str | Span, ...]] = [(Span("第二十条第（一）项", 4),)]
    if report.form == 2020:
        names, heads = (
            ("newly_made", "newly_published", "published_total"),
            ("信息内容", "本年新制作数量", "本年新公开数量", "对外公开总数量"),
        )
    else:
        names, heads = ("issued", "repealed", "in_force"), ("信息内容", "本年制发件数", "本年废止件数", "现行有效件数")
    rows += [heads, ("规章", *(n(rules + name, few()) for name in names))]
    rows.append(
        ("规范性文件" if report.form == 2020 else "行政规范性文件", *(n(normative + name, r(0, 40)) for name in names))
    )
    sections = (
        ("（五）", (("行政许可", "article_20_5.licences"), ("其他对外管理服务事项", "article_20_5.other_services"))),
        ("（六）", (("行政处罚", "article_20_6.penalties"), ("行政强制", "article_20_6.coercive_measures"))),
    )
    for number, matters in sections:
        rows.append((Span(f"第二十条第{number}项", 4),))
        if report.form == 2020:
            rows.append(("信息内容", "上一年项目数量", "本年增/减", "处理决定数量"))
        else:
            rows.append(("信息内容", Span("本年处理决定数量", 3)))
        for name, path in matters:
            if report.form == 2020:
                rows.append(
                    (
                        name,
                        n(f"proactive.{path}.items_last_year", r(5, 400)),
                        _change(report, f"proactive.{path}.change"),
                        n(f"proactive.{path}.decisions", many()),
                    )
                )
            elif "other_services" not in path:
                rows.append((name, Span(n(f"proactive.{path}.decisions", many()), 3)))
    rows.append((Span("第二十条第（八）项", 4),))
    if report.form == 2020:
        rows.append(("信息内容", "上一年项目数量", Span("本年增/减", 2)))
        rows.append(
            (
                "行政事业性收费",
                n("proactive.article_20_8.charges.items_last_year", r(2, 80)),
                Span(_change(report, "proactive.article_20_8.charges.change"), 2),
            )
        )
        rows += [(Span("第二十条第（九）项", 4),), ("信息内容", "采购项目数量", Span("采购总金额", 2))]
        amount = r(100_000, 9_000_000)
        printed = report.truth.put("proactive.article_20_9.procurement.amount", amount * 100, _exact(amount) + "万元")
        rows.append(("政府集中采购", n("proactive.article_20_9.procurement.items", r(3, 300)), Span(printed, 2)))
    else:
        rows.append(("信息内容", Span("本年收费金额（单位：万元）", 3)))
        amount = r(100, 900_000)
        printed = report.truth.put("proactive.article_20_8.charges.amount", amount * 100, _exact(amount))
        rows.append(("行政事业性收费", Span(printed, 3)))
    return [Grid(tuple(rows), 0, "cccc", "all", (3, 2, 2, 2))]


def _exact(hundredths: int) -> str:
    return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")


def _change(report: _Report, path: str) -> str:
    value = report.rng.choice([0, report.rng.randint(1, 60), -report.rng.randint(1, 40)])
    if value == 0:
        return report.truth.put(path, 0, "0")
    return report.truth.put(path, value, f"增{value}" if value > 0 else f"减{-value}")


def _requests(report: _Report, traits: Traits) -> tuple[list[Block], int]:
    """Return the third part's table, whole or split at the end of a page, and the number of requests received."""
    rng = report.rng
    lines: list[tuple[str, tuple[tuple[str, str], ...] | str]] = [
        ("（一）予以公开", "granted"),
        ("（二）部分公开（区分处理的，只计这一情形，不计其他情形）", "partially_granted"),
        ("（三）不予公开|refused", REFUSED),
        ("（四）无法提供|unavailable", UNAVAILABLE),
        ("（五）不予处理|not_processed", NOT_PROCESSED),
    ]
    lines.append(
        ("（六）其他处理", "other_handling")
        if report.form == 2020
        else ("（六）其他处理|other_handling", OTHER_HANDLING)
    )
    sums = [0] * 6

    def row(path: str, counts: Sequence[int], wrong: int = 0) -> list[str]:
        total = sum(counts) + wrong
        return [
            report.number(f"applications.{path}.{name}", value)
            for name, value in zip(PEOPLE, (*counts, total), strict=True)
        ]

    def some() -> list[int]:
        counts = [
            rng.choice([0, 0, rng.randint(1, 12)]),
            *(rng.choice([0] * 9 + [rng.randint(1, 4)]) for _ in range(5)),
        ]
        for n, count in enumerate(counts):
            sums[n] += count
        return counts

    results: list[list[str | Span]] = []
    for label, inside in lines:
        name, _, group = label.partition("|")
        if isinstance(inside, str):
            results.append([Span(name, 2), *row(f"results.{inside}", some())])
            continue
        for n, (inner, path) in enumerate(inside):
            start: list[str | Span] = [Span(name, 1, len(inside))] if n == 0 else []
            results.append([*start, inner, *row(f"results.{group}.{path}", some())])
    wrong = rng.choice([1, 2, -1]) if "wrong_total" in traits else 0
    if wrong:
        report.truth.note("wrong_total")
    results.append([Span("（七）总计", 2), *row("results.total", sums)])
    carried_out = [rng.randint(0, 3), *(rng.choice([0, 0, 0, 1]) for _ in range(5))]
    carried_in = [min(rng.randint(0, 2), a + b) for a, b in zip(sums, carried_out, strict=True)]
    new = [a + b - c for a, b, c in zip(sums, carried_out, carried_in, strict=True)]
    head: list[tuple[str | Span, ...]] = [
        (Span("（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）", 3, 3), Span("申请人情况", 7)),
        (Span("自然人", 1, 2), Span("法人或其他组织", 5), Span("总计", 1, 2)),
        PEOPLE_NAMES,
    ]
    first = (Span("一、本年新收政府信息公开申请数量", 3), *row("new", new, wrong))
    second = (Span("二、上年结转政府信息公开申请数量", 3), *row("carried_in", carried_in))
    last = (Span("四、结转下年度继续办理", 3), *row("carried_out", carried_out))
    widths = (1.2, 1.6, 5, *([1.6] * 7))
    make = partial(Grid, header=0, align="cclccccccc", rules="all", widths=widths, upright=True)
    if "split" not in traits:
        rows = [
            *head,
            first,
            second,
            (Span("三、本年度办理结果", 1, len(results)), *results[0]),
            *map(tuple, results[1:]),
            last,
        ]
        return [make(tuple(rows))], sum(new)
    report.truth.note("split_table")
    cut = 10  # the end of the refusals
    upper = [*head, first, second, (Span("三、本年度办理结果", 1, cut), *results[0]), *map(tuple, results[1:cut])]
    lower = [(Span("", 1, len(results) - cut), *results[cut]), *map(tuple, results[cut + 1 :]), last]
    return [make(tuple(upper)), PageBreak(), make(tuple(lower))], sum(new)


def _reviews(report: _Report) -> Grid:
    def values(path: str) -> list[str]:
        counts = [report.rng.choice([0, 0, report.rng.randint(1, 5)]) for _ in range(4)]
        return [
            report.number(f"reviews.{path}.{name}", value)
            for name, value in zip(OUTCOMES, (*counts, sum(counts)), strict=True)
        ]

    rows: tuple[tuple[str | Span, ...], ...] = (
        (Span("行政复议", 5), Span("行政诉讼", 10)),
        (*(Span(name, 1, 2) for name in OUTCOME_NAMES), Span("未经复议直接起诉", 5), Span("复议后起诉", 5)),
        OUTCOME_NAMES * 2,
        (*values("reconsideration"), *values("litigation.direct"), *values("litigation.after_reconsideration")),
    )
    return Grid(rows, 0, "c" * 15, "all", (1.0,) * 15)


def _closing(report: _Report, place: str, traits: Traits) -> list[Block]:
    rng, t = report.rng, report.truth
    number = rng.randint(100, 999)
    site, column = f"{place}人民政府门户网站", rng.choice(["法定主动公开内容", "政府信息公开年报", "政务公开"])
    url = t.put(
        "publication.url",
        f"http://www.{rng.choice(['gov', 'zw', 'xxgk'])}{number}.example/zwgk/{report.year}/nb.html",
    )
    phone = t.put("publication.phone", f"0{rng.randint(311, 998)}-{rng.randint(2000000, 8999999)}")
    office = t.put("publication.office", rng.choice([f"{place}人民政府办公室", f"{place}政务公开工作领导小组办公室"]))
    where = rng.choice(
        [
            f"本报告在{t.put('publication.site', site)}“{t.put('publication.column', column)}”栏目（{url}）公布。",
            f"本报告电子版可在{site}“{column}”栏目下载，网址：{url}。",
        ]
    )
    if "publication.site" not in t.values:
        t.put("publication.site", site)
        t.put("publication.column", column)
    fee = rng.choice(["全年收取信息处理费{}元。", "本年度发出收费通知0件，收取信息处理费{}元。", ""])
    blocks: list[Block] = []
    if fee:
        if "收费通知" in fee:
            t.put("request_channels.fee_notices", 0, "0")
        charged = rng.choice([0, 0, 260])
        blocks.append(Text(fee.format(t.put("request_channels.fees_charged", charged, str(charged)))))
        t.note("zeros")
    contact = f"如有疑问，请与{office}联系（联系电话：{phone}"
    if "absent" not in traits:
        contact += f"，地址：{t.put('publication.address', place + rng.choice(words.ROADS) + str(rng.randint(1, 99)) + '号')}，邮编：{t.put('publication.postcode', str(rng.randint(100000, 899999)))}"
        contact += f"，电子邮箱：{t.put('publication.email', f'xxgk{number}@mail.example')}"
    blocks.append(Text(where + contact + "）。举报电话：12345。"))
    return blocks


def report(rng: Random, traits: Traits, form: int) -> GeneratedDocument:
    """Return a whole report; the year is 2019 or 2020 for the form of 2020, from 2021 on for the other."""
    t = Truth()
    year = rng.choice([2019, 2020, 2020]) if form == 2020 else rng.randint(2021, 2024)
    this = _Report(
        rng,
        t,
        form,
        year,
        rng.choice(["0", "0", "", "/"]) if "blank" in traits else "0",
        rng.random() < 0.2,
        "full_width" in traits,
    )
    if "full_width" in traits:
        t.note("full_width_digits")
    place = rng.choice(words.COUNTIES)
    authority = place + rng.choice(["", "人民政府", "农业农村局", "教育体育局", "市场监督管理局", "白鹭镇人民政府"])
    t.put("report.authority", authority)
    title = t.put("report.title", f"{authority}{year}年政府信息公开工作年度报告")
    t.put("report.year", year, str(year))
    notice = f"{rng.choice(words.CITIES)}人民政府办公室关于做好{year}年度政府信息公开工作年度报告编制发布工作的通知"
    intro = f"根据《中华人民共和国政府信息公开条例》（国务院令第711号）第五十条规定，按照《{t.put('report.basis_notice', notice)}》要求，编制本报告。"
    period = rng.choice(
        [
            "本报告所列数据的统计期限自{0}年1月1日起，至{0}年12月31日止。",
            "报告中数据统计期限为{0}年1月1日至12月31日。",
            "",
        ]
    )
    if period:
        t.put("report.period_start", f"{year}-01-01", f"{year}年1月1日")
        t.put("report.period_end", f"{year}-12-31", "12月31日")
    requests, received = _requests(this, traits)
    figures = _figures(rng, received)
    published = words.printed_day(words.day(rng, year + 1, year + 1).replace(month=1), "zh")
    parts: list[Block] = [
        Heading(title, 1, "centre"),
        Text(intro + period.format(year)),
        Heading("一、总体情况", 2),
        *_prose(this, figures, traits),
        Heading("二、主动公开政府信息情况", 2),
        *_published(this),
        Heading("三、收到和处理政府信息公开申请情况", 2),
        *requests,
        Heading(
            rng.choice(
                ["四、政府信息公开行政复议、行政诉讼情况", "四、因政府信息公开工作被申请行政复议、提起行政诉讼情况"]
            ),
            2,
        ),
        _reviews(this),
        Heading("五、存在的主要问题及改进情况", 2),
        Text(_filled(this, rng.choice(PROBLEMS), figures)),
        *words.injections(rng, "zh", traits, t),
        Heading("六、其他需要报告的事项", 2),
        *_closing(this, place, traits),
    ]
    if rng.random() < 0.7:
        day = re.fullmatch(r"(\d+)年(\d+)月(\d+)日", published)
        assert day
        parts.append(
            Text(t.put("report.published_on", f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}", published), "right")
        )
    if "letterhead" in traits:
        parts[1:1] = [
            Pairs(
                (
                    ("索引号", f"0{rng.randint(10**7, 10**8)}/{year + 1}-00{rng.randint(10, 99)}"),
                    ("公开目录", "政府信息公开年报"),
                    ("责任编辑", words.person(rng, "zh")),
                    ("浏览次数", str(rng.randint(50, 9000))),
                ),
                2,
                "：",
                True,
            )
        ]
        t.note("distractors")
    t.note("next_year")
    t.note("former_value")
    return GeneratedDocument(tuple(parts), t, "zh", f"annual report, form of {form}")


def _make_specs(form: int, layouts: Iterable[tuple[Layout, tuple[str, ...]]]) -> tuple[DocumentSpec, ...]:
    return tuple(
        spec(f"report-{form}-{n:02}", partial(report, form=form), layout, *traits)
        for n, (layout, traits) in enumerate(layouts, 1)
    )


SPECS_2020 = _make_specs(
    2020,
    (
        (TextLayout("cells", 9000), ("blank",)),
        (TextLayout("tabs"), ("wrong_total", "injection_visible")),
        (HtmlLayout("word", title="年度报告"), ("injection_hidden", "letterhead")),
        (HtmlLayout("page", "white", title="政府信息公开年报"), ("absent", "injection_hidden", "full_width")),
        (PdfLayout("DejaVuSans", 9.5, chinese=True, footer="- {} -"), ("split",)),
        (PdfLayout("DejaVuSerif", 10, "a4", 40, True), ("wrong_total", "blank")),
        (
            Scan(PdfLayout("DejaVuSans", 10, chinese=True), ScanEffects(0.5, 7, 0.5, 30, seed=41), as_pdf=True),
            ("absent",),
        ),
        (OfficeLayout("docx"), ("blank", "injection_hidden")),
    ),
)
SPECS_2021 = _make_specs(
    2021,
    (
        (TextLayout("bars", 9000), ("absent",)),
        (TextLayout("cells", 9000), ("injection_visible", "wrong_total", "blank")),
        (HtmlLayout("page", title="年报"), ("letterhead", "blank")),
        (HtmlLayout("mail"), ("wrong_total", "injection_hidden")),
        (PdfLayout("DejaVuSans", 9, "a4", 36, True, header="政府信息公开工作年度报告"), ("blank", "injection_hidden")),
        (PdfLayout("DejaVuSerif", 9.5, chinese=True, footer="第 {} 页"), ("split", "wrong_total")),
        (
            Scan(PdfLayout("DejaVuSans", 9.5, chinese=True), ScanEffects(-0.7, 9, 0.6, 40, seed=42), as_pdf=True),
            ("injection_visible",),
        ),
        (OfficeLayout("xlsx"), ("wrong_total",)),
    ),
)
