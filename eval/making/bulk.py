"""The filler pages between the facts of a long document: chapters of meaningless sentences and tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from eval.making import words
from eval.making.blocks import Block, Grid, Heading, Text

SUBJECTS = {
    "zh": "公司各事业部|项目管理办公室|质量管理部门|仓储物流中心|子公司技术团队|采购与供应链部门|安全生产委员会|信息化工作组|客户服务中心|内部审计人员|区域销售团队|研发实验室|财务共享中心|现场施工班组|法务与合规部门|设备运维单位|档案管理人员|外部咨询机构|一线操作人员|监理单位".split(
        "|"
    ),
    "en": "The regional offices|Site supervision|The procurement team|Quality assurance|Our logistics partners|The steering group|Field staff|The finance function|Internal audit|The technical committee|Customer operations|The maintenance crews|External advisers|Each business unit|The project office|Laboratory personnel|The data team|Health and safety representatives|Senior management|The working party".split(
        "|"
    ),
}
PREDICATES = {
    "zh": "开展了{~3-60}次专项检查|完成了{~12-480}项任务的归档|对{~5-90}个点位进行了复核|修订了{~2-19}项管理制度|组织了{~2-26}场培训|处理了{~20-900}条反馈意见|更新了{~3-40}台（套）设备|签订了{~4-70}份框架协议|压缩了{~3-20}%的审批时间|提出了{~6-80}条改进建议|建立了覆盖{~4-30}个环节的台账|将平均响应时间控制在{~2-48}小时以内|与{~3-25}家单位保持沟通|投入{~20-900}万元用于日常维护|完成了{~30-95}%的年度计划|梳理出{~3-40}项风险点".split(
        "|"
    ),
    "en": "carried out {~3-60} inspections|closed {~12-480} open items|reviewed {~5-90} locations|revised {~2-19} procedures|held {~2-26} training sessions|handled {~20-900} comments|renewed {~3-40} pieces of equipment|signed {~4-70} framework agreements|cut approval times by {~3-20} per cent|put forward {~6-80} suggestions|kept a register of {~4-30} steps|kept the average response under {~2-48} hours|stayed in touch with {~3-25} organisations|spent {~20-900} thousand on routine upkeep|met {~30-95} per cent of the plan|listed {~3-40} risks".split(
        "|"
    ),
}
TAILS = {
    "zh": "，较上年同期增长{~2-39}%|，与计划基本一致|，未发现重大异常|，相关记录已存档备查|，其中{~2-9}项需持续跟踪|，预计下一年度提高到{~50-99}%|，详见附录|，上年同期为{~10-400}|，为后续工作打下了基础|，主要受季节因素影响|，并已向分管领导汇报|，整改率为{~88-99}%||".split(
        "|"
    ),
    "en": ", {~2-39} per cent more than in the year before|, broadly in line with the plan|, and found nothing out of order|, and the records have been filed|, of which {~2-9} remain under review|, a figure expected to reach {~50-99} next year|, as the appendix shows|, against {~10-400} a year earlier|, which lays the ground for what follows|, mostly for seasonal reasons|, and reported to the responsible director|, with {~88-99} per cent resolved||".split(
        "|"
    ),
}
SECTIONS = {
    "zh": "概述|组织与职责|工作进展|主要做法|数据与说明|质量控制|风险与应对|资源配置|沟通与协调|进度安排|问题与改进|典型案例|相关方意见|环境与职业健康|后续安排".split(
        "|"
    ),
    "en": "Overview|Organisation|Progress|Approach|Data and notes|Quality control|Risks and responses|Resources|Coordination|Timetable|Shortcomings|Case examples|Views of stakeholders|Environment and safety|Next steps".split(
        "|"
    ),
}
COLUMNS = {
    "zh": (
        ("类别", "本期数", "上期数", "增减（%）"),
        ("地区", "数量", "金额（万元）", "占比（%）", "备注"),
        ("指标", "单位", "目标值", "完成值"),
    ),
    "en": (
        ("Category", "This year", "Last year", "Change %"),
        ("Region", "Number", "Amount (thousand)", "Share %", "Note"),
        ("Indicator", "Unit", "Target", "Achieved"),
    ),
}
ROWS = {
    "zh": "华东|华南|华北|西南|东北|一类|二类|三类|自营|外协|线上|线下|新建|改造".split("|"),
    "en": "North|South|East|West|Coastal|Class A|Class B|Class C|Own|Contracted|Online|In person|New|Refitted".split(
        "|"
    ),
}


@dataclass(frozen=True)
class Fact:
    """Blocks with the answer to a field; `where` is their position in the document, 0 to 1."""

    where: float
    blocks: tuple[Block, ...]


def numbers_in(rng: Random, sentence: str) -> str:
    """Return the sentence with a random number for each `{~low-high}`."""
    return re.sub(r"\{~(\d+)-(\d+)\}", lambda found: str(rng.randint(int(found[1]), int(found[2]))), sentence)


def sentence(rng: Random, language: str) -> str:
    """Return a sentence that answers no field."""
    parts = [rng.choice(pool[language]) for pool in (SUBJECTS, PREDICATES, TAILS)]
    joined = parts[0] + (" " if language == "en" else "") + parts[1] + parts[2]
    return numbers_in(rng, joined) + ("。" if language == "zh" else ". ")


def paragraph(rng: Random, language: str) -> Text:
    """Return three to eight such sentences."""
    return Text("".join(sentence(rng, language) for _ in range(rng.randint(3, 8))).strip())


def table(rng: Random, language: str) -> Grid:
    """Return a table of numbers with a total in the last row, which may or may not be the sum."""
    head = rng.choice(COLUMNS[language])
    rows = [head]
    for name in rng.sample(ROWS[language], rng.randint(4, 8)):
        rows.append((name, *(f"{rng.randint(10, 99_999):,}" for _ in head[1:-1]), f"{rng.uniform(-9, 60):.1f}"))
    rows.append(
        (("合计" if language == "zh" else "Total"), *(f"{rng.randint(1000, 400_000):,}" for _ in head[1:-1]), "")
    )
    return Grid(tuple(rows), 1, "l" + "r" * (len(head) - 1), rng.choice(["all", "lines"]))


def fill_chapters(
    rng: Random, language: str, chapters: Sequence[str], facts: Sequence[Fact], pages: int
) -> list[Block]:
    """Return chapters of about that many pages with a table of contents, and the facts at their positions.

    A fact's position is counted in blocks, not in chapters, so that facts lie far apart.
    """
    room = pages * (1150 if language == "zh" else 2500)
    filler: list[Block] = []
    share = room // len(chapters)
    for n, title in enumerate(chapters):
        filler.append(Heading(_numbered(n, title, language), 1))
        used, section = 0, 0
        while used < share:
            if section == 0 or rng.random() < 0.3:
                section += 1
                filler.append(Heading(f"{n + 1}.{section} {rng.choice(SECTIONS[language])}", 2))
            if rng.random() < 0.12:
                filler.append(table(rng, language))
                used += 300 if language == "zh" else 650
                continue
            text = paragraph(rng, language)
            filler.append(text)
            used += len(text.text)
    contents: list[Block] = [Heading("目  录" if language == "zh" else "Contents", 2)]
    for n, title in enumerate(chapters):
        contents.append(Text(f"{_numbered(n, title, language)} {'.' * 30} {3 + n * pages // len(chapters)}"))
    filler = [*contents, *filler]
    after_contents = len(contents) + 1
    placed = sorted(
        ((after_contents + round(fact.where * (len(filler) - after_contents)), fact) for fact in facts),
        key=lambda pair: -pair[0],
    )
    for place, fact in placed:
        filler[place:place] = fact.blocks
    return filler


def _numbered(n: int, title: str, language: str) -> str:
    if language == "zh":
        return f"第{'一二三四五六七八九十'[n] if n < 10 else '十' + '一二三四五'[n - 10]}章 {title}"
    return f"{n + 1}. {title}"


def between_filler(rng: Random, language: str, text: str) -> Text:
    """Return the sentence between two meaningless ones, so that it does not stand out."""
    gap = "" if language == "zh" else " "
    return Text(f"{sentence(rng, language).strip()}{gap}{text}{gap}{sentence(rng, language).strip()}")


def distinct_people(rng: Random, language: str, count: int) -> list[str]:
    """Return that many different people."""
    found: list[str] = []
    while len(found) < count:
        name = words.person(rng, language)
        if name not in found:
            found.append(name)
    return found
