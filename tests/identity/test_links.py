"""Who a record without a valid number is: links by likeness, what waits for people, what they decided."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from pipelines.engine import open_engine
from pipelines.extracts.coverage import Coverage
from pipelines.extracts.in_force import InForce
from pipelines.identity.candidates import DECISIONS, explanation
from pipelines.identity.links import link
from pipelines.identity.numbers import number_of
from pipelines.identity.records import Records, open_records
from pipelines.identity.settle import Pair, stars
from tests.extracts.landing_factory import CONTRACTS
from tests.identity.test_records import REGION_COUNTIES, Night

DIBAO = ["家庭编号", "姓名", "身份证号", "救助类型", "起始保障年月", "县(区)代码", "乡镇(街道)", "村(社区)", "联系电话", "出生日期", "性别"]
LOW = ["家庭编号", "姓名", "身份证号", "城乡类别", "家庭人口数", "家庭月人均收入", "财产状况符合规定", "认定日期", *DIBAO[5:9]]
MA, LI, WIFE, SON = 64019919800101123, 64019919750505231, 64019919820303224, 64019920050607119


@pytest.fixture(scope="module")
def engine():
    opened = open_engine()
    yield opened
    opened.close()


@pytest.fixture
def night(engine, tmp_path):
    return Night(engine, tmp_path)


def dibao(name: str, cell: str, family: str = "F1", **values: str) -> list[str]:
    place = {"county": "640323", "town": "甲镇", "village": "一村", "phone": "", "born": "", "sex": ""} | values
    return [family, name, cell, "02", "202001", *place.values()]


def low(name: str, cell: str, family: str = "L1", **values: str) -> list[str]:
    place = {"county": "640323", "town": "甲镇", "village": "一村", "phone": ""} | values
    return [family, name, cell, "农村", "3", "500", "是", "2020-01-01", *place.values()]


def linked(night: Night, decisions: list[dict[str, Any]] | None = None) -> Records:
    in_force = InForce({name: night.files[name] for name in CONTRACTS if name in night.files}, Coverage([]), REGION_COUNTIES)
    said = pa.Table.from_pylist(decisions, schema=DECISIONS) if decisions else None
    return open_records(night.engine, in_force, link(night.engine, in_force, CONTRACTS, night.root / "links.parquet", decisions=said))


def people(night: Night, dibao_rows: list[list[str]], low_rows: list[list[str]], decisions: list[dict[str, Any]] | None = None) -> Records:
    if not night.files:
        if dibao_rows:
            night.deliver("dibao", "dibao_20200731.csv", [DIBAO, *dibao_rows])
        if low_rows:
            night.deliver("low_income", "low_income_20200731.csv", [LOW, *low_rows])
    return linked(night, decisions)


def who(night: Night, records: Records, dataset: str = "dibao") -> list[tuple[int, str]]:
    rows = night.engine.arrow(records[dataset].order_by("line_no").select("person", "link_basis")).to_pylist()
    return [(row["person"], row["link_basis"]) for row in rows]


def queue(night: Night) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = night.engine.arrow(night.engine.read([night.root / "queue.parquet"])).to_pylist()
    return rows


def persons(night: Night, table: Any) -> set[int]:
    return {row["person"] for row in night.engine.arrow(table).to_pylist()}


BROKEN = {
    "马小军": lambda number: number[:15] + ("33" if number[15:17] != "33" else "44") + number[17],
    "王建国": lambda number: number[:13] + number[14] + number[13] + number[15:],
    "李玉兰": lambda number: number[:6] + "********" + number[14:],
    "杨秀英": lambda number: number[:15] + "000",
    "张志明": lambda number: number[:8] + "9" + number[9:],
    "白春梅": lambda number: number[:12] + number[13:],
}
"""By name, what becomes of a number: two digits wrong, neighbours swapped, masked, rounded, a wrong year, a digit dropped."""


def test_a_broken_number_finds_its_person(night) -> None:
    seventeen = (64019919700203457, 64019919720506231, 64019919740815228, 64019919660917346, 64019919780723119, 64019919810224662)
    numbers = dict(zip(BROKEN, seventeen, strict=True))
    rows = [dibao(name, spoil(number_of(numbers[name])), f"F{place}") for place, (name, spoil) in enumerate(BROKEN.items())]
    found = people(night, rows, [low(name, number_of(number), f"L{number}") for name, number in numbers.items()])
    assert who(night, found) == [(number, "probable") for number in numbers.values()]


def test_a_misspelt_name_and_a_broken_number_find_their_person(night) -> None:
    found = people(night, [dibao("马晓君", number_of(MA)[:15] + "33" + number_of(MA)[17])], [low("马小军", number_of(MA))])
    assert who(night, found) == [(MA, "probable")]


def test_a_missing_number_is_found_by_name_phone_and_village(night) -> None:
    found = people(night, [dibao("马小军", "无", phone="13900000001")], [low("马小军", number_of(MA), phone="13900000001")])
    assert who(night, found) == [(MA, "probable")]


def test_a_missing_number_and_a_common_name_alone_find_nobody(night) -> None:
    found = people(night, [dibao("马小军", "", town="", village="")], [low("马小军", number_of(MA))])
    assert who(night, found)[0][1] == "none"


def test_relatives_under_one_phone_are_not_each_other(night) -> None:
    rows = [low("马小军", number_of(MA), phone="13900000001"), low("李玉兰", number_of(WIFE), phone="13900000001")]
    found = people(night, [dibao("马小花", "", phone="13900000001", born="2010-02-02", sex="女")], rows)
    assert who(night, found)[0][1] == "none"
    assert queue(night) == []


def test_of_two_namesakes_as_likely_people_decide(night) -> None:
    masked = "640199********" + number_of(MA)[14:]
    twin_day = next(day for day in range(19700101, 19700129) if number_of(640199 * 10**11 + day * 1000 + 123)[17] == number_of(MA)[17])
    rival = 640199 * 10**11 + twin_day * 1000 + 123
    found = people(night, [dibao("马小军", masked)], [low("马小军", number_of(MA), "L1"), low("马小军", number_of(rival), "L2")])
    assert who(night, found)[0][1] == "none"
    assert {row["person"] for row in queue(night)} == {MA, rival}
    assert persons(night, found.queued("dibao")) == {MA, rival}


def test_two_members_of_a_household_are_two_people(night) -> None:
    near = number_of(MA)[:15] + "33" + number_of(MA)[17]
    found = people(night, [dibao("马小军", number_of(MA)), dibao("马晓军", near)], [])
    assert [basis for _, basis in who(night, found)] == ["id", "none"]
    assert queue(night) == []


def test_two_records_of_a_household_are_not_one_person(night) -> None:
    near, nearer = number_of(MA)[:15] + "3" + number_of(MA)[16:], number_of(MA)[:14] + "9" + number_of(MA)[15:]
    found = people(night, [dibao("马小军", near), dibao("马晓君", nearer)], [low("马小军", number_of(MA))])
    linked_to = [person for person, _ in who(night, found)]
    assert linked_to[0] != linked_to[1]


def test_records_without_a_number_are_one_person_of_the_first(night) -> None:
    born = {"born": "1980-01-01", "sex": "男"}
    rows = [dibao("马小军", "", phone="13900000001", **born)]
    found = people(night, rows, [low("马小军", "无", phone="13900000001")])
    first, second = who(night, found)[0], who(night, found, "low_income")[0]
    assert first[1] == "none"
    assert second == (first[0], "probable")
    subjects = night.engine.arrow(found.subjects()).to_pylist()
    assert [row["subject"] for row in subjects] == ["record:dibao:dibao_20200731.csv:2"]


def test_a_linked_relative_speaks_for_the_rest_of_the_household(night) -> None:
    """The wife is found by her number; that she lives with him elsewhere then finds the husband, whose number is missing."""
    rows = [low("马小军", number_of(MA)), low("李玉兰", number_of(WIFE)), low("马强", number_of(SON))]
    broken = number_of(WIFE)[:15] + "99" + number_of(WIFE)[17]
    found = people(night, [dibao("李玉兰", broken, town="", village=""), dibao("马小军", "", town="", village="")], rows)
    assert who(night, found) == [(WIFE, "probable"), (MA, "probable")]


def test_decisions_hold(night) -> None:
    dibao_rows, low_rows = [dibao("马小军", "")], [low("马小军", number_of(MA))]
    asked = people(night, dibao_rows, low_rows)
    assert [row["person"] for row in queue(night)] == [MA]
    assert persons(night, asked.queued("dibao")) == {MA}
    said = {"dataset": "dibao", "natural_key": queue(night)[0]["natural_key"], "person": MA, "other_dataset": None, "other_key": None}
    same = people(night, dibao_rows, low_rows, [{**said, "decision": "same"}])
    assert who(night, same) == [(MA, "probable")]
    assert queue(night) == []
    different = people(night, dibao_rows, low_rows, [{**said, "decision": "different"}])
    assert who(night, different)[0][1] == "none"
    assert queue(night) == []
    assert persons(night, different.queued("dibao")) == set()
    people(night, dibao_rows, low_rows, [{**said, "decision": "unsure"}])
    assert [row["decision"] for row in queue(night)] == ["unsure"]


def test_a_decision_holds_where_nothing_else_agrees(night) -> None:
    key = "640323\x1fF1\x1f马小军"
    said = {"dataset": "dibao", "natural_key": key, "person": LI, "other_dataset": None, "other_key": None, "decision": "same"}
    found = people(night, [dibao("马小军", "", town="", village="")], [low("李强", number_of(LI))], [said])
    assert who(night, found) == [(LI, "probable")]


def test_doubt_counts_for_both_sides_of_a_pair(night) -> None:
    found = people(night, [dibao("马小军", "")], [low("马小军", number_of(MA))])
    record_person = who(night, found)[0][0]
    assert persons(night, found.queued("dibao")) == {MA}
    assert persons(night, found.queued("low_income")) == {record_person}


def test_every_link_is_explained_by_weights_that_sum_to_its_own(night) -> None:
    people(night, [dibao("马小军", number_of(MA)[:15] + "33" + number_of(MA)[17])], [low("马小军", number_of(MA))])
    row = night.engine.arrow(night.engine.read([night.root / "links.parquet"])).to_pylist()[0]
    parts = explanation(row["explained"])
    assert sum(weight for _, _, weight in parts) == row["weight"]
    assert ("name", "exact") in {part[:2] for part in parts}
    assert row["probability"] > 0.99


def test_stars_have_one_centre_and_no_chains() -> None:
    sure = 2000
    assert stars([Pair(-2, -1, sure), Pair(-3, -2, sure)], {}) == {-2: -1}
    assert stars([Pair(-2, -1, sure), Pair(-3, -1, sure)], {-2: frozenset("r"), -3: frozenset("r")}) == {-2: -1}
    assert stars([Pair(-3, -1, sure), Pair(-3, -2, sure)], {}) == {}
    assert stars([Pair(-2, -1, 100)], {}) == {}
