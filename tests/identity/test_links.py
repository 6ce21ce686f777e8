"""Who a record without a valid number is: links by likeness, what waits for people, what they decided.

A situation says what is delivered, then what must come of it. All of them lie in one night, each in a county of its own with people of its own, and
the night is linked twice: as it is, and with what some situations have people decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.engine import open_engine
from pipelines.extracts.coverage import Coverage
from pipelines.extracts.in_force import InForce
from pipelines.identity.candidates import DECISIONS, explanation
from pipelines.identity.links import link
from pipelines.identity.numbers import number_of
from pipelines.identity.records import open_records
from pipelines.identity.settle import Pair, stars
from tests.extracts.landing_factory import CONTRACTS
from tests.identity.situations import HEADERS, PHONE, Linked, Situation
from tests.identity.test_records import REGION_COUNTIES, Night

Check = Callable[[Situation], Iterator[None]]
SITUATIONS: list[Check] = []


def situation(check: Check) -> Check:
    """A situation: what is delivered, a yield, what must come of it."""
    SITUATIONS.append(check)
    return check


BROKEN = {
    "马小军": lambda number: number[:15] + ("33" if number[15:17] != "33" else "44") + number[17],
    "王建国": lambda number: number[:13] + number[14] + number[13] + number[15:],
    "李玉兰": lambda number: number[:6] + "********" + number[14:],
    "杨秀英": lambda number: number[:15] + "000",
    "张志明": lambda number: number[:8] + ("9" if number[8] != "9" else "8") + number[9:],
    "白春梅": lambda number: number[:12] + number[13:],
}
"""By name, what becomes of a number: two digits wrong, neighbours swapped, masked, rounded, a wrong year, a digit dropped."""


def two_wrong(person: int) -> str:
    """A number with two digits of its sequence wrong, as a cell."""
    number = number_of(person)
    return number[:15] + "99" + number[17]


@situation
def a_broken_number_finds_its_person(s: Situation) -> Iterator[None]:
    numbers = dict(zip(BROKEN, (s.person(day, 457) for day in ("0203", "0506", "0815", "0917", "0723", "1022")), strict=True))
    for place, (name, spoil) in enumerate(BROKEN.items()):
        s.dibao(name, spoil(number_of(numbers[name])), f"F{place}")
        s.low(name, numbers[name], f"L{place}")
    yield
    assert s.asked.who() == [(number, "probable") for number in numbers.values()]


@situation
def a_misheard_name_and_a_broken_number_find_their_person(s: Situation) -> Iterator[None]:
    s.dibao("马晓君", two_wrong(s.person()))
    s.low("马小军", s.person())
    yield
    assert s.asked.who() == [(s.person(), "probable")]


@situation
def where_names_read_differently_people_are_asked(s: Situation) -> Iterator[None]:
    s.dibao("马小车", number_of(s.person())[:16] + "9" + number_of(s.person())[17])
    s.low("马小军", s.person())
    yield
    assert s.asked.who()[0][1] == "none"
    (row,) = s.asked.queue()
    assert row["person"] == s.person()
    parts = explanation(row["explained"])
    assert ("asked", "names_differ") in {part[:2] for part in parts}
    assert sum(weight for _, _, weight in parts) == row["weight"]


@situation
def a_twin_is_not_the_brother_of_the_next_number(s: Situation) -> Iterator[None]:
    elder, younger = s.person(sequence=231), s.person(sequence=233)
    for name in ("马玉龙", "马玉虎"):
        s.dibao(name, number_of(elder)[:16] + "2" + number_of(elder)[17], f"F{name}", born=f"{elder}"[6:14], sex="男")
    s.low("马玉龙", elder)
    s.low("马玉虎", younger)
    s.dibao("马玉豹", number_of(younger)[:16] + "4" + number_of(younger)[17], "F3", born=f"{elder}"[6:14], sex="男")
    yield
    assert s.asked.who()[:2] == [(elder, "probable"), (younger, "probable")]
    assert s.asked.who()[2][1] == "none"


@situation
def a_missing_number_is_found_by_name_phone_and_village(s: Situation) -> Iterator[None]:
    s.dibao("马小军", "无", phone=PHONE)
    s.low("马小军", s.person(), phone=PHONE)
    yield
    assert s.asked.who() == [(s.person(), "probable")]


@situation
def a_missing_number_and_a_common_name_alone_find_nobody(s: Situation) -> Iterator[None]:
    s.dibao("马小军", "", town="", village="")
    s.low("马小军", s.person())
    yield
    assert s.asked.who()[0][1] == "none"
    assert s.asked.queue() == []


@situation
def relatives_under_one_phone_are_not_each_other(s: Situation) -> Iterator[None]:
    s.dibao("马小花", "", phone="13900000002", born="2010-02-02", sex="女")
    s.low("马小军", s.person(), phone="13900000002")
    s.low("李玉兰", s.person("0303", 224), phone="13900000002")
    yield
    assert s.asked.who()[0][1] == "none"
    assert s.asked.queue() == []


@situation
def of_two_namesakes_as_likely_people_decide(s: Situation) -> Iterator[None]:
    tail = number_of(s.person())[14:]
    rival = next(one for one in (s.person(f"02{day:02}") for day in range(1, 29)) if number_of(one)[14:] == tail)
    s.dibao("马小军", "640199********" + tail)
    s.low("马小军", s.person(), "L1")
    s.low("马小军", rival, "L2")
    yield
    assert s.asked.who()[0][1] == "none"
    assert {row["person"] for row in s.asked.queue()} == {s.person(), rival}
    assert s.asked.doubted("dibao") == {s.person(), rival}


@situation
def two_members_of_a_household_are_two_people(s: Situation) -> Iterator[None]:
    s.dibao("马小军", number_of(s.person()))
    s.dibao("马晓军", two_wrong(s.person()))
    yield
    assert [basis for _, basis in s.asked.who()] == ["id", "none"]
    assert s.asked.queue() == []


@situation
def a_row_that_stands_twice_in_a_household_is_asked(s: Situation) -> Iterator[None]:
    s.dibao("马小军", number_of(s.person()))
    s.dibao("马小军", two_wrong(s.person()))
    yield
    (row,) = s.asked.queue()
    parts = explanation(row["explained"])
    assert ("asked", "one_household") in {part[:2] for part in parts}
    assert sum(weight for _, _, weight in parts) == row["weight"]


@situation
def two_records_of_a_household_are_not_one_person(s: Situation) -> Iterator[None]:
    number = number_of(s.person())
    s.dibao("马小军", number[:16] + "9" + number[17])
    s.dibao("马晓君", number[:15] + "9" + number[16:])
    s.low("马小军", s.person())
    yield
    linked_to = [person for person, _ in s.asked.who()]
    assert linked_to[0] != linked_to[1]


@situation
def records_without_a_number_are_one_person_of_the_first(s: Situation) -> Iterator[None]:
    s.dibao("马小军", "", phone="13900000003", born="1980-01-01", sex="男")
    s.low("马小军", 0, phone="13900000003")
    yield
    first, second = s.asked.who()[0], s.asked.who("low_income")[0]
    assert first[1] == "none"
    assert second == (first[0], "probable")
    records = s.asked.night.records
    subjects = records.engine.arrow(records.subjects(records["low_income"])).to_pylist()
    assert [row["subject"] for row in subjects if row["person"] == first[0]] == [f"record:dibao:dibao_20200731.csv:{s.first_line['dibao']}"]


@situation
def a_linked_relative_speaks_for_the_rest_of_the_household(s: Situation) -> Iterator[None]:
    """The wife is found by her number; that she lives with him elsewhere then finds the husband, whose number is missing."""
    wife = s.person("0303", 224)
    s.dibao("李玉兰", two_wrong(wife), town="", village="")
    s.dibao("马小军", "", town="", village="")
    s.low("马小军", s.person())
    s.low("李玉兰", wife)
    s.low("马强", s.person("0607", 119))
    yield
    assert s.asked.who() == [(wife, "probable"), (s.person(), "probable")]


def waiting(s: Situation) -> str:
    """A pair that waits for people: name, village, no number. Gives the name, which nobody else bears."""
    name = f"白春{chr(0x6797 + s.order)}"
    s.dibao(name, "")
    s.low(name, s.person())
    return name


@situation
def doubt_counts_for_both_sides_of_a_pair(s: Situation) -> Iterator[None]:
    waiting(s)
    yield
    assert [row["person"] for row in s.asked.queue()] == [s.person()]
    assert s.asked.doubted("dibao") == {s.person()}
    assert s.asked.doubted("low_income") == {s.asked.who()[0][0]}


@situation
def a_pair_decided_the_same_is_linked(s: Situation) -> Iterator[None]:
    s.decide(s.person(), "same", waiting(s))
    yield
    assert s.decided.who() == [(s.person(), "probable")]
    assert s.decided.queue() == []
    (row,) = s.decided.links()
    parts = explanation(row["explained"])
    assert ("decision", "same") in {part[:2] for part in parts}
    assert sum(weight for _, _, weight in parts) == row["weight"]


@situation
def a_pair_decided_different_is_not_asked_again(s: Situation) -> Iterator[None]:
    s.decide(s.person(), "different", waiting(s))
    yield
    assert s.decided.who()[0][1] == "none"
    assert s.decided.queue() == []
    assert s.decided.doubted("dibao") == set()


@situation
def a_pair_of_which_people_are_unsure_waits(s: Situation) -> Iterator[None]:
    s.decide(s.person(), "unsure", waiting(s))
    yield
    assert [row["decision"] for row in s.decided.queue()] == ["unsure"]


@situation
def a_decision_holds_where_nothing_else_agrees(s: Situation) -> Iterator[None]:
    s.dibao("马小军", "", town="", village="")
    s.low("李强", s.person())
    s.decide(s.person(), "same")
    yield
    assert s.decided.who() == [(s.person(), "probable")]


@situation
def every_link_is_explained_by_weights_that_sum_to_its_own(s: Situation) -> Iterator[None]:
    s.dibao("马小军", two_wrong(s.person()))
    s.low("马小军", s.person())
    yield
    (row,) = s.asked.links()
    parts = explanation(row["explained"])
    assert sum(weight for _, _, weight in parts) == row["weight"]
    assert ("name", "exact") in {part[:2] for part in parts}
    assert row["probability"] > 0.99


@situation
def the_only_namesake_without_a_record_there_is_asked_or_linked(s: Situation) -> Iterator[None]:
    """Nearly everybody is insured. Of two called 马小军 one is, under his number; of two called 马小龙 none: nobody can tell these apart."""
    everybody = (s.person(f"{month:02}{day:02}", place) for month in range(1, 10) for day in range(10, 28) for place in range(101, 140))
    sample = [person for person in everybody if person % 97 < 8]  # of these the night learns how complete datasets are
    for place, person in enumerate(sample[:400]):
        s.migrant(f"张{chr(0x4E00 + place)}", number_of(person))
        if place >= 10:
            s.insured(f"张{chr(0x4E00 + place)}", number_of(person))
    here, there, one, other = (s.person("1212", place) for place in (102, 104, 106, 108))
    for name, person in (("马小军", here), ("马小军", there), ("马小龙", one), ("马小龙", other)):
        s.migrant(name, number_of(person))
    s.insured("马小军", number_of(there))
    s.insured("马小军", "不详")
    s.insured("马小龙", "6.40199E+17")
    yield
    found = {row["person"] for row in s.asked.queue("social_insurance")} | {row["person"] for row in s.asked.links("social_insurance")}
    assert here in found
    assert found.isdisjoint({there, one, other})
    (row,) = s.asked.queue("social_insurance") or [link for link in s.asked.links("social_insurance") if link["person"] > 0]
    assert sum(weight for _, _, weight in explanation(row["explained"])) == row["weight"]


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Iterator[None]]]:
    """All situations up to what must come of them, with the night linked twice."""
    engine = open_engine(threads=1)
    night = Night(engine, tmp_path_factory.mktemp("evening"))
    situations = [Situation(order) for order in range(len(SITUATIONS))]
    checks = {check.__name__: check(one) for check, one in zip(SITUATIONS, situations, strict=True)}
    for one in checks.values():
        next(one)
    for dataset, header in HEADERS.items():
        line = 2
        for one in situations:
            one.first_line[dataset] = line
            line += len(one.rows[dataset])
        night.deliver(dataset, f"{dataset}_20200731.csv", [header, *(row for one in situations for row in one.rows[dataset])])
    decisions = pa.Table.from_pylist([said for one in situations for said in one.decisions], schema=DECISIONS)
    linked = [_linked(night, night.root / name, said) for name, said in (("asked", None), ("decided", decisions))]
    for one in situations:
        one.nights = linked
    yield checks
    engine.close()


def _linked(night: Night, folder: Path, decisions: pa.Table | None) -> Linked:
    folder.mkdir()
    in_force = InForce({name: night.files[name] for name in CONTRACTS if name in night.files}, Coverage([]), REGION_COUNTIES)
    records = open_records(night.engine, in_force, link(night.engine, in_force, CONTRACTS, folder / "links.parquet", decisions=decisions))
    rows = [night.engine.arrow(night.engine.read([folder / name])).to_pylist() for name in ("links.parquet", "queue.parquet")]
    return Linked(records, *rows)


@pytest.mark.parametrize("name", [check.__name__ for check in SITUATIONS])
def test_situation(evening: dict[str, Iterator[None]], name: str) -> None:
    assert next(evening[name], "as it must be") == "as it must be"


def test_stars_have_one_centre_and_no_chains() -> None:
    sure = 2000
    assert stars([Pair(-2, -1, sure), Pair(-3, -2, sure)], {}) == {-2: -1}
    assert stars([Pair(-2, -1, sure), Pair(-3, -1, sure)], {-2: frozenset("r"), -3: frozenset("r")}) == {-2: -1}
    assert stars([Pair(-3, -1, sure), Pair(-3, -2, sure)], {}) == {}
    assert stars([Pair(-2, -1, 100)], {}) == {}
