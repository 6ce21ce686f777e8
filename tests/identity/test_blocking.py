"""Which pairs are compared: every pair that shares two of the six attributes, and what a bound leaves out is said."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from pipelines.engine import Engine, open_engine
from pipelines.identity import blocking
from pipelines.identity.appearances import Numbered, Unnumbered, households_of, phones_of, towns_of
from pipelines.identity.blocking import candidates
from pipelines.identity.name_pairs import names_of_both
from pipelines.identity.names import agreement
from pipelines.identity.numbers import number_of

TEXTS = ("name", "surname", "county_code", "township", "village", "phone", "sex", "id_number", "household", "roster")
ROWS = pa.schema(
    [pa.field(name, pa.string()) for name in ("dataset", "file", "line", "natural_key", *TEXTS)]
    + [pa.field(name, pa.int32()) for name in ("rank", "birth_date", "id_birth_date")]
)
PEOPLE = pa.schema([pa.field("id", pa.int64())] + [pa.field(name, pa.string()) for name in TEXTS])
DATES = (19800101, 19800102, 19751231)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = open_engine(threads=1)
    yield opened
    opened.close()


def record(line: int, name: str, number: str | None = None, **values: Any) -> Row:
    source = {"dataset": "dibao", "file": "f.csv", "line": str(line), "natural_key": str(line), "rank": 0}
    row: Row = dict.fromkeys(ROWS.names) | source | {"county_code": "640323"}
    date = int(number[6:14]) if number and number[6:14].isdigit() else None
    return row | {"name": name, "surname": name[0], "id_number": number, "id_birth_date": date} | values


def person(number: int, name: str, **values: Any) -> Row:
    return dict.fromkeys(PEOPLE.names) | {"id": number, "name": name, "surname": name[0], "county_code": "640323"} | values


def sides(engine: Engine, records: list[Row], people: list[Row]) -> tuple[Unnumbered, Numbered]:
    rows = engine.kept(engine.table(pa.Table.from_pylist(people, schema=PEOPLE)))
    right = Numbered(rows.select("id", "name", "county_code").distinct(), towns_of(rows), phones_of(rows), households_of(rows))
    return Unnumbered(engine, engine.kept(engine.table(pa.Table.from_pylist(records, schema=ROWS)))), right


def compared(engine: Engine, left: Unnumbered, right: Numbered) -> set[tuple[str, int]]:
    found = candidates(engine, left, right, names_of_both(engine, left, right), right)
    lines = {row["id"]: row["line"] for row in engine.arrow(left.rows.select("id", "line")).to_pylist()}
    return {(lines[row["id_l"]], row["id_r"]) for row in engine.arrow(found.pairs).to_pylist()}


def shared(one: Row, other: Row, linked: bool) -> int:
    """How many of the six attributes a record and a person's one appearance share."""
    number, dates = number_of(other["id"]), {one["birth_date"], one["id_birth_date"]} - {None}
    town = one["township"] is not None and all(one[name] == other[name] for name in ("county_code", "township", "surname"))
    return sum(
        (
            agreement(one["name"], other["name"]) in ("exact", "folded", "same_reading"),
            int(number[6:14]) in dates,
            one["id_number"] is not None and one["id_number"][:14] == number[:14],
            town,
            one["phone"] is not None and one["phone"] == other["phone"],
            linked,
        )
    )


def _hopeless(one: Row, other: Row) -> bool:
    """Whether nothing but the first 14 characters and the date in them agrees, with names and last characters all different."""
    number = number_of(other["id"])
    alike = sum(a == b for a, b in zip(one["id_number"][14:], number[14:], strict=False))
    return agreement(one["name"], other["name"]) == "different" and len(one["id_number"]) == 18 and alike < 2


@pytest.mark.parametrize("seed", range(6))
def test_every_pair_that_shares_two_attributes_is_compared(engine, seed) -> None:
    rng = random.Random(seed)
    names = ["马小军", "马晓君", "麻小军", "马?军", "李玉兰", "李玉", "张明", "阿不都·热合曼"]

    def place() -> Row:
        town = rng.choice([None, "甲镇", "乙乡"])
        household = rng.choice([None, None, "dibao|640323|1", "low_income|640323|2", "low_income|640323|3"])
        return {"township": town, "phone": rng.choice([None, "1", "2"]), "household": household}

    people = [person(640199 * 10**11 + rng.choice(DATES) * 1000 + rng.randrange(1, 1000), rng.choice(names), **place()) for _ in range(60)]
    people += [person(one["id"], rng.choice(names), **place()) for one in people[:15]]
    records = []
    for line in range(50):
        whose = number_of(rng.choice(people)["id"])
        broken = rng.choice([None, whose[:17] + "*", whose[:14] + "0000", whose[:6] + "********" + whose[14:], whose[:15] + "000"])
        records.append(record(line, rng.choice(names), broken, birth_date=rng.choice([None, None, *DATES]), **place()))
    left, right = sides(engine, records, people)
    found = compared(engine, left, right)
    homes: dict[str, set[int]] = {}
    for one in people:
        homes.setdefault(one["household"], set()).add(one["id"])
    known = {one["id"]: {home for home, members in homes.items() if home and one["id"] in members} for one in people}
    for one in records:
        relatives = homes.get(one["household"], set()) if one["household"] else set()
        around = {home for relative in relatives for home in known[relative]}
        for number, appearances in itertools.groupby(sorted(people, key=lambda row: row["id"]), key=lambda row: row["id"]):
            linked = bool(around & known[number])
            for other in appearances:
                if shared(one, other, linked) >= 2 and (one["line"], number) not in found:
                    assert _hopeless(one, other), (one, other)


def test_a_swap_of_the_14th_and_15th_digit_is_found_by_name(engine) -> None:
    whose = number_of(64019919800102345)
    broken = whose[:13] + whose[14] + whose[13] + whose[15:]
    left, right = sides(engine, [record(1, "马小军", broken)], [person(64019919800102345, "马小军")])
    assert compared(engine, left, right) == {("1", 64019919800102345)}


def test_a_block_past_the_bound_is_cut_and_said(engine, monkeypatch) -> None:
    monkeypatch.setattr(blocking, "MOST_PAIRS", 8)
    people = [person(64019919800101000 + n, "马小军", township="甲镇") for n in range(1, 6)]
    left, right = sides(engine, [record(n, "马小军", township="甲镇") for n in range(2)], people)
    found = candidates(engine, left, right, names_of_both(engine, left, right), right)
    assert found.blocks == {"name+town": 10}
    assert engine.arrow(found.pairs).num_rows == 0
    assert engine.arrow(found.cut).num_rows == 10
