"""Names: folding, readings and agreement levels, on made-up people."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.engine import open_engine
from pipelines.identity.names import LEVELS, agreement, agreements, changed_names, fold, fold_all, readings, with_folded_names

NAMES = st.text(alphabet="马馬小晓曉强长单吕綠·•.？?□\ue000 　A", max_size=6)


@pytest.mark.parametrize("separator", "·•‧∙⋅●・･．.。﹒")
def test_every_separator_between_han_characters_is_one(separator) -> None:
    assert fold(f"阿依{separator}古丽") == "阿依·古丽"


def test_folding() -> None:
    assert fold("馬 曉　麗") == "马晓丽"
    assert fold("Ａ．Ｂ") == "A.B"  # no Han characters beside the point
    assert fold("艾山 • 买提 · 江") == "艾山·买提·江"
    assert fold("甲·乙·丙") == "甲·乙·丙"
    assert fold("") == ""


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("马强", "马强", "exact"),
        ("馬強", "马强", "folded"),
        ("马 强", "马强", "folded"),
        ("艾山·买提", "艾山买提", "folded"),
        ("艾山•买提", "艾山．买提", "folded"),
        ("马占海", "马战海", "same_reading"),
        ("马长海", "马常海", "same_reading"),
        ("马长海", "马章海", "same_reading"),
        ("单强", "善强", "same_reading"),
        ("艾山·买提", "爱山买提", "same_reading"),
        ("马强", "马刚", "one_character"),
        ("马强", "牛强", "one_character"),
        ("马小强", "马强", "one_character"),
        ("马强", "马小强", "one_character"),
        ("马小强", "马大刚", "different"),
        ("马", "牛", "different"),
        ("强", "马强", "different"),
        ("马小强", "马", "different"),
        ("强马", "马强", "different"),
        ("马?海", "马占海", "same_reading"),
        ("马□海", "马占海", "same_reading"),
        ("马\ue123海", "马占海", "same_reading"),
        ("马?海", "马?海", "same_reading"),
        ("马?海", "牛占海", "one_character"),
        ("马？海", "牛占江", "different"),
    ],
)
def test_agreement_levels(left, right, level) -> None:
    assert agreement(left, right) == agreement(right, left) == level


def test_agreements_of_many_pairs_keep_their_order() -> None:
    assert agreements([("马强", "马刚"), ("马强", "马强")]) == ["one_character", "exact"]


def test_readings_name_every_position() -> None:
    assert readings("马长海") == "ma/chang|zhang/hai"
    assert readings("艾·?") == "ai|yi/*"


@given(name=NAMES)
def test_folding_twice_changes_nothing(name) -> None:
    assert fold(fold(name)) == fold(name)


@given(left=NAMES, right=NAMES)
def test_agreement_has_no_direction(left, right) -> None:
    assert agreement(left, right) == agreement(right, left)
    assert agreement(left, right) in LEVELS


@given(names=st.lists(NAMES, max_size=20))
def test_many_names_fold_as_each_does(names) -> None:
    assert fold_all(names) == [fold(name) for name in names]


def test_a_table_gets_its_folded_names() -> None:
    engine = open_engine()
    given_names = ["馬強", "马强", "艾山•买提", None, "马 强"]
    rows = engine.table(pa.table({"place": range(5), "name": pa.array(given_names, pa.string())}))
    table = with_folded_names(rows, engine.table(changed_names(rows)))
    assert engine.arrow(table.order_by("place"))["name_folded"].to_pylist() == ["马强", "马强", "艾山·买提", None, "马强"]
    assert table.columns == ("place", "name", "name_folded")
    engine.close()
