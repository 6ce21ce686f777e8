"""ID numbers: cleaning, status and what a number says, in both readings.

Numbers lie on 640199, an address code that never existed, or are the standard's own examples.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from pipelines.engine import Engine, open_engine
from pipelines.extracts.cells import clean
from pipelines.identity.numbers import STATUSES, read_number, with_number

SNAPSHOT = 20200731
BODY = "64019919800101003"
NUMBER = BODY + mod_11_2.calc_check_digit(BODY)


def numbered(body: str) -> str:
    return body + mod_11_2.calc_check_digit(body)


@pytest.mark.parametrize("vector", ["11010519491231002X", "34052419800101001X", NUMBER, numbered("81000019900101001"), numbered("64212119700101001")])
def test_real_forms_are_valid(vector) -> None:
    """The standard's vectors, permits of Hong Kong residents, and an address code that GB/T 2260 no longer lists."""
    found = read_number(vector, SNAPSHOT)
    assert (found.status, found.text, found.repairs, found.id17) == ("valid", vector, (), int(vector[:17]))


def test_sex_and_birth_date_stand_in_the_number() -> None:
    woman = read_number("11010519491231002X", SNAPSHOT)
    man = read_number(NUMBER, SNAPSHOT)
    assert (woman.sex, woman.birth_date, man.sex, man.birth_date) == ("2", 19491231, "1", 19800101)


@pytest.mark.parametrize(
    ("snapshot", "status"), [(20200731, "bad_date"), (20010101, "bad_date"), (20001231, "valid"), (18800101, "valid"), (18791231, "bad_date")]
)
def test_a_date_is_judged_on_the_snapshot_s_day(snapshot, status) -> None:
    """Born on 1880-01-01: not yet, at most 120 years old, or older. The date in the number is read all the same."""
    found = read_number("440524188001010014", snapshot)
    assert (found.status, found.birth_date) == (status, 18800101)


@pytest.mark.parametrize(
    ("cell", "text", "repairs"),
    [
        (f" {NUMBER[:6]} {NUMBER[6:]}\t", NUMBER, "characters"),
        (NUMBER[:6] + "-" + NUMBER[6:14] + "-" + NUMBER[14:], NUMBER, "characters"),
        (f"'{NUMBER}", NUMBER, "characters"),
        (f"''{NUMBER}’’", NUMBER, "characters"),
        (f"{numbered('64019919800101005')}.0", numbered("64019919800101005"), "characters"),
        ("１１０１０５１９４９１２３１００２ｘ", "11010519491231002X", "characters"),
        ("11010519491231002×", "11010519491231002X", "characters"),
        ("1101051949\u200b1231002X\ufeff", "11010519491231002X", "characters"),
        ("640199800101003", NUMBER, "from_15"),
        (" 640199800101003.0", NUMBER, "characters from_15"),
        (f"{NUMBER}43", NUMBER, "from_certificate"),
        (f"{NUMBER}71B1", NUMBER, "from_certificate"),
        (f"{NUMBER.lower()}-43-b12", NUMBER, "characters from_certificate"),
        (NUMBER.replace("0", "O"), NUMBER, "lookalike"),
        (NUMBER.replace("1", "l"), NUMBER, "characters lookalike"),
        (NUMBER.replace("1", "I", 1), NUMBER, "lookalike"),
    ],
)
def test_what_cleaning_repairs(cell, text, repairs) -> None:
    found = read_number(cell, SNAPSHOT)
    assert (found.status, found.text, " ".join(found.repairs)) == ("valid", text, repairs)


@pytest.mark.parametrize(
    ("cell", "status"),
    [
        (None, "missing"), ("", "missing"), (" ", "missing"), ("无", "missing"), ("不详", "missing"), ("暂无", "missing"),
        ("-", "missing"), ("——", "missing"),
        (NUMBER[:14] + "****", "masked"), (NUMBER[:17] + "*", "masked"), ("640199*", "masked"),
        ("6.40199198001010E+17", "numeric_cell"), ("6.40199e17", "numeric_cell"), ("6.40199E＋17", "numeric_cell"),
        (NUMBER[:17], "bad_length"), (NUMBER + "1", "bad_length"), (NUMBER + "83", "bad_length"), (NUMBER + "45", "bad_length"),
        ("护照", "bad_length"),
        (NUMBER[:16] + "A" + NUMBER[17], "bad_characters"), (NUMBER[:16] + "X" + NUMBER[17], "bad_characters"),
        (BODY.replace("0", "O") + str((int(NUMBER[17]) + 1) % 10), "bad_characters"),
        (numbered("64019919801301001"), "bad_date"), (numbered("64019920200801001"), "bad_date"), (numbered("64019919990229001"), "bad_date"),
        (BODY + str((int(NUMBER[17]) + 1) % 10), "bad_check"),
    ],
)  # fmt: skip
def test_the_first_defect_that_holds_is_the_status(cell, status) -> None:
    assert read_number(cell, SNAPSHOT).status == status


def test_a_number_that_the_workbook_stored_as_a_number_is_corrupt_whatever_its_digits() -> None:
    assert read_number(NUMBER, SNAPSHOT, numeric_cell=True).status == "numeric_cell"
    assert read_number("640199800101003", SNAPSHOT, numeric_cell=True).repairs == ()
    assert read_number(None, SNAPSHOT, numeric_cell=True).status == "missing"
    assert read_number(NUMBER[:17] + "*", SNAPSHOT, numeric_cell=True).status == "masked"


def test_a_lookalike_that_does_not_pass_the_check_stays_as_it_is() -> None:
    wrong = NUMBER.replace("0", "O")[:17] + str((int(NUMBER[17]) + 1) % 10)
    assert (read_number(wrong, SNAPSHOT).text, read_number(wrong, SNAPSHOT).repairs) == (wrong, ())


def test_the_date_of_an_invalid_number_is_kept_where_it_is_real() -> None:
    assert read_number(NUMBER[:14] + "****", SNAPSHOT).birth_date == 19800101
    assert read_number("640199198002300018", SNAPSHOT).birth_date is None
    assert read_number(NUMBER[:17], SNAPSHOT).birth_date is None


def test_numbers_that_a_spreadsheet_may_have_rounded_are_suspect_and_stay_valid() -> None:
    rounded = [f"640199{year}0101{end:04}" for year in range(1950, 2000) for end in (1000, 2000, 3000)]
    lucky = [number for number in rounded if mod_11_2.is_valid(number)]
    assert lucky
    assert all((read_number(number, SNAPSHOT).status, read_number(number, SNAPSHOT).rounding_suspect) == ("valid", True) for number in lucky)
    assert not read_number(NUMBER, SNAPSHOT).rounding_suspect
    assert not read_number("11010519491231002X", SNAPSHOT).rounding_suspect


def by_engine(engine: Engine, cells: list[str | None], numeric: list[bool], folder: Any) -> list[tuple[Any, ...]]:
    snapshots = pa.array([SNAPSHOT] * len(cells), pa.int32())
    table = pa.table({"place": range(len(cells)), "cell": pa.array(cells, pa.string()), "stored": numeric, "snapshot": snapshots})
    pq.write_table(table, folder / "cells.parquet")
    rows = engine.read([folder / "cells.parquet"])
    names = ("id_number", "id_status", "id_repairs", "id_birth_date", "id_sex", "id_17", "id_suspect")
    known = engine.arrow(with_number(rows, "cell", rows.stored).order_by("place")).to_pylist()
    return [tuple(row[name] for name in names) for row in known]


def by_value(cells: list[str | None], numeric: list[bool]) -> list[tuple[Any, ...]]:
    found = [read_number(cell, SNAPSHOT, numeric_cell=stored) for cell, stored in zip(cells, numeric, strict=True)]
    return [(one.text, one.status, " ".join(one.repairs), one.birth_date, one.sex, one.id17, one.rounding_suspect) for one in found]


@pytest.fixture(scope="module")
def engine():
    opened = open_engine()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cells")


@st.composite
def damaged(draw: Any) -> str:
    """A valid number after up to three of the things that happen to numbers."""
    day = draw(st.dates().map(lambda date: f"{date:%Y%m%d}".zfill(8)))
    text = numbered(f"640199{day}{draw(st.integers(0, 999)):03}")
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        character = draw(st.sampled_from("0123456789OIlLxX×*.E+- '’\u2003一𠀀\n"))
        text = draw(
            st.sampled_from(
                [text[:place] + character + text[place + 1 :], text[:place] + character + text[place:], text[:place] + text[place + 1 :], text + "43",
                 text + "71B1", text + ".0", text[:6] + text[8:17], text.lower(), text.replace("0", "O").replace("1", "I"), text[:15] + "000"]
            )
        )  # fmt: skip
    return text


@settings(deadline=None, max_examples=40)
@given(cells=st.lists(st.tuples(st.one_of(st.none(), st.text(max_size=26), damaged()), st.booleans()), min_size=1, max_size=250))
def test_both_readings_agree_on_any_landed_text(engine, folder, cells) -> None:
    landed = clean(pa.array([cell for cell, _ in cells], pa.string())).to_pylist()
    numeric = [stored for _, stored in cells]
    found = by_engine(engine, landed, numeric, folder)
    assert found == by_value(landed, numeric)
    assert {status for _, status, *_ in found} <= set(STATUSES)


@settings(deadline=None, max_examples=10)
@given(days=st.lists(st.tuples(st.dates(), st.integers(0, 999)), min_size=1, max_size=300))
def test_every_number_with_its_check_character_is_valid_and_no_other_last_character_is(engine, folder, days) -> None:
    recent = [(day.replace(year=1921 + day.year % 99), sequence) for day, sequence in days if (day.month, day.day) != (2, 29)]
    numbers = [numbered(f"640199{day:%Y%m%d}{sequence:03}") for day, sequence in recent]
    statuses = [status for _, status, *_ in by_engine(engine, [*numbers], [False] * len(numbers), folder)]
    assert all(status == ("valid" if int(number[6:14]) <= SNAPSHOT else "bad_date") for number, status in zip(numbers, statuses, strict=True))
    others = [number[:17] + other for number in numbers[:20] for other in "0123456789X" if other != number[17]]
    assert "valid" not in {status for _, status, *_ in by_engine(engine, [*others], [False] * len(others), folder)}
