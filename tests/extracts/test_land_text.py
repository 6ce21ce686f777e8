"""Landing text: every row with its line, whatever stands in its cells, however it is damaged, wherever a block ends."""

from __future__ import annotations

import csv
import io
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .landing_factory import COUNTY_FILE, HEADER, ROWS, Inbox, csv_text, gzipped, parquet, rows_of, xls, xlsx

BLOCKS = st.sampled_from([16, 40, 100, 1 << 20])
CELL = st.text("马李·aZ09,\t\"'\n　 \u200b１", max_size=8)
TABLES = st.lists(st.lists(CELL, min_size=4, max_size=4), min_size=1, max_size=12)
FORMATS = ("csv", "txt", "csv.gz", "xlsx", "xls", "parquet")


@pytest.fixture
def inbox(tmp_path):
    return Inbox(tmp_path)


def _clean(cell: str) -> str | None:
    return cell.replace("\u200b", "").replace("１", "1").replace("　", " ").strip() or None


@settings(max_examples=80, deadline=None)
@given(TABLES, BLOCKS, st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]), st.sampled_from(["\n", "\r\n"]), st.sampled_from([",", "\t"]))
def test_any_cells_land_as_they_are_with_the_line_where_their_row_starts(tmp_path_factory, table, block, encoding, ending, delimiter) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=ending)
    writer.writerow(HEADER)
    expected = []
    for cells in table:
        line = stream.getvalue().count("\n") + 1
        writer.writerow(["F", *cells])
        expected.append((str(line), "F", *map(_clean, cells)))
    with patch("pipelines.extracts.text.BLOCK_BYTES", max(block, 200)):
        landing = Inbox(tmp_path_factory.mktemp("inbox")).land_one(COUNTY_FILE, stream.getvalue(), encoding)
    assert rows_of(landing, "line", "family_id", "name", "id_number", "scheme", "start_month") == expected
    assert landing.damaged_rows == 0


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 80), st.data(), BLOCKS)
def test_a_stray_quote_costs_no_row_but_its_own(tmp_path_factory, count, data, block) -> None:
    lines = [f"F{number},马明,{number},01,202001" for number in range(count)]
    hit = data.draw(st.integers(0, count - 1))
    place = data.draw(st.integers(0, len(lines[hit])))
    lines[hit] = f'{lines[hit][:place]}"{lines[hit][place:]}'
    with patch("pipelines.extracts.text.BLOCK_BYTES", max(block, 200)):
        landing = Inbox(tmp_path_factory.mktemp("inbox")).land_one(COUNTY_FILE, csv_text([HEADER]) + "\n".join(lines))
    rows = dict(rows_of(landing, "line", "id_number"))
    assert list(rows) == [str(number + 2) for number in range(count)]
    assert all(rows[str(number + 2)] == str(number) for number in range(count) if number != hit)


def test_a_row_with_too_many_cells_is_damaged_and_one_with_too_few_is_not(inbox) -> None:
    rows = [[*ROWS[0], "", ""], [*ROWS[0], "x"], ROWS[0][:3], ["F9"]]
    landing = inbox.land_one(COUNTY_FILE, csv_text([HEADER, *rows]))
    assert rows_of(landing, "line", "start_month", "problem") == [
        ("2", "202001", None),
        ("3", "202001", "more cells than the header"),
        ("4", None, None),
        ("5", None, None),
    ]
    assert landing.damaged_rows == 1


def test_a_quote_that_never_closes_damages_its_row_only(inbox) -> None:
    rows = [['F0', '"马明', *ROWS[0][2:]], *([ROWS[1]] * 200)]
    landing = inbox.land_one(COUNTY_FILE, csv_text([HEADER, *rows]))
    assert landing.rows == 201
    assert rows_of(landing, "line", "problem")[:2] == [("2", "a quotation mark that is not closed"), ("3", None)]


def test_a_lone_carriage_return_within_a_cell_breaks_no_line(inbox) -> None:
    landing = inbox.land_one(COUNTY_FILE, csv_text([HEADER, ["F1", "马\r明", *ROWS[0][2:]], ROWS[1]]))
    assert rows_of(landing, "line", "name") == [("2", "马 明"), ("3", "李秀英")]


def test_a_file_that_turns_out_to_be_gb18030_late_is_read_as_such_from_the_start(inbox) -> None:
    header = "family_id,name,id_number,scheme,start_month\n"
    plain = "".join(f"F{number},x,1,01,202001\n" for number in range(50))
    with patch("pipelines.extracts.text.BLOCK_BYTES", 200):
        landing = inbox.land_one(COUNTY_FILE, (header + plain + "F,马明,1,01,202001\n").encode("gb18030"))
    assert landing.encoding == "gb18030"
    assert rows_of(landing, "name")[-1] == ("马明",)


def test_damaged_utf8_is_not_taken_for_gb18030(inbox) -> None:
    content = csv_text([HEADER, *(ROWS * 20)]).encode()
    assert "UTF-8" in inbox.refusal(COUNTY_FILE, content[:400] + b"\xff" + content[400:])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(FORMATS))
@example(b"PK\x03\x04", "xlsx")
@example(b"PAR1PAR1", "parquet")
@example(b'"', "csv")
def test_any_bytes_are_landed_or_refused(tmp_path_factory, content, suffix) -> None:
    landing = Inbox(tmp_path_factory.mktemp("inbox")).land_one(f"dibao_640323_20200731.{suffix}", content)
    assert landing.status == "refused"


WHOLE = {
    "csv": csv_text([HEADER, *ROWS]).encode("gb18030"),
    "csv.gz": gzipped(csv_text([HEADER, *ROWS])),
    "xlsx": xlsx([HEADER, *ROWS]),
    "xls": xls([HEADER, *ROWS]),
    "parquet": parquet([HEADER, *ROWS]),
}


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_a_damaged_or_cut_file_is_landed_or_refused_and_never_grows(tmp_path_factory, suffix, data) -> None:
    content = bytearray(WHOLE[suffix])
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    else:
        for _ in range(data.draw(st.integers(1, 8))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    landing = Inbox(tmp_path_factory.mktemp("inbox")).land_one(f"dibao_640323_20200731.{suffix}", bytes(content))
    assert (landing.status, bool(landing.error)) in (("landed", False), ("refused", True))
