"""Documents of twenty to sixty pages: companies' annual reports, tenders, contracts, research reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random

from eval.making import words
from eval.making.as_html import HtmlLayout
from eval.making.as_office import OfficeLayout
from eval.making.as_pdf import PdfLayout
from eval.making.as_text import TextLayout
from eval.making.blocks import Block, GeneratedDocument, Grid, Heading, PageBreak, Pairs, Text, Truth
from eval.making.bulk import Fact, between_filler, distinct_people, fill_chapters
from eval.making.specs import DocumentSpec, Layout, spec

Traits = frozenset[str]


def _sheet(
    rng: Random,
    t: Truth,
    language: str,
    kind: str,
    front: list[Block],
    chapters: str,
    facts: list[Fact],
    pages: int,
    traits: Traits,
) -> GeneratedDocument:
    facts = [fact for fact in facts if fact.blocks]
    facts += [Fact(0.37, tuple(words.injections(rng, language, traits, t)))]
    titles = chapters.split("|")
    body = fill_chapters(rng, language, titles, [fact for fact in facts if fact.blocks], pages)
    t.note("far_apart")
    t.note("distractors")
    return GeneratedDocument((*front, PageBreak(), *body), t, language, kind)


def _optional(t: Truth, traits: Traits, build: Callable[[], str]) -> str:
    """Return the sentence, or nothing where the traits ask for absent fields."""
    if "absent" in traits:
        t.note("absent_fields")
        return ""
    return build()


def _unless_blank(t: Truth, traits: Traits, build: Callable[[], str]) -> str:
    """Return the value behind a label, or nothing where the traits ask for blank fields."""
    if "blank" in traits:
        t.note("blank_fields")
        return ""
    return build()


def company_zh(rng: Random, traits: Traits, pages: int) -> GeneratedDocument:
    """Return the annual report of a listed company."""
    t, zh = Truth(), partial(between_filler, rng, "zh")
    year = rng.randint(2019, 2023)
    name = t.put(
        "company",
        words.company(rng, "zh", rng.choice(["精密机械", "生物科技", "新材料", "电气"]))
        .replace("有限责任公司", "股份有限公司")
        .replace("江北", "海岳"),
    )
    short = name[:4]
    people = distinct_people(rng, "zh", 6)
    revenue, profit, assets = (
        rng.randint(8 * 10**10, 9 * 10**11),
        rng.randint(10**9, 9 * 10**10),
        rng.randint(10**11, 3 * 10**12),
    )

    def yuan(cents: int) -> str:
        return f"{cents / 100:,.2f}"

    def put(path: str, cents: int) -> str:
        return t.put(path, cents / 100, yuan(cents))

    shareholder = f"{short}控股集团有限公司"
    share = rng.randint(2500, 6000) / 100
    audited = words.day(rng, year + 1, year + 1).replace(month=4)
    dividend = rng.randint(5, 60) / 10
    former_dividend = dividend + 0.8
    if "zero" in traits:
        dividend = 0.0
        t.note("zeros")
    staff = rng.randint(300, 9000)
    main = Grid(
        (
            ("主要会计数据（单位：元）", f"{year}年", f"{year - 1}年", "本年比上年增减（%）"),
            ("营业收入", put("revenue", revenue), yuan(round(revenue * 0.91)), "9.89"),
            ("归属于上市公司股东的净利润", put("net_profit", profit), yuan(round(profit * 1.12)), "-10.71"),
            ("扣除非经常性损益的净利润", yuan(round(profit * 0.83)), yuan(round(profit * 0.95)), "-12.63"),
            ("总资产", put("total_assets", assets), yuan(round(assets * 0.96)), "4.17"),
            ("归属于上市公司股东的净资产", yuan(round(assets * 0.45)), yuan(round(assets * 0.43)), "4.65"),
        ),
        1,
        "lrrr",
        "all",
        (4, 3, 3, 2),
    )
    rd = rng.randint(10**8, 4 * 10**9)
    parts = [round(staff * 0.52), round(staff * 0.2), round(staff * 0.11)]
    parts.append(staff - sum(parts))
    shown = staff
    if "wrong_total" in traits:
        shown = staff + 10
        t.note("wrong_total")
    people_table = Grid(
        (
            ("专业构成", "人数"),
            ("生产人员", str(parts[0])),
            ("技术人员", str(parts[1])),
            ("销售人员", str(parts[2])),
            ("其他人员", str(parts[3])),
            ("在职员工的数量合计", t.put("employees", shown, str(shown))),
        ),
        1,
        "lr",
        "all",
        (3, 1),
    )
    opinion = rng.choice([("标准无保留意见", "unqualified"), ("保留意见", "qualified")])
    t.judge("audit_opinion", opinion[1])
    facts = [
        Fact(
            0.02,
            (
                Pairs(
                    (
                        ("股票简称", short),
                        (
                            "股票代码",
                            t.put("stock_code", f"{rng.choice(['300', '600', '002'])}{rng.randint(100, 999)}"),
                        ),
                        ("公司的法定代表人", t.put("legal_representative", people[0])),
                        ("注册地址", t.put("registered_address", words.address(rng, "zh"))),
                        ("办公地址", words.address(rng, "zh")),
                        ("董事会秘书", _unless_blank(t, traits, lambda: t.put("board_secretary", people[1]))),
                        ("证券事务代表", people[2]),
                    ),
                    1,
                    "：",
                    True,
                ),
            ),
        ),
        Fact(0.12, (Heading("主要会计数据和财务指标", 2), main)),
        Fact(
            0.24,
            (
                zh(
                    f"报告期内公司实现营业收入约{revenue / 10**10:.1f}亿元，董事会{year + 1}年计划实现营业收入{revenue / 10**10 * 1.2:.0f}亿元。"
                ),
            ),
        ),
        Fact(
            0.33,
            (
                zh(
                    f"全年研发投入{put('rd_expense', rd)}元，占营业收入的{rd / revenue * 100:.2f}%，其中资本化金额{yuan(round(rd * 0.2))}元。"
                ),
            ),
        ),
        Fact(
            0.48,
            (
                zh(
                    _optional(
                        t,
                        traits,
                        lambda: (
                            f"公司拟以未来实施分配方案时股权登记日的总股本为基数，向全体股东每10股派发现金红利{t.put('dividend_per_10_shares', dividend, f'{dividend:.2f}')}元（含税）；上年度每10股派发{former_dividend:.2f}元。"
                        ),
                    )
                ),
            ),
        ),
        Fact(
            0.6,
            (
                Heading("前十名股东持股情况", 2),
                Grid(
                    (
                        ("股东名称", "持股比例（%）", "质押数量"),
                        (t.put("largest_shareholder", shareholder), t.put("largest_share", share, f"{share:.2f}"), ""),
                        (people[3], f"{share / 4:.2f}", "1,200,000"),
                        (f"{short}员工持股计划", f"{share / 9:.2f}", "0"),
                    ),
                    1,
                    "lrr",
                    "all",
                    (4, 2, 2),
                ),
            ),
        ),
        Fact(0.7, (Heading("公司员工情况", 2), people_table)),
        Fact(
            0.84,
            (
                Heading("审计报告", 2),
                Text(
                    f"{t.put('auditor', words.company(rng, 'zh', '会计师事务所').replace('有限责任公司', '（特殊普通合伙）').replace('股份有限公司', '（特殊普通合伙）').replace('有限公司', '（特殊普通合伙）'))}对公司财务报表进行了审计，出具了{opinion[0]}的审计报告。审计报告签署日期：{t.put('audit_signed_on', audited.isoformat(), words.printed_day(audited, 'zh'))}。签字注册会计师：{people[4]}、{people[5]}。"
                ),
            ),
        ),
        Fact(
            0.95,
            (
                zh(
                    f"期后事项：{words.printed_day(audited + timedelta(20), 'zh')}，公司与银行签订授信协议，额度{rng.randint(2, 9)}亿元。"
                ),
            ),
        ),
    ]
    if "former" in traits:
        t.note("footnote")
        t.note("former_value")
        facts.append(
            Fact(0.98, (Text(f"更正：本报告第二章中“在职员工的数量合计”曾误写为{staff + 333}人，已在本版更正。"),))
        )
    front: list[Block] = [
        Heading(f"{name}", 1, "centre"),
        Heading(f"{t.put('year', year, str(year))}年年度报告", 1, "centre"),
        Text(f"{year + 1}年4月", "centre"),
    ]
    t.note("next_year")
    return _sheet(
        rng,
        t,
        "zh",
        "company report",
        front,
        "重要提示与释义|公司简介和主要财务指标|公司业务概要|经营情况讨论与分析|重要事项|股份变动及股东情况|董事、监事、高级管理人员和员工情况|公司治理|财务报告|备查文件目录",
        facts,
        pages,
        traits,
    )


def company_en(rng: Random, traits: Traits, pages: int) -> GeneratedDocument:
    """Return the annual report of a listed company, figures in thousands as the statements print them."""
    t, en = Truth(), partial(between_filler, rng, "en")
    year = rng.randint(2019, 2023)
    name = t.put(
        "company", f"{rng.choice(words.LAST)} {rng.choice(['Marine', 'Packaging', 'Instruments', 'Foods'])} plc"
    )
    people = distinct_people(rng, "en", 6)
    revenue, profit, assets = (
        rng.randint(90_000, 900_000),
        rng.randint(2_000, 60_000),
        rng.randint(200_000, 2_000_000),
    )

    def put(path: str, thousands: int) -> str:
        return t.put(path, thousands * 1000, f"{thousands:,}")

    signed = words.day(rng, year + 1, year + 1).replace(month=3)
    staff = rng.randint(300, 9000)
    share = rng.randint(1200, 5200) / 100
    rd = rng.randint(900, 9000)
    shown = revenue
    segments = [round(revenue * 0.6), round(revenue * 0.3)]
    segments.append(revenue - sum(segments))
    if "wrong_total" in traits:
        shown = revenue + 1000
        t.note("wrong_total")
    opinion = rng.choice(
        [
            ("gives a true and fair view", "unqualified"),
            ("except for the possible effects of the matter described below, gives a true and fair view", "qualified"),
        ]
    )
    t.judge("audit_opinion", opinion[1])
    facts = [
        Fact(
            0.05,
            (
                en(
                    f"Excluding acquisitions, revenue was {revenue * 0.93:,.0f} thousand; the target for {year + 1} is {revenue * 1.15:,.0f} thousand."
                ),
            ),
        ),
        Fact(
            0.2,
            (
                en(
                    f"Spending on research and development came to £{put('rd_expense', rd)} thousand ({year - 1}: £{rd - 412:,} thousand), all of it expensed."
                ),
            ),
        ),
        Fact(
            0.31,
            (
                en(
                    f"On 31 December the group employed {t.put('employees', staff, f'{staff:,}')} people; the average over the year was {staff - 37:,}."
                ),
            ),
        ),
        Fact(
            0.44,
            (
                en(
                    _optional(
                        t,
                        traits,
                        lambda: (
                            f"The directors recommend a final dividend of {rng.randint(2, 9)}.{rng.randint(0, 9)}p, which with the interim makes {t.put('dividend_per_share', 11.4, '11.4p')} for the year ({year - 1}: 12.1p)."
                        ),
                    )
                ),
            ),
        ),
        Fact(
            0.52,
            (
                Heading("Substantial shareholdings", 2),
                Grid(
                    (
                        ("Holder", "Ordinary shares", "%"),
                        (
                            t.put("largest_shareholder", f"{people[3].split()[1]} Family Trustees"),
                            f"{rng.randint(9, 30)},{rng.randint(100, 999)},000",
                            t.put("largest_share", share, f"{share:.2f}"),
                        ),
                        ("Northgate Index Funds", "4,118,000", f"{share / 3:.2f}"),
                        (people[4], "2,006,500", f"{share / 5:.2f}"),
                    ),
                    1,
                    "lrr",
                    "lines",
                ),
            ),
        ),
        Fact(
            0.63,
            (
                Heading("Independent auditor's report", 2),
                Text(
                    f"To the members of {name}. In our opinion the accompanying financial statement {opinion[0]} of the state of the group's affairs. {people[5]} (Senior Statutory Auditor), for and on behalf of {t.put('auditor', words.company(rng, 'en', 'Audit').replace(' Audit ', ' ').replace('Pty Ltd', 'LLP').replace('Sdn Bhd', 'LLP').replace('Limited', 'LLP'))}, {t.put('audit_signed_on', signed.isoformat(), words.printed_day(signed, 'long'))}."
                ),
            ),
        ),
        Fact(
            0.72,
            (
                Heading("Consolidated income statement (£ thousand)", 2),
                Grid(
                    (
                        ("", "Note", str(year), f"{year - 1} restated"),
                        ("Revenue: equipment", "3", f"{segments[0]:,}", f"{segments[0] - 800:,}"),
                        ("Revenue: services", "3", f"{segments[1]:,}", f"{segments[1] + 270:,}"),
                        ("Revenue: other", "3", f"{segments[2]:,}", f"{segments[2] - 31:,}"),
                        ("Total revenue", "", put("revenue", shown), f"{revenue - 561:,}"),
                        ("Operating profit", "5", f"{round(profit * 1.4):,}", f"{round(profit * 1.3):,}"),
                        ("Profit for the year", "", put("net_profit", profit), f"{profit - 918:,}"),
                    ),
                    1,
                    "lrrr",
                    "lines",
                    (4, 1, 2, 2),
                ),
            ),
        ),
        Fact(
            0.78,
            (
                Heading("Consolidated balance sheet (£ thousand)", 2),
                Grid(
                    (
                        ("", str(year), str(year - 1)),
                        ("Non-current assets", f"{round(assets * 0.7):,}", f"{round(assets * 0.66):,}"),
                        ("Current assets", f"{assets - round(assets * 0.7):,}", f"{round(assets * 0.31):,}"),
                        ("Total assets", put("total_assets", assets), f"{round(assets * 0.97):,}"),
                        ("Net assets", f"{round(assets * 0.4):,}", f"{round(assets * 0.39):,}"),
                    ),
                    1,
                    "lrr",
                    "lines",
                ),
            ),
        ),
        Fact(
            0.97,
            (
                Heading("Company information", 2),
                Pairs(
                    (
                        ("Ticker", t.put("stock_code", name[:3].upper() + "X")),
                        ("Chair", people[0]),
                        ("Company secretary", _unless_blank(t, traits, lambda: t.put("board_secretary", people[1]))),
                        ("Registered office", t.put("registered_address", words.address(rng, "en"))),
                        ("Head office", words.address(rng, "en")),
                        ("Registrar", words.company(rng, "en", "Registrars")),
                    ),
                    1,
                ),
            ),
        ),
    ]
    front: list[Block] = [
        Heading(name, 1, "centre"),
        Heading(f"Annual Report and Accounts {t.put('year', year, str(year))}", 1, "centre"),
        Text(f"incorporating the sustainability report {year - 1}", "centre"),
    ]
    t.note("next_year")
    t.note("former_value")
    return _sheet(
        rng,
        t,
        "en",
        "company report",
        front,
        "Highlights|Chair's statement|Strategy|Operating review|Financial review|Risks|Sustainability|Governance|Directors' remuneration|Financial statements|Notes|Shareholder information",
        facts,
        pages,
        traits,
    )


def tender_zh(rng: Random, traits: Traits, pages: int) -> GeneratedDocument:
    """Return a tender document: the notice, the table that amends the general terms, and a later clarification."""
    t, zh = Truth(), partial(between_filler, rng, "zh")
    day = words.day(rng, 2020, 2024)
    closing, former = day + timedelta(28), day + timedelta(21)
    place = rng.choice(words.COUNTIES)
    project = t.put(
        "project",
        f"{place}{rng.choice(['人民医院医疗设备', '智慧交通信号系统', '城区污水管网', '中小学教学设备'])}采购及安装项目",
    )
    budget = rng.randint(200, 9000) * 10_000
    limit = budget - rng.randint(1, 20) * 10_000
    bond = round(budget * 0.01)
    if "zero" in traits:
        bond = 0
        t.note("zeros")
    people = distinct_people(rng, "zh", 4)
    clause = {
        "days": rng.choice([60, 90, 120]),
        "deliver": rng.choice([45, 75, 150]),
        "warranty": rng.choice([24, 36, 60]),
        "price": rng.choice([30, 35, 40]),
    }
    joint = rng.random() < 0.5
    t.judge("consortium_allowed", joint)
    facts = [
        Fact(
            0.01,
            (
                Pairs(
                    (
                        (
                            "采购人",
                            t.put(
                                "purchaser",
                                f"{place}{rng.choice(['卫生健康局', '公安局交通管理大队', '住房和城乡建设局', '教育局'])}",
                            ),
                        ),
                        ("采购代理机构", t.put("agency", words.company(rng, "zh", "招标代理"))),
                        ("预算金额", f"人民币{t.put('budget', budget, f'{budget:,}.00')}元"),
                        ("最高限价", f"人民币{limit:,}.00元"),
                    ),
                    1,
                    "：",
                ),
            ),
        ),
        Fact(
            0.06,
            (
                zh(
                    f"获取招标文件的时间为{words.printed_day(day + timedelta(1), 'zh')}至{words.printed_day(day + timedelta(8), 'zh')}，原定投标截止时间为{words.printed_day(former, 'zh')}9时30分，以澄清公告为准。"
                ),
            ),
        ),
        Fact(
            0.19,
            (
                Heading("投标人须知前附表", 2),
                Grid(
                    (
                        ("条款号", "内容", "说明与要求"),
                        ("3.1", "投标保证金", f"{t.put('bid_security', bond, f'{bond:,}')}元，履约保证金为合同价的5%"),
                        (
                            "3.4",
                            "投标有效期",
                            f"自投标截止之日起{t.put('validity_days', clause['days'], str(clause['days']))}日历天",
                        ),
                        ("4.2", "联合体投标", "接受，成员不超过两家" if joint else "不接受"),
                        (
                            "5.1",
                            "开标地点",
                            t.put(
                                "opening_place",
                                f"{place}公共资源交易中心{rng.randint(2, 5)}楼第{rng.randint(1, 8)}开标室",
                            ),
                        ),
                    ),
                    1,
                    "lll",
                    "all",
                    (1, 2, 6),
                ),
            ),
        ),
        Fact(
            0.41,
            (
                zh(
                    f"中标人应在合同签订后{t.put('delivery_days', clause['deliver'], str(clause['deliver']))}日内完成供货、安装和调试；到货后{clause['deliver'] // 5}日内完成初验。"
                ),
            ),
        ),
        Fact(
            0.55,
            (
                zh(
                    _optional(
                        t,
                        traits,
                        lambda: (
                            f"质量保证期自验收合格之日起{t.put('warranty_months', clause['warranty'], str(clause['warranty']))}个月，易损件为6个月。"
                        ),
                    )
                ),
            ),
        ),
        Fact(
            0.73,
            (
                Heading("评标办法", 2),
                Text(
                    f"本项目采用{t.put('evaluation_method', rng.choice(['综合评分法', '最低评标价法']))}。价格分{t.put('price_weight', clause['price'], str(clause['price']))}分，技术分{80 - clause['price']}分，商务分20分，满分100分。"
                ),
            ),
        ),
        Fact(
            0.9,
            (
                zh(
                    f"项目联系人：{t.put('contact_person', people[0])}，电话：{t.put('contact_phone', f'0{rng.randint(311, 998)}-{rng.randint(2000000, 8999999)}')}；代理机构联系人：{people[1]}，电话：0571-{rng.randint(2000000, 8999999)}；监督电话：{people[2]}，12345。"
                ),
            ),
        ),
        Fact(
            0.99,
            (
                Heading("澄清公告（第一号）", 2),
                Text(
                    f"原招标文件第一章投标截止时间更正为：{t.put('deadline', closing.isoformat(), words.printed_day(closing, 'zh'))}9时30分（北京时间）。其余内容不变。本公告与招标文件不一致的，以本公告为准。"
                ),
            ),
        ),
    ]
    t.note("former_value")
    t.note("two_parties")
    t.note("footnote")
    front: list[Block] = [
        Heading("公 开 招 标 文 件", 1, "centre"),
        Text(project, "centre", bold=True),
        Text(
            "招标编号：" + t.put("number", f"{rng.choice(['ZB', 'CG', 'GK'])}{day.year}-{rng.randint(100, 9999):04}"),
            "centre",
        ),
        Text(words.printed_day(day, "zh"), "centre"),
    ]
    return _sheet(
        rng,
        t,
        "zh",
        "tender",
        front,
        "招标公告|投标人须知|采购需求|技术规格|商务要求|合同条款|评标办法|投标文件格式|附件",
        facts,
        pages,
        traits,
    )


def tender_en(rng: Random, traits: Traits, pages: int) -> GeneratedDocument:
    """Return an invitation to tender with instructions, a data sheet and an addendum."""
    t, en = Truth(), partial(between_filler, rng, "en")
    day = words.day(rng, 2020, 2024)
    closing, former = day + timedelta(40), day + timedelta(33)
    budget = rng.randint(300, 9000) * 1000
    bond = round(budget * 0.02)
    if "zero" in traits:
        bond = 0
        t.note("zeros")
    people = distinct_people(rng, "en", 3)
    t.judge("consortium_allowed", True)
    project = t.put(
        "project",
        f"{rng.choice(['Refurbishment of', 'Supply and installation of equipment at', 'Maintenance of'])} {rng.choice(words.PLACES)} {rng.choice(['Civic Centre', 'Ferry Terminal', 'Teaching Hospital'])}",
    )
    facts = [
        Fact(
            0.03,
            (
                en(
                    f"Tenders were first invited by {words.printed_day(former, 'long')}; see any addendum for the date that binds."
                ),
            ),
        ),
        Fact(
            0.22,
            (
                Heading("Data sheet", 2),
                Grid(
                    (
                        ("Ref.", "Particulars"),
                        (
                            "ITT 2.1",
                            f"The contracting authority is {t.put('purchaser', f'{rng.choice(words.PLACES)} Borough Council')}, acting through {t.put('agency', words.company(rng, 'en', 'Procurement Services'))}.",
                        ),
                        (
                            "ITT 4.3",
                            f"Tenders remain valid for {t.put('validity_days', 120, '120')} days; extensions of 30 days may be asked for.",
                        ),
                        (
                            "ITT 5.1",
                            f"Tender security: £{t.put('bid_security', bond, f'{bond:,}')}, released after award; performance bond 10 per cent.",
                        ),
                        ("ITT 6", "Joint ventures of up to three members may tender."),
                    ),
                    1,
                    "ll",
                    "all",
                    (1, 6),
                ),
            ),
        ),
        Fact(
            0.36,
            (
                en(
                    f"The estimated value of the contract is £{t.put('budget', budget, f'{budget:,}')} excluding VAT (£{round(budget * 1.2):,} with VAT), and optional works are put at £{round(budget * 0.15):,}."
                ),
            ),
        ),
        Fact(
            0.5,
            (
                en(
                    f"Practical completion is required within {t.put('delivery_days', 270, '270')} days of the starting date, with a first section after 90 days."
                ),
            ),
        ),
        Fact(
            0.58,
            (
                en(
                    _optional(
                        t,
                        traits,
                        lambda: (
                            f"Defects notified within {t.put('warranty_months', 24, '24')} months of completion are made good at the contractor's cost; for roofing, see the separate guarantee of 10 years."
                        ),
                    )
                ),
            ),
        ),
        Fact(
            0.77,
            (
                en(
                    f"Award is by {t.put('evaluation_method', 'most economically advantageous tender')}, with {t.put('price_weight', 45, '45')} per cent for price, 40 for quality and 15 for social value."
                ),
            ),
        ),
        Fact(
            0.88,
            (
                Text(
                    f"Opening: {t.put('opening_place', 'Committee Room 2, Town Hall')}, at noon on the closing date. Questions to {t.put('contact_person', people[0])}, telephone {t.put('contact_phone', words.phone(rng, 'en'))}; complaints to {people[1]}, telephone {words.phone(rng, 'en')}."
                ),
            ),
        ),
        Fact(
            0.99,
            (
                Heading("Addendum No. 1", 2),
                Text(
                    f"The closing date is moved to {t.put('deadline', closing.isoformat(), words.printed_day(closing, 'long'))} at 12:00. All other terms stand."
                ),
            ),
        ),
    ]
    t.note("former_value")
    t.note("two_parties")
    t.note("footnote")
    front: list[Block] = [
        Heading("INVITATION TO TENDER", 1, "centre"),
        Text(project, "centre", bold=True),
        Text("Tender reference " + t.put("number", f"T/{day.year}/{rng.randint(100, 999)}"), "centre"),
        Text("Issued " + words.printed_day(day, "long"), "centre"),
    ]
    return _sheet(
        rng,
        t,
        "en",
        "tender",
        front,
        "Introduction|Instructions to tenderers|Scope|Specification|Programme|Commercial terms|Conditions of contract|Evaluation|Forms|Annexes",
        facts,
        pages,
        traits,
    )


def contract_en(rng: Random, traits: Traits, pages: int) -> GeneratedDocument:
    """Return a services agreement whose numbers lie in its clauses, with a schedule and an amendment."""
    t, en = Truth(), partial(between_filler, rng, "en")
    day = words.day(rng, 2020, 2024)
    supplier, client = words.company(rng, "en", "Systems"), words.company(rng, "en", "Utilities")
    fee = rng.randint(200, 4000) * 1000
    cap = round(fee * 1.5)
    people = distinct_people(rng, "en", 4)
    facts = [
        Fact(
            0.03,
            (
                Text(
                    f"THIS AGREEMENT is dated {t.put('signed_on', day.isoformat(), words.printed_day(day, 'long'))} and made between (1) {t.put('supplier', supplier)}, whose registered office is at {words.address(rng, 'en')} (the Supplier), and (2) {t.put('customer', client)}, whose registered office is at {words.address(rng, 'en')} (the Customer). A draft of {words.printed_day(day - timedelta(30), 'long')} is superseded."
                ),
            ),
        ),
        Fact(
            0.14,
            (
                en(
                    f"The services begin on {t.put('starts_on', (day + timedelta(14)).isoformat(), words.printed_day(day + timedelta(14), 'long'))} (the Commencement Date) and continue for an initial term of {t.put('term_months', 36, '36')} months, extended for periods of 12 months unless either party objects."
                ),
            ),
        ),
        Fact(
            0.33,
            (
                en(
                    f"The Customer pays charges of US${t.put('price', fee, f'{fee:,}')} for the initial term, of which US${round(fee * 0.2):,} falls due on signature; optional services are charged at US${round(fee * 0.08):,}."
                ),
            ),
        ),
        Fact(
            0.42,
            (
                en(
                    f"Invoices are payable within {t.put('payment_days', 45, '45')} days of receipt. Late sums bear interest at {t.put('late_interest', 4.5, '4.5')} per cent a year above the base rate, then 0.75 per cent."
                ),
            ),
        ),
        Fact(
            0.56,
            (
                en(
                    f"The total liability of the Supplier is limited to US${t.put('liability_cap', cap, f'{cap:,}')}; for data protection the limit is US${cap * 2:,}."
                ),
            ),
        ),
        Fact(
            0.66,
            (
                en(
                    _optional(
                        t,
                        traits,
                        lambda: (
                            f"Either party may end this agreement for convenience on {t.put('notice_days', 90, '90')} days' notice in writing, or at once after a breach not remedied within 30 days."
                        ),
                    )
                ),
            ),
        ),
        Fact(
            0.79,
            (
                en(
                    f"This agreement is governed by {t.put('governing_law', 'the laws of England and Wales')}; disputes go to arbitration seated in {t.put('arbitration_seat', 'Singapore')} before three arbitrators, hearings in Dublin if the parties so agree."
                ),
            ),
        ),
        Fact(
            0.86,
            (
                en(
                    f"Notices to the Customer are sent to {t.put('notice_email', f'legal@{client.split()[0].lower()}.example')}, copied to {people[1]}; those to the Supplier to contracts@{supplier.split()[0].lower()}.example."
                ),
            ),
        ),
        Fact(
            0.99,
            (
                Heading("Signatures", 2),
                Pairs((("For the Supplier", people[2]), ("For the Customer", people[3]), ("Witness", ""))),
            ),
        ),
    ]
    front: list[Block] = [
        Heading("MASTER SERVICES AGREEMENT", 1, "centre"),
        Text("Contract number " + t.put("number", f"MSA-{rng.randint(1000, 9999)}-{day.year % 100}"), "centre"),
        Text(f"supersedes MSA-{rng.randint(1000, 9999)}-{day.year % 100 - 3}", "centre"),
    ]
    t.note("two_parties")
    t.note("former_value")
    t.note("blank_fields")
    return _sheet(
        rng,
        t,
        "en",
        "contract",
        front,
        "Definitions|Services|Service levels|Customer duties|Charges|Intellectual property|Confidentiality|Liability|Term and termination|Governing law|Notices|Schedules",
        facts,
        pages,
        traits,
    )


def contract_zh(rng: Random, traits: Traits, pages: int) -> GeneratedDocument:
    """Return a Chinese construction contract, sums in capitals as well, amended by a supplement at its end."""
    t, zh = Truth(), partial(between_filler, rng, "zh")
    day = words.day(rng, 2020, 2024)
    fee = rng.randint(300, 9000) * 10_000
    final = fee + 350_000
    client, builder = words.company(rng, "zh", "置业"), words.company(rng, "zh", "建设工程")
    facts = [
        Fact(
            0.02,
            (
                Text(
                    f"发包人（甲方）：{t.put('customer', client)}\n承包人（乙方）：{t.put('supplier', builder)}\n根据《中华人民共和国民法典》，双方协商一致，于{t.put('signed_on', day.isoformat(), words.printed_day(day, 'zh'))}签订本合同。"
                ),
            ),
        ),
        Fact(
            0.1,
            (
                zh(
                    f"计划开工日期为{t.put('starts_on', (day + timedelta(20)).isoformat(), words.printed_day(day + timedelta(20), 'zh'))}，以监理人开工令为准；合同工期{t.put('term_months', 18, '18')}个月，其中主体结构10个月。"
                ),
            ),
        ),
        Fact(
            0.27,
            (
                zh(
                    f"签约合同价为人民币{fee:,}.00元（大写：{words.capital_amount(fee * 100)}），其中安全文明施工费{round(fee * 0.02):,}.00元。"
                ),
            ),
        ),
        Fact(
            0.39,
            (
                zh(
                    f"发包人应在收到付款申请后{t.put('payment_days', 28, '28')}天内支付进度款，逾期按每日{t.put('late_interest', 0.05, '0.05')}%支付违约金；质保金为结算价的3%。"
                ),
            ),
        ),
        Fact(
            0.52,
            (
                zh(
                    f"承包人的赔偿责任累计不超过人民币{t.put('liability_cap', fee // 5, f'{fee // 5:,}')}元，因故意造成的损失除外。"
                ),
            ),
        ),
        Fact(
            0.64,
            (
                zh(
                    _optional(
                        t,
                        traits,
                        lambda: (
                            f"任何一方解除合同应提前{t.put('notice_days', 30, '30')}日书面通知对方，并在15日内完成清点。"
                        ),
                    )
                ),
            ),
        ),
        Fact(
            0.76,
            (
                zh(
                    f"本合同适用{t.put('governing_law', '中华人民共和国法律')}；争议提交{t.put('arbitration_seat', '海陵')}仲裁委员会仲裁，由原审法院执行保全。"
                ),
            ),
        ),
        Fact(
            0.85,
            (
                zh(
                    f"发包人接收文件的电子邮箱为{t.put('notice_email', f'htgl{rng.randint(10, 99)}@zhiye.example')}，承包人接收文件的电子邮箱为xmb@jianshe.example。"
                ),
            ),
        ),
        Fact(
            0.98,
            (
                Heading("补充协议（一）", 2),
                Text(
                    f"因设计变更增加消防改造，双方同意增加合同价款350,000.00元，变更后的合同总价为人民币{t.put('price', final, f'{final:,}.00')}元（大写：{words.capital_amount(final * 100)}），工期不变。补充协议与原合同不一致的，以本补充协议为准。"
                ),
            ),
        ),
    ]
    front: list[Block] = [
        Heading("建设工程施工合同", 1, "centre"),
        Text("合同编号：" + t.put("number", f"HT-{day.year}-{rng.randint(1, 999):03}"), "centre"),
        Text(
            f"工程名称：{rng.choice(words.COUNTIES)}{rng.choice(['滨河家园二期', '科创产业园', '老年养护院'])}工程",
            "centre",
        ),
    ]
    t.note("two_parties")
    t.note("former_value")
    t.note("footnote")
    t.note("capital_figures")
    return _sheet(
        rng,
        t,
        "zh",
        "contract",
        front,
        "合同协议书|词语定义|发包人|承包人|监理人|工程质量|安全文明施工|工期和进度|材料与设备|变更|价格调整|合同价格、计量与支付|验收和试车|争议解决",
        facts,
        pages,
        traits,
    )


def research_en(rng: Random, traits: Traits, pages: int) -> GeneratedDocument:
    """Return the report of a funded study, its numbers scattered over methods, results and end matter."""
    t, en = Truth(), partial(between_filler, rng, "en")
    day = words.day(rng, 2023, 2024)
    people = distinct_people(rng, "en", 5)
    asked = rng.randint(900, 9000)
    answered = round(asked * rng.uniform(0.4, 0.8))
    effect = rng.randint(105, 260) / 100
    low, high = round(effect - 0.21, 2), round(effect + 0.34, 2)
    title = t.put(
        "title",
        f"{rng.choice(['Damp and breathing in rented homes', 'Night buses and evening work', 'School meals and attendance'])}: a study of {rng.choice(words.PLACES)}",
    )
    facts = [
        Fact(
            0.04,
            (
                en(
                    f"An interim report of {words.printed_day(day - timedelta(200), 'long')} gave an odds ratio of {effect + 0.4:.2f}; the present report replaces it."
                ),
            ),
        ),
        Fact(
            0.18,
            (
                en(
                    f"Fieldwork ran from {t.put('fieldwork_from', '2021-03-08', '8 March 2021')} to {t.put('fieldwork_to', '2021-11-19', '19 November 2021')}, after a pilot in the winter before with 42 households."
                ),
            ),
        ),
        Fact(
            0.29,
            (
                en(
                    f"Of {asked:,} people invited, {t.put('sample_size', answered, f'{answered:,}')} took part, a response rate of {t.put('response_rate', round(100 * answered / asked, 1), f'{100 * answered / asked:.1f}')} per cent; 37 left later."
                ),
            ),
        ),
        Fact(
            0.41,
            (
                en(
                    f"Approval came from the regional ethics committee under number {t.put('ethics_number', f'REC {rng.randint(18, 23)}/{rng.randint(1000, 9999)}')}; the application numbered REC 17/0001 was withdrawn."
                ),
            ),
        ),
        Fact(
            0.6,
            (
                Heading("Main results", 2),
                Grid(
                    (
                        ("Model", "Odds ratio", "95% interval"),
                        ("Unadjusted", f"{effect + 0.22:.2f}", f"{low + 0.2:.2f} to {high + 0.2:.2f}"),
                        (
                            "Adjusted (main)",
                            t.put("main_estimate", effect, f"{effect:.2f}"),
                            t.put("interval", f"{low:.2f} to {high:.2f}"),
                        ),
                        ("Complete cases only", f"{effect - 0.05:.2f}", f"{low - 0.1:.2f} to {high + 0.3:.2f}"),
                    ),
                    1,
                    "lrr",
                    "lines",
                ),
            ),
        ),
        Fact(
            0.81,
            (
                en(
                    _optional(
                        t,
                        traits,
                        lambda: (
                            f"The data are kept at {t.put('repository', 'the Fernhill Data Archive')} under study number {rng.randint(1000, 9999)}, those of the pilot elsewhere."
                        ),
                    )
                ),
            ),
        ),
        Fact(
            0.9,
            (
                en(
                    f"The study was paid for by {t.put('funder', 'the Oakhurst Foundation')} (grant {t.put('grant_number', f'OF-{rng.randint(10000, 99999)}')}, £{t.put('grant_amount', 418_500, '418,500')}); travel was met by the Selby Fund, £3,200."
                ),
            ),
        ),
        Fact(
            0.98,
            (
                Text(
                    f"Correspondence: {t.put('contact_email', f'{people[0].split()[1].lower()}@institute.example')}. Press office: press@institute.example."
                ),
            ),
        ),
    ]
    front: list[Block] = [
        Heading(title, 1, "centre"),
        Text(f"{t.put('lead_author', people[0])} (lead), {people[1]}, {people[2]}", "centre"),
        Text(t.put("institution", f"Institute of Public Health, {rng.choice(words.PLACES)} University"), "centre"),
        Text(f"Final report, {t.put('published_on', day.isoformat(), words.printed_day(day, 'long'))}", "centre"),
    ]
    t.note("former_value")
    return _sheet(
        rng,
        t,
        "en",
        "research report",
        front,
        "Summary|Background|Aims|Design|Methods|Measures|Participants|Results|Discussion|Limits|Conclusions|End matter",
        facts,
        pages,
        traits,
    )


def research_zh(rng: Random, traits: Traits, pages: int) -> GeneratedDocument:
    """Return the Chinese counterpart: a survey's final report."""
    t, zh = Truth(), partial(between_filler, rng, "zh")
    day = words.day(rng, 2023, 2024)
    people = distinct_people(rng, "zh", 5)
    sent = rng.randint(900, 9000)
    back = round(sent * rng.uniform(0.6, 0.9))
    effect = rng.randint(105, 260) / 100
    low, high = round(effect - 0.21, 2), round(effect + 0.34, 2)
    title = t.put(
        "title",
        f"{rng.choice(words.CITIES)}{rng.choice(['社区老年人跌倒', '农村饮水与儿童腹泻', '网约车司机睡眠'])}调查研究报告",
    )
    facts = [
        Fact(0.05, (zh(f"中期报告曾给出比值比{effect + 0.3:.2f}，样本为{back - 300}人，以本终期报告为准。"),)),
        Fact(
            0.17,
            (
                zh(
                    f"现场调查自{t.put('fieldwork_from', '2022-04-11', '2022年4月11日')}开始，至{t.put('fieldwork_to', '2022-10-28', '2022年10月28日')}结束；预调查于2022年2月进行，纳入60人。"
                ),
            ),
        ),
        Fact(
            0.3,
            (
                zh(
                    f"共发放问卷{sent}份，收回有效问卷{t.put('sample_size', back, str(back))}份，应答率{t.put('response_rate', round(100 * back / sent, 1), f'{100 * back / sent:.1f}')}%，另有41份因缺项剔除。"
                ),
            ),
        ),
        Fact(
            0.44,
            (
                zh(
                    f"本研究经伦理委员会批准（批件号：{t.put('ethics_number', f'LL{day.year}-{rng.randint(10, 99)}')}），全部调查对象签署知情同意书。"
                ),
            ),
        ),
        Fact(
            0.62,
            (
                Heading("多因素分析结果", 2),
                Grid(
                    (
                        ("模型", "OR值", "95%置信区间"),
                        ("模型1（未调整）", f"{effect + 0.2:.2f}", f"{low + 0.1:.2f}～{high + 0.3:.2f}"),
                        (
                            "模型2（主要结果）",
                            t.put("main_estimate", effect, f"{effect:.2f}"),
                            t.put("interval", f"{low:.2f}～{high:.2f}"),
                        ),
                        ("敏感性分析", f"{effect - 0.07:.2f}", f"{low - 0.1:.2f}～{high + 0.2:.2f}"),
                    ),
                    1,
                    "lrr",
                    "all",
                ),
            ),
        ),
        Fact(
            0.83,
            (
                zh(
                    _optional(
                        t,
                        traits,
                        lambda: f"原始数据存放于{t.put('repository', '江北科学数据中心')}，使用须经课题组同意。",
                    )
                ),
            ),
        ),
        Fact(
            0.91,
            (
                zh(
                    f"本研究受{t.put('funder', '云州省重点研发计划')}资助（项目编号：{t.put('grant_number', f'YZ{rng.randint(10000, 99999)}')}），批准经费{t.put('grant_amount', 860_000, '860,000')}元，自筹经费50,000元。"
                ),
            ),
        ),
        Fact(
            0.98,
            (
                Text(
                    f"通信作者：{people[3]}，电子邮箱：{t.put('contact_email', f'survey{rng.randint(10, 99)}@univ.example')}；编辑部邮箱：edit@press.example。"
                ),
            ),
        ),
    ]
    front: list[Block] = [
        Heading(title, 1, "centre"),
        Text(f"课题负责人：{t.put('lead_author', people[0])}　主要成员：{people[1]}、{people[2]}", "centre"),
        Text("承担单位：" + t.put("institution", f"{rng.choice(words.CITIES)}医学院公共卫生学院"), "centre"),
        Text(t.put("published_on", day.isoformat(), words.printed_day(day, "zh")), "centre"),
    ]
    t.note("former_value")
    return _sheet(
        rng,
        t,
        "zh",
        "research report",
        front,
        "摘要|研究背景|研究目的|研究设计|调查方法|指标与定义|调查对象|主要结果|讨论|局限性|结论|附录",
        facts,
        pages,
        traits,
    )


def _spec(name: str, kind: Callable[..., GeneratedDocument], pages: int, layout: Layout, *traits: str) -> DocumentSpec:
    if isinstance(layout, PdfLayout) and kind.__name__.endswith("_zh"):
        layout = replace(layout, chinese=True)
    return spec(name, partial(kind, pages=pages), layout, *traits)


COMPANY_REPORTS = (
    _spec("annual-en-02", company_en, 22, OfficeLayout("docx"), "absent"),
    _spec(
        "annual-zh-01",
        company_zh,
        44,
        PdfLayout("DejaVuSans", 10.5, footer="{}", header="年度报告全文"),
        "wrong_total",
        "former",
        "zero",
    ),
    _spec("annual-zh-02", company_zh, 24, TextLayout("tabs", 9000), "absent", "blank", "injection_visible"),
    _spec(
        "annual-en-01",
        company_en,
        36,
        PdfLayout("DejaVuSerif", 10.5, footer="Annual Report   {}"),
        "wrong_total",
        "blank",
        "injection_hidden",
    ),
)
TENDERS = (
    _spec("tender-zh-01", tender_zh, 30, PdfLayout("DejaVuSans", 10.5, footer="第 {} 页"), "injection_hidden"),
    _spec("tender-zh-02", tender_zh, 22, HtmlLayout("word", title="招标文件"), "absent", "zero"),
    _spec(
        "tender-en-01",
        tender_en,
        28,
        PdfLayout("DejaVuSans", 10, "letter", footer="ITT page {}"),
        "injection_visible",
        "zero",
    ),
)
CONTRACTS = (
    _spec("agreement-en-01", contract_en, 25, PdfLayout("DejaVuSerif", 11, footer="{}"), "absent", "injection_hidden"),
    _spec("agreement-zh-01", contract_zh, 52, PdfLayout("DejaVuSans", 11, footer="- {} -")),
    _spec("agreement-zh-02", contract_zh, 21, TextLayout("aligned", 76), "absent", "injection_visible"),
)
RESEARCH = (
    _spec("study-en-01", research_en, 30, PdfLayout("DejaVuSerif", 10.5, "letter", footer="{}"), "injection_visible"),
    _spec(
        "study-en-02",
        research_en,
        20,
        HtmlLayout("page", "comment", title="Final report"),
        "absent",
        "injection_hidden",
    ),
    _spec("study-zh-01", research_zh, 26, PdfLayout("DejaVuSans", 10.5, footer="{}")),
)
