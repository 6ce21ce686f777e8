"""Names as they occur in the region: few surnames for many people, Hui and Han given names, some dotted names and rare characters."""

from __future__ import annotations

import numpy as np

from pipelines.synthetic.texts import Texts, choose, join, take, texts

Generator = np.random.Generator

_HUI_SURNAMES = ["马", "杨", "白", "李", "王", "丁", "金", "罗", "张", "田", "海", "撒", "哈", "者", "禹", "冶", "虎", "买", "苏", "锁", "黑", "勉"]
_HUI_WEIGHTS = [42, 9, 6, 6, 5, 4, 3, 4, 3, 3, 2, 1.5, 1.5, 1, 1.5, 1, 1, 1, 2, 1, 1, 0.5]
_HAN_SURNAMES = [
    "王",
    "李",
    "张",
    "刘",
    "马",
    "陈",
    "杨",
    "赵",
    "高",
    "吴",
    "周",
    "徐",
    "孙",
    "朱",
    "郭",
    "何",
    "冯",
    "韩",
    "曹",
    "田",
    "贺",
    "尤",
    "强",
    "雍",
    "俞",
    "欧阳",
]
_HAN_WEIGHTS = [10, 10, 9, 7, 5, 4, 5, 4, 3, 3, 2.5, 2, 2, 2, 2, 2, 1.5, 1.5, 1.5, 1.5, 1, 0.6, 0.4, 0.4, 0.4, 0.3]
_MEN_FIRST = ["小", "占", "建", "国", "志", "文", "玉", "海", "学", "永", "万", "生", "天", "宝", "彦", "俊", "少", "廷", "进", "成"]
_MEN_SECOND = ["军", "明", "平", "海", "强", "龙", "虎", "林", "山", "华", "福", "祥", "贵", "忠", "义", "云", "东", "江", "伟", "涛"]
_WOMEN_FIRST = ["秀", "玉", "桂", "小", "晓", "春", "凤", "彩", "淑", "丽", "艳", "红", "雪", "金", "海", "慧", "雅", "佳", "思", "梦"]
_WOMEN_SECOND = ["兰", "英", "花", "梅", "芳", "玲", "琴", "霞", "燕", "萍", "红", "娟", "莲", "珍", "香", "琼", "云", "蓉", "静", "瑶"]
_MEN_HUI = ["哈桑", "尔萨", "伊布", "穆萨", "优素", "达吾", "者麻", "尔力", "舍巴", "木沙"]
_WOMEN_HUI = ["法图麦", "阿依舍", "麦燕", "索菲", "海迪", "哈娃", "赛丽麦", "阿米娜", "买尔燕", "则乃"]
_DOTTED = ["阿不都·热合曼", "古丽·买买提", "艾山·托合提", "帕提·库尔班", "吐尔逊·艾力", "热依拉·玉素甫"]
_RARE = ["䶮", "㛃", "𬭎"]

HOMOPHONES = {
    "占": "战",
    "军": "君",
    "英": "瑛",
    "芳": "方",
    "玲": "灵",
    "明": "铭",
    "兰": "岚",
    "平": "萍",
    "霞": "侠",
    "强": "墙",
    "梅": "煤",
    "文": "雯",
    "建": "健",
    "伟": "纬",
    "涛": "滔",
    "红": "宏",
    "静": "净",
    "福": "幅",
    "林": "淋",
    "江": "姜",
}
"""A clerk's slips of the ear: they read the same, so they are no different name."""
LOOKALIKES = {
    "占": "古",
    "军": "车",
    "英": "关",
    "芳": "芬",
    "玲": "珍",
    "明": "朋",
    "兰": "半",
    "平": "半",
    "玉": "主",
    "秀": "透",
    "海": "梅",
    "国": "因",
    "小": "水",
    "生": "牛",
    "桂": "柱",
    "花": "茶",
    "天": "夫",
    "志": "忘",
    "学": "宁",
    "丽": "雨",
    "春": "看",
    "龙": "尤",
    "文": "交",
    "永": "水",
    "万": "方",
    "云": "去",
    "林": "材",
    "东": "车",
    "忠": "患",
    "山": "出",
    "伟": "韩",
    "彩": "影",
    "淑": "椒",
    "凤": "凰",
    "雪": "雷",
    "慧": "急",
    "琴": "瑟",
    "香": "杏",
    "贵": "责",
    "宝": "空",
    "莲": "蓬",
    "燕": "燥",
}
"""A clerk's slips of the eye: they read differently, so two records of one number then bear different names."""


def draw_names(rng: Generator, surname: np.ndarray, sex: np.ndarray, muslim: np.ndarray) -> Texts:
    """Names for surnames (index into SURNAMES), sexes and whether the family is Hui."""
    count = len(surname)
    first = np.where(sex == 1, rng.integers(0, 20, count), 20 + rng.integers(0, 20, count))
    second = np.where(sex == 1, rng.integers(0, 20, count), 20 + rng.integers(0, 20, count))
    short = rng.random(count) < 0.12
    hui = muslim & (rng.random(count) < 0.18)
    given_first = take(_FIRST, np.where(short | hui, 40, first))
    hui_given = np.where(sex == 1, 40 + rng.integers(0, 10, count), 50 + rng.integers(0, 10, count))
    given_second = take(_SECOND, np.where(hui, hui_given, second))
    rare = rng.random(count) < 0.002
    given_second = choose(rare, take(texts(_RARE), rng.integers(0, 3, count)), given_second)
    names = join(take(SURNAMES, surname), given_first, given_second)
    dotted = rng.random(count) < 0.002
    return choose(dotted, take(texts(_DOTTED), rng.integers(0, len(_DOTTED), count)), names)


def draw_surnames(rng: Generator, muslim: np.ndarray) -> np.ndarray:
    """Index into SURNAMES per family."""
    hui = rng.choice(len(_HUI_SURNAMES), len(muslim), p=np.array(_HUI_WEIGHTS) / sum(_HUI_WEIGHTS))
    han = rng.choice(len(_HAN_SURNAMES), len(muslim), p=np.array(_HAN_WEIGHTS) / sum(_HAN_WEIGHTS))
    return np.where(muslim, hui, len(_HUI_SURNAMES) + han)


SURNAMES = texts(_HUI_SURNAMES + _HAN_SURNAMES)
_FIRST = texts([*_MEN_FIRST, *_WOMEN_FIRST, ""])
_SECOND = texts(_MEN_SECOND + _WOMEN_SECOND + _MEN_HUI + _WOMEN_HUI)
