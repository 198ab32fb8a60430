"""Measure how often the encoding of a short text is found: `python -m eval.encodings`.

The texts are general sentences on many subjects, cut and joined to 20 to 400 bytes, written in the encodings that old
programs write. A text counts as right when the decoded characters are the ones that were encoded, whatever the name of
the encoding. Compared are `extractor.readers.encoding.decode` and charset-normalizer.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from extractor.readers import encoding


def _sentences(text: str) -> list[str]:
    return text.strip().splitlines()


SIMPLIFIED = _sentences("""\
今天早上下了一场小雨，路上的行人都撑着伞。
这本书讲的是一个孩子在海边长大的故事。
图书馆周一闭馆，其他时间早上九点开门。
把面粉和鸡蛋搅拌均匀，放在冰箱里醒半个小时。
地铁三号线因为检修，末班车提前到晚上十点。
他弹钢琴已经二十年了，每天仍然练习两个小时。
心脏每分钟大约跳动七十次，运动时会更快。
春天是种树的好季节，雨水多，气温也合适。
这家餐馆的红烧鱼很有名，周末要提前订位。
科学家在深海里发现了一种会发光的水母。
请把手机调成静音，演出马上就要开始了。
我国的高速铁路网连接了大部分城市。
老师让学生们写一篇关于家乡的作文。
昨晚的比赛踢成了二比二，双方握手言和。
电池充满电以后可以连续使用十二个小时。
博物馆新展出了一批唐代的陶俑和铜镜。
姐姐在大学里学的是天文，毕业后去了天文台。
冬天的湖面结了冰，孩子们在上面滑冰。
药品请放在儿童拿不到的地方，避免阳光直射。
公司决定明年把总部搬到南方的一座城市。
银行的利率这个月下调了百分之零点二五。
火山喷发以后，附近的居民被疏散到安全的地方。
新来的邻居养了两只猫和一条大狗。
如果你迷了路，可以向警察或者店员询问。
这台洗衣机的保修期是三年，人为损坏除外。
农民们趁着好天气收割小麦。
电影讲述了一位医生在山村行医的经历。
软件更新以后，打开速度比以前快了许多。
蜜蜂靠跳舞告诉同伴哪里有花。
合同一式两份，双方各执一份，签字后生效。
收件人：王小明，电话：13800000000
订单编号 20240117，共三件，合计 256.80 元
会议室：二楼东侧；时间：下午 2:30
体温 36.8℃，血压 120/80，未见异常。
长江全长六千多公里，是亚洲最长的河流。
""")

TRADITIONAL = _sentences("""\
今天早上下了一場小雨，路上的行人都撐著傘。
這本書講的是一個孩子在海邊長大的故事。
圖書館週一休館，其他時間早上九點開門。
把麵粉和雞蛋攪拌均勻，放在冰箱裡醒半個小時。
捷運因為檢修，末班車提前到晚上十點。
他彈鋼琴已經二十年了，每天仍然練習兩個小時。
春天是種樹的好季節，雨水多，氣溫也合適。
這家餐館的紅燒魚很有名，週末要提前訂位。
科學家在深海裡發現了一種會發光的水母。
請把手機調成靜音，演出馬上就要開始了。
老師讓學生們寫一篇關於家鄉的作文。
電池充滿電以後可以連續使用十二個小時。
藥品請放在兒童拿不到的地方，避免陽光直射。
銀行的利率這個月下調了百分之零點二五。
新來的鄰居養了兩隻貓和一條大狗。
合約一式兩份，雙方各執一份，簽字後生效。
收件人：王小明，電話：02-12345678
訂單編號 20240117，共三件，合計 256.80 元
""")

JAPANESE = _sentences("""\
今朝は小雨が降り、道を歩く人は傘を差していました。
この本は海辺で育った子どもの物語です。
図書館は月曜日が休みで、ほかの日は朝九時に開きます。
小麦粉と卵をよく混ぜて、冷蔵庫で三十分休ませます。
点検のため、終電は午後十時になります。
彼は二十年ピアノを弾いていて、毎日二時間練習します。
深い海で光るクラゲが見つかりました。
電池は一度の充電で十二時間使えます。
薬は子どもの手の届かない所に置いてください。
契約書は二通作成し、双方が一通ずつ保管します。
""")

WESTERN = _sentences("""\
It rained a little this morning, and everyone in the street carried an umbrella.
The library is closed on Mondays; on other days it opens at nine o’clock.
Mix the flour with two eggs and let the dough rest for half an hour at 5 °C.
“We’ll start on time,” she said – and they did.
The café on the corner serves crème brûlée until midnight.
Zürich and Genève are linked by a train that takes under three hours.
Please keep your receipt: returns are accepted within 30 days…
The battery lasts twelve hours and costs £35, or about €41.
Señor Núñez moved from São Paulo to Málaga last spring.
Die Straße ist wegen Bauarbeiten gesperrt, Fußgänger müssen außen herum.
Les élèves ont écrit une lettre à leur député après la réunion.
Il est interdit d’entrer ; l’accès est réservé au personnel.
Smørrebrød is an open sandwich; Åse likes hers with egg and cress.
The museum’s new room shows a 7½-inch mirror and a bronze of 450 g ± 5 g.
© 1998 The Society for Old Maps. All rights reserved.
""")

LANGUAGES = {
    "gb2312": SIMPLIFIED,
    "gbk": SIMPLIFIED,
    "gb18030": SIMPLIFIED + TRADITIONAL,
    "big5": TRADITIONAL,
    "utf-8": SIMPLIFIED + TRADITIONAL + JAPANESE + WESTERN,
    "utf-16": SIMPLIFIED + TRADITIONAL + WESTERN,
    "utf-16-le": SIMPLIFIED + TRADITIONAL + WESTERN,
    "latin-1": WESTERN,
    "cp1252": WESTERN,
    "shift_jis": JAPANESE,
}


def make_texts(name: str, sentences: list[str], count: int = 200, seed: int = 7) -> list[str]:
    """Return `count` texts of 20 to 400 bytes that can be written in the encoding and hold more than ASCII."""
    chance, texts = random.Random(f"{seed} {name}"), []
    while len(texts) < count:
        text = chance.choice(["", "\n", " "]).join(chance.sample(sentences, chance.randint(1, 5)))
        length = chance.randint(20, 400)
        start = chance.randrange(max(1, len(text) // 2))
        while len(text[start:].encode(name, "ignore")) > length:
            text = text[:-1]
        text = text[start:].encode(name, "ignore").decode(name)
        if len(text.encode(name)) >= 20 and not text.isascii():
            texts.append(text)
    return texts


def decode_by_charset_normalizer(data: bytes) -> str:
    """Return the text by charset-normalizer's best guess; empty where it has none."""
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    return str(best) if best is not None else ""


def decode_by_us(data: bytes) -> str:
    """Return the text as the readers decode it; empty where they take it for a binary file."""
    try:
        return encoding.decode(data)[0]
    except ValueError:
        return ""


def share_right(decode: Callable[[bytes], str], name: str, texts: list[str], longest: int) -> str:
    """Return how many of the texts of at most `longest` bytes are decoded to what was encoded."""
    chosen = [text for text in texts if len(text.encode(name)) <= longest]
    right = sum(decode(text.encode(name)).lstrip("\ufeff") == text for text in chosen)
    return f"{right:3} of {len(chosen):3}"


def make_stretches(name: str, sentences: list[str], count: int = 400, seed: int = 3) -> list[str]:
    """Return `count` stretches of 2 to 8 characters that hold more than ASCII, as in a file of one or two words."""
    chance, stretches = random.Random(f"{seed} {name}"), []
    while len(stretches) < count:
        sentence = chance.choice(sentences)
        start = chance.randrange(len(sentence))
        text = sentence[start : start + chance.randint(2, 8)].encode(name, "ignore").decode(name).strip()
        if len(text) > 1 and not text.isascii():
            stretches.append(text)
    return stretches


def main() -> None:
    """Print, for each encoding, how many of its texts, those up to 60 bytes, and short stretches each way decodes."""
    columns = " ".join(f"{title:>12}" for title in ("ours", "<= 60 bytes", "2-8 letters"))
    others = columns.replace("        ours", "  normalizer")
    print(f"{'encoding':10} {columns} {others}")
    for name, sentences in LANGUAGES.items():
        texts, stretches = make_texts(name, sentences), make_stretches(name, sentences)
        cells = []
        for way in (decode_by_us, decode_by_charset_normalizer):
            cells += [share_right(way, name, texts, 400), share_right(way, name, texts, 60)]
            cells.append(share_right(way, name, stretches, 400))
        print(f"{name:10} " + " ".join(f"{cell:>12}" for cell in cells))


if __name__ == "__main__":
    main()
