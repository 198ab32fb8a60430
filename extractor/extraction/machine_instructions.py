"""Sentences of a document that tell a machine what to answer: they are no evidence, and no model is shown them.

A report informs people. A sentence that speaks to the language model behind the reader, puts earlier instructions out
of force, or dictates an answer, changes what a model says even where it does not obey. English and Chinese are known.
Some signs tell by themselves (a chat template's tokens, "ignore all instructions", an answer in JSON); weaker ones,
such as "ignore the above" or "record it as", are also found in letters between people, and two of them are needed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from extractor.settings import Settings, rule, threshold
from extractor.types import Document

Span = tuple[int, int]


@dataclass(frozen=True)
class MachineInstructionSettings(Settings):
    """Whether instructions to machines are looked for, and how far each reaches."""

    find: bool = rule(True, meaning="Sentences that tell a machine what to answer are left out of prompts.")
    most_lines: int = threshold(3, unit="lines", meaning="A sentence is looked for in so many lines together.")
    longest: int = threshold(400, unit="characters", meaning="So far an instruction reaches within its paragraph.")
    full_line: float = threshold(
        0.7, meaning="A line of this share of its paragraph's widest is followed by text that belongs to it."
    )


_MACHINE = r"""(?:
    (?:large\s)?language\smodels? | llms? | gpt[\w-]* | chat\s?bots? | \bbots?\b
    | (?:a\.?i\.?|artificial\sintelligence)\b(?:\s(?:models?|assistants?|agents?|systems?|readers?|tools?|software))?
    | (?:virtual|digital|automated|machine)\sassistants?
    | (?:automat(?:ed|ic)|machine|electronic|software|robotic)\s
      (?:(?:data|document|text|form)\s)?
      (?:readers?|extractors?|extraction|processors?|processing|parsers?|agents?|systems?|data\sentry)
      (?:\s(?:systems?|tools?|software|services?))?
    | (?:(?:document|data|field|text|information)[\s-])?(?:extraction|parsing|capture|reading)\s
      (?:models?|systems?|tools?|software|programs?|bots?|engines?|agents?|pipelines?|services?|scripts?)
    | \bextractors?\b | \bparsers?\b | \bmodels?\sreading\sthis
    | 大?语言模型 | 大模型 | (?:人工智能|\bai)(?:助手|模型|系统|程序|工具)? | 智能(?:助手|体|系统|程序)
    | 机器人 | (?:自动|机器|智能|电子)(?:化)?
      (?:(?:读取|识别|提取|抽取|录入|处理|阅读|解析|审核)(?:程序|系统|工具|软件|器|模型|者)?|程序|系统|工具|软件|模型)
    | (?:信息|数据|文本|字段|文档)?(?:读取|识别|提取|抽取|解析|录入)(?:程序|系统|工具|软件|器|模型|引擎)
    | (?:阅读|读取|处理)(?:本|此|该)(?:文|文件|文档|报告|单据)的(?:程序|机器|模型|系统|软件)
)"""
_ANSWER_VERB = r"(?:answer|respond|reply|output|return|print|emit|produce)"
_RECORD_VERB = r"""(?:set|change|record|report|write|enter|put|fill|treat|mark|state|give|consider|classify|label
    |say|tell|register|extract|assume|regard|read|replace|book|log|use|copy|list|overwrite|rewrite)"""
_JSON = r"\{\s*[\"“'«]?\w+[\"”'»]?\s*:"
_DROP = r"""(?<!\byou\s)(?<!\bnot\s)(?<!n't\s)(?<!\bnever\s)(?<!\bthey\s)(?<!\bwho\s)
    (?:\b(?:ignore|disregard|forget|override|overrule|discard
    |do\snot\s(?:follow|use|trust)|don't\s(?:follow|use|trust)|stop\sfollowing|pay\sno\sattention\sto)\b)"""
_DROP_ZH = r"""(?<!不得)(?<!不可)(?<!请勿)(?<!切勿)(?<!不要)(?<!不能)(?<!勿)
    (?:忽略|无视|忘记|忘掉|不(?:要|必|用|须|需)?(?:再)?(?:理会|遵守|遵循|执行|采用|采信)|无需(?:理会|遵守)
    |抛开|抛弃|跳过|覆盖|撇开|不用管|不必管|别管)"""

_ALONE = (
    # tokens and marks of chat templates
    r"<\|\s?[a-z_ ]{2,30}\s?\|> | \[/?inst\] | <</?sys>> | <(?:start|end)_of_turn>",
    rf"{_DROP}[^.。]{{0,60}}\b(?:instructions?|prompts?|guidelines|directives|system\smessage)\b",
    rf"{_DROP_ZH}[^。]{{0,15}}(?:指令|指示|提示词|提示语|命令|设定|系统提示|规则)",
    rf"{_DROP}[^.。]{{0,20}}\byou\s(?:were|are|have\sbeen|had\sbeen)\s(?:told|asked|given|instructed|taught|shown)",
    r"(?:忘掉|忘记|忽略)[^。]{0,8}(?:任务|角色|身份)",
    # spoken to: "Note to the language model: ..."
    rf"""(?:^|[.:!。])\W*(?:\w+\s)?(?:note|messages?|memo|instructions?|attention|notice|information|hint|reminder
        |commands?|request|dear|hey|hello|hi|to|for|addressed\sto)\b[\s,:]{{1,2}}(?:(?:to|for|of)\s)?
        (?:(?:the|any|all|every|our|your|whatever|an?)\s)?{_MACHINE}[^.,:]{{0,40}}[:,]""",
    rf"\bif\syou\sare\s(?:the|an?|any)\s[^.,:]{{0,20}}?{_MACHINE}",
    rf"""(?:致|告|请|敬请|提醒|通知|给|提示|敬告|尊敬的|对)(?:各位|所有|任何|本|该|一切|[^。,:]{{0,10}}的)?
        {_MACHINE}[^。,:]{{0,8}}[:,]""",
    rf"^\W*(?:亲爱的)?{_MACHINE}(?:你好|您好|请注意|,)",
    rf"(?:如果|如|若|假如|倘若)(?:你|您)是[^。,]{{0,8}}{_MACHINE}",
    # an answer that is dictated
    rf"\b(?:{_ANSWER_VERB}|write|say|give)\b[^.]{{0,80}}{_JSON}",
    rf"(?:回答|输出|返回|填写|填|写|回复|给出|生成)[^。]{{0,30}}{_JSON}",
    rf"\b(?:{_ANSWER_VERB}|write|say)\b[^.]{{0,20}}\bnull\b",
    rf"\b(?:{_ANSWER_VERB}|write|say)\b.{{0,60}}\b(?:and\s|with\s)?(?:nothing\s(?:else|more|but)|no\sother\swords?|verbatim)\b",
    rf"\b(?:{_ANSWER_VERB}|write|put|enter|set)\b[^.]{{0,60}}\b(?:for|in|of)\s(?:every|each|all|any)\s(?:\w+\s)?fields?\b",
    r"\bdo\snot\s(?:extract|parse|transcribe)\b[^.]{0,20}\b(?:anything|text|documents?|values?|fields?|names?|data)\b",
    r"不要(?:从[^。]{0,10})?(?:提取|抽取)[^。]{0,6}(?:内容|信息|数据|文字|字段|名称|金额|日期)",
    rf"\b{_ANSWER_VERB}\b[^.]{{0,20}}\b(?:in|as|with)\s(?:valid\s)?json\b",
    r"(?:所有|全部|每个|各个?|任何)字段[^。]{0,15}(?:空|null|零|无|0|输出|返回|回答)",
    r"(?:不要|不得|别|无需)(?:再)?(?:回答|输出|返回|回复)(?:其他|其它|任何|别的|多余)",
)
_SIGNS = {
    "machine": _MACHINE,
    "machine told": rf"""{_MACHINE}[^.,。]{{0,30}}
        \b(?:must|should|shall|is\sto|are\sto|has\sto|have\sto|please|need\sto)\s(?:not\s|always\s|only\s|simply\s)?(?:{_ANSWER_VERB}|{_RECORD_VERB})\b
        | {_MACHINE}[^。]{{0,10}}(?:应|须|必须|务必|请|需要?|要)
        | ^\W*(?:(?:dear|hey|hello|hi|ok|okay)\s)?(?:assistant|model|computer|machine|robot|agent|reader),\s
        | ^\W*(?:助手|机器|模型|程序|电脑|智能体)[,:]""",
    "dropped": rf"""{_DROP}[^.。]{{0,40}}
        \b(?:above|below|previous(?:ly)?|preceding|foregoing|earlier|everything|anything|rest|whole|entire|documents?|tables?|texts?|page|contents?|context|printed|what(?:ever)?|figures|values?)\b
        | \b(?:must|should|shall|may|need)\snot\sbe\s(?:extracted|parsed|trusted|used)\b
        | \b(?:above|everything|previous|printed|tables?|texts?)\b[^.]{{0,40}}\bbe\s(?:ignored|disregarded|discarded)\b
        | (?:应|可|均|请)(?:予以?|当)?忽略
        | (?:文字|内容|文件|文档|信息|数据)[^。]{{0,12}}(?:不得|不要|请勿|勿|禁止)(?:提取|抽取|读取|录入)
        | {_DROP_ZH}[^。]{{0,12}}(?:以上|上述|上文|上面|前文|前面|之前|此前|先前|表格|表中|原文|正文|内容|全文|文件|文档
        |其他|其它|一切|所有|数字|数值|金额)""",
    "against the text": r"""\b(?:whatever\s(?:is|was|it|the|you|they|stands|else)
        |(?:regardless|irrespective)\sof\s(?:what|anything)|no\smatter\swhat|despite\swhat|contrary\sto\swhat|instead\sof\s(?:what|the\s\w+\s(?:printed|shown|given|stated)))\b
        | (?:无论|不论|不管|别管|尽管)[^。]{0,6}?(?:上文|上面|上述|前文|前面|原文|文中|表中|表格|以上|正文|文件|单据)
        [^。]{0,6}(?:如何|怎么|怎样|什么|所写|写|印|说|显示|列)""",
    "answer": rf"""\b{_ANSWER_VERB}\b[^.]{{0,60}}\b(?:as|to|with|for|is|be|that|only|just|simply|always)\b
        | \b{_ANSWER_VERB}\s(?:only|just|simply|yes|no|true|false|zero|an?\sempty|\d) | [-=:]\s?(?:true|false|null)\b
        | 回答|输出|返回|答复|答案 | (?:只|仅)(?:需|要|能|可|须)?填写""",
    "recorded": rf"""\b{_RECORD_VERB}\b[^.]{{1,60}}?\b(?:as|to|=|with|is|be|of)\b
        | \b(?:be|to\sbe|is|are)\s(?:recorded|reported|written|entered|treated|marked|taken|read|set|given|stated|filled
        |classified|listed|answered|extracted|changed|replaced)\b
        | \b(?:correct|right|true|real|actual|proper)\s(?:answer|value|total|amount|date|name|number|sum|result)s?\b
        | (?:写成|写为|写作|记为|记成|记作|填为|填成|填写|填上|填入|设为|设成|设定为|设置为|改为|改成|改写|换成|替换为
        |改填|改用|请用|作为|视为|视作|标记为|标为|标注为|判定为|判为|定为|报告为|报为|登记为|当作|当成|录入|录为|认定为|一律|统一|加上|加入|添加|增加)
        | (?:正确|真实|实际|真正)的?(?:答案|合计|总额|金额|日期|名称|数值|结果)""",
    "you are": r"""\byou\sare\snow\b | \byou\sare\san?\s(?:\w+\s){1,3}(?:who|that|which|whose)\b
        | 你现在(?:是|处于|进入|扮演) | 你是一[名个位]""",
    "when extracting": r"""\b(?:when|while|before|if)\s(?:\w+\s){0,3}
        (?:summari[sz]|extract|pars|transcrib|convert|analy[sz])(?:e|ing)\b
        | (?:总结|概括|摘要|提取|抽取|解析|转换|识别)(?:本|此|该|这份?)(?:文|页|单)[^。]{0,10}时""",
    "system message": r"""^\W*system\s(?:prompts?|messages?|overrides?|instructions?|commands?)\b
        | ^\W*系统(?:覆盖)?(?:指令|命令|消息|提示词)""",
    "role": r"""^\W*(?:system|assistant|developer|admin(?:istrator)?|operator|user)
        (?:\s(?:prompts?|messages?|notes?|overrides?|instructions?|updates?|notices?|commands?))?\s?[:>\]]
        | ^\#+\s?(?:instructions?|prompt|task|response)\b | ^\#+\s?(?:指令|指示|任务|提示)
        | ^\W*(?:系统|管理员|开发者|助手|用户)(?:提示|指令|消息|通知|命令|信息|说明|要求)?[:>\]】]""",
    "tag": r"</?(?:system|user|assistant|human|documents?|instructions?|prompts?|context)>",
    "new task": r"""\b(?:new|your|real|actual|next|only)\s(?:task|instructions?|goal|role|job|prompt|objective)s?\b
        | \b(?:document|prompt|input|report|text|context)\sends\shere\b
        | \b(?:end|start|beginning)\sof\s(?:the\s)?(?:document|prompt|instructions?|input|context|report)\b
        | (?:新|新的|更新后的|变更后的|真正的)(?:任务|指令|指示|命令|目标)
        | (?:文件|文档|报告|正文|输入|内容)(?:到此|至此|在此)(?:结束|为止|完毕)
        | 你(?:现在)?(?:是|的任务)""",
}
_TOO_COMMON = {
    frozenset(pair)
    for pair in (
        ("machine", "recorded"),
        ("machine", "machine told"),
        ("role", "recorded"),
        ("new task", "recorded"),
        ("answer", "recorded"),
        ("role", "machine"),
        ("you are", "machine"),
    )
}
"""Pairs of signs that reports to people have, too."""
_STEM = re.compile(
    r"""ignore|disregard|forget|overr|discard|follow|attention|model|llm|gpt|bots?\b|\bai|a\.i|
    artificial|assistant|automat|machine|extract|pars(?:er|ing)|<\||inst\]|sys>|_of_turn|answer|respond|reply|output|
    return|print|emit|\{|null|nothing|json|whatever|regardless|irrespective|matter|despite|contrary|instead|system|
    developer|</?\w+>|computer|agent|reader|trusted|instruction|prompt|you\sare|ignored|when|while|before|summari|fields?\b|not\sbe\sused|task|goal|ends\shere|(?:do\snot|don't)\s(?:use|trust)|end\sof|electronic|
    忽略|无视|忘|理会|遵|执行|采用|采信|抛|跳过|覆盖|撇开|不用管|不必管|别管|模型|智能|机器|程序|自动|系统|读取|回答|输出|返回|
    答案|答复|回复|字段|提取|抽取|录入|助手|电脑|提示|你是|你现在|总结|概括|摘要|解析|转换|识别|你好|您好|任务|指令|指示|命令|目标|无论|不论|不管|尽管|到此|至此""",
    re.VERBOSE,
)
"""Without any of these words no sign is found: saves most of the work."""
_ALONE_PATTERNS = tuple(re.compile(pattern, re.VERBOSE) for pattern in _ALONE)
_SIGN_PATTERNS = {name: re.compile(pattern, re.VERBOSE) for name, pattern in _SIGNS.items()}
_PIECE_END = re.compile(r"(?<=[。！？!?])|(?<=[.])(?=\s+[A-Z\"“'{(])|\n")
_FINISHED = (".", "。", "!", "！", "?", "？", "|>", "”", '"', "}")
_LABEL = re.compile(r"[^:：\n]{1,30}[:：\t]\s*")
_LABELLED = re.compile(r"^[^:：\n]{1,30}[:：]|\t")


def find_machine_instructions(document: Document) -> list[Span]:
    """Return where the document, in text that is shown, tells a machine what to answer, in order."""
    settings = MachineInstructionSettings.current()
    if not settings.find:
        return []
    hidden = [(b.start, b.end) for b in document.blocks if b.kind == "hidden"]
    apart = sorted([*hidden, *((t.start, t.end) for t in document.tables)])
    found: list[Span] = []
    for start, end in _paragraphs(document.text):
        if _STEM.search(document.text[start:end].casefold()) is None:
            continue
        pieces = [piece for piece in _pieces(document.text, start, end) if not _overlaps(piece, apart)]
        found += _find_in_paragraph(document.text, pieces, settings)
    cells = {(c.start, c.end) for table in document.tables for c in table.cells if c.end > c.start}
    found += [span for span in cells if is_machine_instruction(document.text[slice(*span)])]
    return sorted(span for span in found if not _overlaps(span, hidden))


def is_machine_instruction(text: str) -> bool:
    """Decide whether a sentence tells a machine what to answer."""
    text = _normalise(text)
    if _STEM.search(text) is None:
        return False
    if any(pattern.search(text) for pattern in _ALONE_PATTERNS):
        return True
    signs = [name for name, pattern in _SIGN_PATTERNS.items() if pattern.search(text)]
    return any(frozenset(pair) not in _TOO_COMMON for pair in combinations(signs, 2))


def _dictates(text: str) -> bool:
    """Decide whether an instruction says what to answer, which the next sentence may do otherwise."""
    text = _normalise(text)
    return any(_SIGN_PATTERNS[name].search(text) for name in ("answer", "recorded")) or "{" in text


def _normalise(text: str) -> str:
    """Return the text with one kind of letters and punctuation, and without characters that are not seen."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    text = " ".join(text.split())
    return re.sub(r"(?<=[\u2e80-\uffef]) (?=[\u2e80-\uffef])", "", text)


def _paragraphs(text: str) -> Iterator[Span]:
    """Yield the stretches of text between blank lines."""
    at = 0
    for gap in re.finditer(r"\n\s*\n", text):
        if gap.start() > at:
            yield at, gap.start()
        at = gap.end()
    if at < len(text):
        yield at, len(text)


def _pieces(text: str, start: int, end: int) -> list[Span]:
    """Return the sentences of a paragraph, and the lines of those that go over several."""
    ends = [m.start() for m in _PIECE_END.finditer(text, start, end)] + [end]
    pieces, at = [], start
    for each in ends:
        if text[at:each].strip():
            first = each - len(text[at:each].lstrip())
            pieces.append((first, first + len(text[at:each].strip())))
        at = each
    return pieces


def _overlaps(span: Span, others: Sequence[Span]) -> bool:
    return any(first < span[1] and last > span[0] for first, last in others)


def _find_in_paragraph(text: str, pieces: Sequence[Span], settings: MachineInstructionSettings) -> Iterator[Span]:
    """Yield the instructions among the sentences of one paragraph, each with what follows it there."""
    widest = max((len(line) for line in text[pieces[0][0] : pieces[-1][1]].split("\n")), default=0) if pieces else 0
    n = 0
    while n < len(pieces):
        last = _last_of_instruction(text, pieces, n, settings)
        if last is None:
            n += 1
            continue
        start = _after_label(text, pieces[n][0], pieces[last][1])
        while last + 1 < len(pieces) and pieces[last + 1][1] - start <= settings.longest:
            is_complete = _is_finished(text, pieces[last]) and _dictates(text[start : pieces[last][1]])
            if is_complete or not _goes_on(text, pieces[last], pieces[last + 1], widest, settings):
                break
            last += 1
        yield start, pieces[last][1]
        n = last + 1


def _last_of_instruction(
    text: str, pieces: Sequence[Span], first: int, settings: MachineInstructionSettings
) -> int | None:
    """Return the last piece of the instruction that begins with a piece, None where none begins there."""
    for last in range(first, min(first + settings.most_lines, len(pieces))):
        if last > first and (_is_finished(text, pieces[last - 1]) or _is_labelled(text, pieces[last])):
            return None
        if is_machine_instruction(text[pieces[first][0] : pieces[last][1]]):
            needs_first = last == first or not is_machine_instruction(text[pieces[first + 1][0] : pieces[last][1]])
            return last if needs_first else None
    return None


def _goes_on(text: str, piece: Span, following: Span, widest: int, settings: MachineInstructionSettings) -> bool:
    """Decide whether what follows a sentence of an instruction belongs to it."""
    if "\n" not in text[piece[1] : following[0]]:
        return True
    if _is_labelled(text, following):
        return False
    if not _is_finished(text, piece):
        return True
    line = text[text.rfind("\n", 0, piece[1]) + 1 : piece[1]]
    return len(line) >= settings.full_line * widest


def _after_label(text: str, start: int, end: int) -> int:
    """Return where an instruction begins that may stand behind a label, of which it is the value."""
    label = _LABEL.match(text, start, end)
    if label is None or _STEM.search(_normalise(label.group())) is not None:
        return start
    return label.end() if is_machine_instruction(text[label.end() : end]) else start


def _is_finished(text: str, piece: Span) -> bool:
    return text.endswith(_FINISHED, 0, piece[1])


def _is_labelled(text: str, piece: Span) -> bool:
    return _LABELLED.match(text[piece[0] : piece[1]]) is not None
