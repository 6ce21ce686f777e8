"""Latent numbers written as the text that a department delivers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.synthetic.premises import OPEN_DAY, month_index
from pipelines.synthetic.texts import Texts, choose, join, padded, replaced, take, texts
from pipelines.synthetic.texts import whole as whole_text

_FIRST_DAY, _DAYS = -32_000, 70_000
_FIRST_MONTH, _MONTHS = month_index(1900, 1), 12 * 160
_MANY_DAYS = (np.arange(_FIRST_DAY, _FIRST_DAY + _DAYS)).astype("datetime64[D]").astype(str)
_MANY_MONTHS = (np.arange(_MONTHS) - 70 * 12).astype("datetime64[M]").astype(str)


def _chinese(text: str, units: str) -> str:
    return "".join(str(int(part)) + unit for part, unit in zip(text.split("-"), units, strict=False))


_DAY_TEXTS = {
    "iso": texts(_MANY_DAYS),
    "compact": replaced(texts(_MANY_DAYS), "-", ""),
    "slash": texts([f"{text[:4]}/{int(text[5:7])}/{int(text[8:])}" for text in _MANY_DAYS]),
    "chinese": texts([_chinese(text, "年月日") for text in _MANY_DAYS]),
}
_MONTH_TEXTS = {
    "iso": texts(_MANY_MONTHS),
    "compact": replaced(texts(_MANY_MONTHS), "-", ""),
    "slash": replaced(texts(_MANY_MONTHS), "-", "/"),
    "chinese": texts([_chinese(text, "年月") for text in _MANY_MONTHS]),
}
_CENTS = texts([f".{cents:02d}" for cents in range(100)])


@dataclass(frozen=True)
class Style:
    """How one system writes: days and months (iso, compact, slash, chinese), money (plain, thousands, yuan), no and yes, counties (code, division,
    name), and an open end."""

    day: str = "iso"
    month: str = "compact"
    money: str = "plain"
    yes_no: tuple[str, str] = ("否", "是")
    county: str = "code"
    open_end: str = "长期"


def days(values: np.ndarray, style: Style) -> Texts:
    """Latent days as dates; nothing as null, an open end in the style's word."""
    open_end = values == OPEN_DAY
    places = np.clip(np.where(open_end, 0, values) - _FIRST_DAY, 0, _DAYS - 1)
    return choose(open_end, style.open_end, take(_DAY_TEXTS[style.day], places, values == -1))


def birth_days(values: np.ndarray, style: Style) -> Texts:
    """Birth days as dates; never nothing, for -1 is a day too."""
    return take(_DAY_TEXTS[style.day], values - _FIRST_DAY)


def months(values: np.ndarray, style: Style) -> Texts:
    """Latent months; nothing as null."""
    return take(_MONTH_TEXTS[style.month], np.clip(values - _FIRST_MONTH, 0, _MONTHS - 1), values < 0)


def money(values: np.ndarray, style: Style) -> Texts:
    """Fen as yuan with two decimals; nothing as null."""
    yuan = whole_text(values // 100, values < 0)
    if style.money == "thousands":
        yuan = choose(values >= 100_000, join(whole_text(values // 100_000), ",", take(_THOUSAND, values // 100 % 1000)), yuan)
    text = join(yuan, take(_CENTS, values % 100))
    return join(text, "元") if style.money == "yuan" else text


_THOUSAND = texts([f"{rest:03d}" for rest in range(1000)])


def whole(values: np.ndarray) -> Texts:
    """Whole numbers; nothing as null."""
    return whole_text(values, values < 0)


def labels(values: np.ndarray, words: tuple[str, ...]) -> Texts:
    """The label at each value's place; nothing, and empty labels, as null."""
    return take(texts([word or None for word in words]), values, values < 0)


def codes(values: np.ndarray, words: dict[int, str]) -> Texts:
    """The label of each code."""
    known = np.array(sorted(words))
    return take(texts([words[int(code)] for code in known]), np.searchsorted(known, values))


def numbered(prefix: str, values: np.ndarray, width: int = 8) -> Texts:
    """Running numbers with a prefix and leading zeros; nothing as null."""
    return join(prefix, padded(whole_text(values, values < 0), width))


def counties(values: np.ndarray, style: Style, names: dict[int, str]) -> Texts:
    """County codes as code, 12-digit division code or, for the region's own, name."""
    known, places = np.unique(values, return_inverse=True)
    if style.county == "division":
        words = [f"{code}000000" for code in known]
    elif style.county == "name":
        words = [names.get(int(code), str(code)) for code in known]
    else:
        words = [str(code) for code in known]
    return take(texts([None if code < 0 else word for code, word in zip(known, words, strict=True)]), places.reshape(-1))
