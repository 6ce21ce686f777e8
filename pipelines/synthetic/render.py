"""Latent numbers written as the text that a department delivers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.synthetic.premises import OPEN_DAY, month_index

_FIRST_DAY, _DAYS = -32_000, 70_000
_FIRST_MONTH, _MONTHS = month_index(1900, 1), 12 * 160
_MANY_DAYS = (np.arange(_FIRST_DAY, _FIRST_DAY + _DAYS)).astype("datetime64[D]").astype(str)
_MANY_MONTHS = (np.arange(_MONTHS) - 70 * 12).astype("datetime64[M]").astype(str)


def _chinese(text: str, units: str) -> str:
    return "".join(str(int(part)) + unit for part, unit in zip(text.split("-"), units, strict=False))


_DAY_TEXTS = {
    "iso": pa.array(_MANY_DAYS),
    "compact": pc.replace_substring(pa.array(_MANY_DAYS), "-", ""),
    "slash": pa.array([f"{text[:4]}/{int(text[5:7])}/{int(text[8:])}" for text in _MANY_DAYS]),
    "chinese": pa.array([_chinese(text, "年月日") for text in _MANY_DAYS]),
}
_MONTH_TEXTS = {
    "iso": pa.array(_MANY_MONTHS),
    "compact": pc.replace_substring(pa.array(_MANY_MONTHS), "-", ""),
    "slash": pc.replace_substring(pa.array(_MANY_MONTHS), "-", "/"),
    "chinese": pa.array([_chinese(text, "年月") for text in _MANY_MONTHS]),
}
_CENTS = pa.array([f".{cents:02d}" for cents in range(100)])


@dataclass(frozen=True)
class Style:
    """How one system writes: days and months (iso, compact, slash, chinese), money (plain, thousands, yuan), yes and no, counties (code, division, name)."""

    day: str = "iso"
    month: str = "compact"
    money: str = "plain"
    yes_no: tuple[str, str] = ("否", "是")
    county: str = "code"
    open_end: str = "长期"


def days(values: np.ndarray, style: Style) -> pa.Array:
    """Latent days as dates; nothing as null, an open end in the style's word."""
    open_end = values == OPEN_DAY
    places = np.clip(np.where(open_end, 0, values) - _FIRST_DAY, 0, _DAYS - 1)
    text = pc.take(_DAY_TEXTS[style.day], pa.array(places, mask=values == -1))
    return pc.if_else(pa.array(open_end), style.open_end, text) if open_end.any() else text


def birth_days(values: np.ndarray, style: Style) -> pa.Array:
    """Birth days as dates; never nothing, for -1 is a day too."""
    return pc.take(_DAY_TEXTS[style.day], pa.array(values - _FIRST_DAY))


def months(values: np.ndarray, style: Style) -> pa.Array:
    """Latent months; nothing as null."""
    return pc.take(_MONTH_TEXTS[style.month], pa.array(np.clip(values - _FIRST_MONTH, 0, _MONTHS - 1), mask=values < 0))


def money(values: np.ndarray, style: Style) -> pa.Array:
    """Fen as yuan with two decimals; nothing as null."""
    missing = values < 0
    whole = pc.cast(pa.array(values // 100, mask=missing), pa.string())
    if style.money == "thousands":
        big = pa.array(values >= 100_000)
        head, tail = pc.cast(pa.array(values // 100_000), pa.string()), pc.take(_THOUSAND, pa.array(values // 100 % 1000))
        whole = pc.if_else(big, pc.binary_join_element_wise(head, tail, ","), whole)
    text = pc.binary_join_element_wise(whole, pc.take(_CENTS, pa.array(values % 100)), "")
    return pc.binary_join_element_wise(text, "元", "") if style.money == "yuan" else text


_THOUSAND = pa.array([f"{rest:03d}" for rest in range(1000)])


def whole(values: np.ndarray) -> pa.Array:
    """Whole numbers; nothing as null."""
    return pc.cast(pa.array(values, mask=values < 0), pa.string())


def labels(values: np.ndarray, texts: tuple[str, ...]) -> pa.Array:
    """The label at each value's place; nothing, and empty labels, as null."""
    source = pa.array([text or None for text in texts], pa.string())
    return pc.take(source, pa.array(values, mask=values < 0))


def codes(values: np.ndarray, texts: dict[int, str]) -> pa.Array:
    """The label of each code."""
    known = np.array(sorted(texts))
    return pc.take(pa.array([texts[int(code)] for code in known]), pa.array(np.searchsorted(known, values)))


def numbered(prefix: str, values: np.ndarray, width: int = 8) -> pa.Array:
    """Running numbers with a prefix and leading zeros; nothing as null."""
    text = pc.utf8_lpad(pc.cast(pa.array(values, mask=values < 0), pa.string()), width=width, padding="0")
    return pc.binary_join_element_wise(prefix, text, "")


def counties(values: np.ndarray, style: Style, names: dict[int, str]) -> pa.Array:
    """County codes as code, 12-digit division code or, for the region's own, name."""
    known, places = np.unique(values, return_inverse=True)
    if style.county == "division":
        texts = [f"{code}000000" for code in known]
    elif style.county == "name":
        texts = [names.get(int(code), str(code)) for code in known]
    else:
        texts = [str(code) for code in known]
    return pc.take(pa.array([None if code < 0 else text for code, text in zip(known, texts, strict=True)], pa.string()), pa.array(places.reshape(-1)))
