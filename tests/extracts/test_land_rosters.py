"""Landing rosters that come one row per household."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .landing_factory import COUNTY_FILE, Inbox, csv_text, rows_of, xlsx

COMMON = ["家庭编号", "救助类型", "起始保障年月"]
PAIRS = ["户主姓名", "户主身份证号", "成员1姓名", "成员1身份证号", "成员1与户主关系", "成员2姓名", "成员2身份证号", "成员2与户主关系"]


@pytest.fixture
def inbox(tmp_path):
    return Inbox(tmp_path)


def household(number: str, *cells: str) -> list[str]:
    return [number, "02", "202001", *cells]


def members(landing):
    return rows_of(landing, "line", "name", "id_number", "relationship")


def test_every_member_becomes_a_row_with_its_place_and_what_the_household_shares(inbox) -> None:
    rows = [household("F1", "马明", "1", "马花", "2", "配偶", "马英", "3", "女"), household("F2", "李明", "4")]
    landing = inbox.land_one(COUNTY_FILE, csv_text([["低保花名册"], [*COMMON, *PAIRS, "村"], *rows]))
    assert rows_of(landing, "line", "line_no", "member_no", "family_id", "name", "id_number", "relationship", "scheme") == [
        ("3#1", 3, 1, "F1", "马明", "1", "户主", "02"),
        ("3#2", 3, 2, "F1", "马花", "2", "配偶", "02"),
        ("3#3", 3, 3, "F1", "马英", "3", "女", "02"),
        ("4#1", 4, 1, "F2", "李明", "4", "户主", "02"),
    ]
    assert (landing.rows, landing.delivered_rows, landing.household_roster, landing.unknown_columns) == (4, 2, True, ())


@pytest.mark.parametrize(
    "pairs",
    [
        ["其他家庭成员姓名1", "身份证号1", "其他家庭成员姓名2", "身份证号2"],
        ["成员一姓名", "成员一身份证号码", "成员二姓名", "成员二身份证号码"],
        ["家庭成员1姓名", "家庭成员1公民身份号码", "家庭成员2姓名", "家庭成员2公民身份号码"],
        ["其他家庭成员1姓名", "其他家庭成员身份证号1", "成员 2 姓名", "成员２身份证号"],
    ],
)
def test_the_ways_to_head_members(inbox, pairs) -> None:
    header = [*COMMON, "户主姓名", "户主身份证号", *pairs]
    landing = inbox.land_one(COUNTY_FILE, csv_text([header, household("F1", "马明", "1", "马花", "2", "马英", "3")]))
    assert rows_of(landing, "line", "name", "id_number") == [("2#1", "马明", "1"), ("2#2", "马花", "2"), ("2#3", "马英", "3")]


def test_places_keep_their_numbers_whatever_lies_between(inbox) -> None:
    header = [*COMMON, "户主姓名", "户主身份证号", "成员12姓名", "成员12身份证号", "成员3姓名", "成员3身份证号"]
    landing = inbox.land_one(COUNTY_FILE, csv_text([header, household("F1", "马明", "1", "马花", "2", "马英", "3")]))
    assert rows_of(landing, "line", "name") == [("2#1", "马明"), ("2#4", "马英"), ("2#13", "马花")]


@pytest.mark.parametrize(
    ("head", "member", "same"),
    [
        (("马明", "64019919900101001X"), ("马明", "64019919900101001x"), True),
        (("马明", "64019919900101001X"), ("马鸣", "640199 19900101 001X"), True),
        (("马明", "640199900101001"), ("马明", "64019919900101001X"), True),
        (("马明", "64019919900101001X"), ("马明", "640199199505050024"), False),
        (("马明", "64019919900101001X"), ("马明", ""), True),
        (("马明", "无"), ("马 明", "64019919900101001X"), True),
        (("马明", ""), ("马花", ""), False),
    ],
)
def test_a_member_is_the_head_by_number_or_lacking_it_by_name(inbox, head, member, same) -> None:
    landing = inbox.land_one(COUNTY_FILE, csv_text([[*COMMON, *PAIRS], household("F1", *head, *member, "本人", "马英", "3", "女")]))
    lines = [line for line, *_ in members(landing)]
    assert lines == (["2#1", "2#3"] if same else ["2#1", "2#2", "2#3"])


def test_the_head_is_completed_by_what_its_member_row_adds(inbox) -> None:
    landing = inbox.land_one(COUNTY_FILE, csv_text([[*COMMON, *PAIRS], household("F1", "马明", "", "马明", "1", "本人")]))
    assert members(landing) == [("2#1", "马明", "1", "本人")]


def test_empty_places_are_nobody_and_no_household_is_lost(inbox) -> None:
    rows = [
        household("F1", "马明", "1", "", "无", "", "马英", "", "女"),
        household("F2", "", "", "", "", "", "李英", "2", "母"),
        household("F3"),
        household("F4", "", "", "", "9", ""),
    ]
    landing = inbox.land_one(COUNTY_FILE, csv_text([[*COMMON, *PAIRS], *rows]))
    assert [(line, name, number) for line, name, number, _ in members(landing)] == [
        ("2#1", "马明", "1"),
        ("2#3", "马英", None),
        ("3#3", "李英", "2"),
        ("4#1", None, None),
        ("5#2", None, "9"),
    ]


def test_numeric_cells_belong_to_their_member(inbox) -> None:
    row = household("F1", "马明", 640199199001010011, "马花", "2", "配偶", "马明", 5, "子")  # type: ignore[arg-type]
    landing = inbox.land_one("dibao_640323_20200731.xlsx", xlsx([[*COMMON, *PAIRS], row]))
    assert rows_of(landing, "line", "numeric_cells") == [("2#1", "id_number"), ("2#2", None), ("2#3", "id_number")]


def test_a_damaged_household_row_is_damaged_for_every_member(inbox) -> None:
    row = [*household("F1", "马明", "1", "马花", "2", "配偶", "", "", ""), "多余"]
    landing = inbox.land_one(COUNTY_FILE, csv_text([[*COMMON, *PAIRS], row]))
    assert rows_of(landing, "name", "problem") == [("马明", "more cells than the header"), ("马花", "more cells than the header")]


def test_households_of_one_need_no_member_columns(inbox) -> None:
    landing = inbox.land_one(COUNTY_FILE, csv_text([[*COMMON, "户主姓名", "户主身份证号"], household("F1", "马明", "1")]))
    assert members(landing) == [("2#1", "马明", "1", "户主")]


def test_a_column_that_names_the_head_beside_members_is_no_household_row(inbox) -> None:
    landing = inbox.land_one(COUNTY_FILE, csv_text([[*COMMON, "户主姓名", "姓名", "身份证号"], household("F1", "马明", "马花", "2")]))
    assert rows_of(landing, "line", "name", "id_number") == [("2", "马花", "2")]
    assert landing.unknown_columns == ("户主姓名",)


def test_a_footer_below_households_is_no_household(inbox) -> None:
    table = [[*COMMON, *PAIRS], household("F1", "马明", "1"), ["合计", "1户"], ["填表人：某某"]]
    landing = inbox.land_one(COUNTY_FILE, csv_text(table))
    assert (landing.rows, landing.footer_rows) == (1, 2)


PEOPLE = st.tuples(st.sampled_from(["", "马明", "马花", "马英"]), st.sampled_from(["", "无", "1", "2", "3"]))


def _expected(line: int, slots: list[tuple[str, str]]) -> list[tuple[str, str | None]]:
    """The places of a household that are persons, worked out one by one."""
    head, *others = slots
    head_name, head_number = head[0], head[1].replace("无", "")
    found = []
    for place, (name, text) in enumerate(others, start=2):
        number = text.replace("无", "")
        if not name and not number:
            continue
        same = head_number == number if head_number and number else bool(name) and head_name == name
        if same and (head_name or head_number):
            head_name, head_number = head_name or name, head_number or number
        else:
            found.append((f"{line}#{place}", name or None))
    if head_name or head_number or not found:
        found.insert(0, (f"{line}#1", head_name or None))
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(PEOPLE, min_size=4, max_size=4), min_size=1, max_size=6))
def test_any_households_become_their_members(tmp_path_factory, households) -> None:
    header = [*COMMON, "户主姓名", "户主身份证号", *(text for n in (1, 2, 3) for text in (f"成员{n}姓名", f"成员{n}身份证号"))]
    rows = [household(f"F{number}", *(cell for slot in slots for cell in slot)) for number, slots in enumerate(households)]
    landing = Inbox(tmp_path_factory.mktemp("inbox")).land_one(COUNTY_FILE, csv_text([header, *rows]))
    expected = [member for line, slots in enumerate(households, start=2) for member in _expected(line, slots)]
    assert rows_of(landing, "line", "name") == expected
