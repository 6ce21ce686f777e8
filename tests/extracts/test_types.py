"""Reading landed text as the contract's types: every accepted form, and what is not one."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts import Field
from pipelines.engine import Engine, open_engine, staged
from pipelines.extracts.types import prepared, value
from pipelines.policy import load_policy
from pipelines.workspace import DEFAULT_POLICY

REGION = load_policy(DEFAULT_POLICY).region
CODES = {"1": ("一级", "01"), "2": ("二级", "02")}
HEALTH = {"健康": ("健康",), "长期慢性病": ("长期慢性病",), "患有大病": ("患有大病",), "残疾": ("残疾",)}

CASES: dict[str, dict[str | None, Any]] = {
    "month": {
        "202007": 202007, "2020-07": 202007, "2020-7": 202007, "2020年7月": 202007, "2020年07月": 202007, "2020/07": 202007, "2020/7": 202007,
        "2020-07-01": 202007, "20200701": 202007, "2020/7/1": 202007, "2020年7月1日": 202007, "2020-07-01 00:00:00": 202007,
        "长期": 999912, "永久": 999912,
        "202013": None, "202000": None, "2020-13": None, "20200732": None, "2020-02-30": None, "2020": None, "7月": None, "2020.07": None,
        "2020-7/1": None,
        "000007": None, "２０２００７": None, "2020-0": None, "abcdef": None, None: None,
    },
    "date": {
        "2020-07-31": 20200731, "20200731": 20200731, "2020/7/31": 20200731, "2020/07/31": 20200731, "2020年7月31日": 20200731,
        "2020年07月31日": 20200731,
        "2020-7-1": 20200701, "2020-07-31 00:00:00": 20200731, "2020-07-31T08:15:00.000Z": 20200731, "2020/7/31 0:00": 20200731,
        "20200731 00:00:00": 20200731,
        "长期": 99991231, "永久": 99991231, "9999-12-31": 99991231, "2020-02-29": 20200229, "2000-02-29": 20000229, "1600-02-29": 16000229,
        "2019-02-29": None, "1900-02-29": None, "2020-04-31": None, "2020-00-10": None, "2020-13-01": None, "2020-07-00": None, "20200732": None,
        "2020-07": None, "202007": None, "43983": None, "2020/7-31": None, "2020-07-31 noon": None, "2020年7月": None, "二〇二〇年": None,
        "": None, None: None,
    },
    "money": {
        "600": 60000, "600.5": 60050, "1,234.50": 123450, "1234.50元": 123450, "1,234,567.89元": 123456789, "0": 0, "-12.30": -1230,
        "-0.50": -50, "600.": 60000,
        "88.125": 8813, "88.124": 8812, "0.005": 1, "-0.005": -1, "0.0049999": 0, "999999999999.99": 99999999999999, "1234 元": 123400,
        "600.10000000000002": 60010,
        "12,34": None, "1.2E+04": None, "六百": None, "600元/月": None, "元": None, "-": None, "1.2.3": None, ",123": None, None: None,
    },
    "int": {"3": 3, "3.0": 3, "-1": -1, "012": 12, "3.00": 3, "3.5": None, "三": None, "3人": None, "1e3": None, "99999999999": None, None: None},
    "bool": {
        "是": True, "1": True, "Y": True, "y": True, "有": True, "否": False, "0": False, "N": False, "n": False, "无": False, "2": None,
        "不详": None, None: None,
    },
    "code": {"1": "1", "01": "1", "一级": "1", "二级": "2", "02": "2", "3": None, "一": None, None: None},
    "codes": {
        "健康": "健康", "残疾,患有大病": "患有大病;残疾", "残疾、残疾": "残疾", "残疾，长期慢性病；患有大病": "患有大病;残疾;长期慢性病",
        "残疾 患有大病": "患有大病;残疾",
        "残疾;": "残疾", "残疾,失聪": None, "患有大病残疾": None, ";": None, None: None,
    },
    "county": {
        "640323": "640323", "盐池县": "640323", "640323101001": "640323", "610101": "610101", "610101001001": "610101", "820000": "820000",
        "640399": None, "640000": None, "640199": None, "990101": None, "盐池": None, "64032": None, "6403231": None, None: None,
    },
    "text": {" as it is ": " as it is ", None: None},
}  # fmt: skip


def field(kind: str, unit: str = "元") -> Field:
    codes = {"code": CODES, "codes": HEALTH}.get(kind, {})
    return Field("x", "列", (), kind, False, codes, None, "", unit, "")


def read_all(engine: Engine, texts: Mapping[str, Sequence[str | None]], folder: Path, unit: str = "元") -> dict[str, list[Any]]:
    """What texts of several types, by type, are read as: in one table, as conforming does."""
    length = max(map(len, texts.values()))
    cells = {f"text_{kind}": pa.array([*column, *[None] * (length - len(column))], pa.string()) for kind, column in texts.items()}
    pq.write_table(pa.table({"place": range(length), **cells}), folder / "texts.parquet")
    table = engine.read([folder / "texts.parquet"])
    forms = staged(table.select("place", **{f"form_{kind}": prepared(field(kind, unit), table[f"text_{kind}"]) for kind in texts}))
    typed = forms.select("place", **{kind: value(field(kind, unit), forms[f"form_{kind}"], REGION) for kind in texts})
    found = engine.arrow(typed.order_by("place"))
    return {kind: found[kind].to_pylist()[: len(column)] for kind, column in texts.items()}


def read(engine: Engine, kind: str, texts: Sequence[str | None], folder: Path, unit: str = "元") -> list[Any]:
    return read_all(engine, {kind: texts}, folder, unit)[kind]


@pytest.fixture(scope="module")
def engine():
    opened = open_engine()
    yield opened
    opened.close()


@pytest.mark.parametrize("kind", CASES)
def test_every_form_of_a_type(engine, kind, tmp_path) -> None:
    texts = list(CASES[kind])
    assert dict(zip(texts, read(engine, kind, texts, tmp_path), strict=True)) == CASES[kind]


def test_amounts_in_ten_thousand_yuan_are_fen_too(engine, tmp_path) -> None:
    assert read(engine, "money", ["12.5", "0.000001", "0.0000005"], tmp_path, unit="万元") == [12500000, 1, 1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("texts")


def as_date(year: int, month: int, day: int) -> int | None:
    real = year >= 1000 and 1 <= month <= 12 and 1 <= day <= monthrange(max(year, 1), min(max(month, 1), 12))[1]
    return year * 10000 + month * 100 + day if real else None


@settings(deadline=None, max_examples=15)
@given(days=st.lists(st.tuples(st.integers(0, 9998), st.integers(0, 13), st.integers(0, 32)), min_size=1, max_size=300))
def test_exactly_the_days_of_the_calendar_are_dates(engine, folder, days) -> None:
    texts = [f"{year:04}{month:02}{day:02}" for year, month, day in days]
    assert read(engine, "date", texts, folder) == [as_date(*day) for day in days]


@settings(deadline=None, max_examples=15)
@given(amounts=st.lists(st.decimals(-(10**11), 10**11, places=4), min_size=1, max_size=300))
def test_amounts_are_rounded_half_up_to_fen(engine, folder, amounts) -> None:
    expected = [int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP)) for amount in amounts]
    assert read(engine, "money", [f"{amount:,f}元" for amount in amounts], folder) == expected


@settings(deadline=None, max_examples=20)
@given(texts=st.lists(st.text(max_size=24), min_size=1, max_size=200), kind=st.sampled_from(sorted(CASES)))
def test_no_text_whatever_stops_the_reading(engine, folder, texts, kind) -> None:
    assert len(read(engine, kind, list(texts), folder)) == len(texts)
