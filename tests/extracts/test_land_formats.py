"""Landing: formats, encodings, title rows, footers, typed cells and databases."""

from __future__ import annotations

import datetime
import sqlite3
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.contracts import DatabaseSource
from pipelines.errors import ContractError, DeliveryError, SettingsError
from pipelines.extracts.database import pull

from .landing_factory import AS_OF, CONTRACTS, COUNTY_FILE, HEADER, ROWS, Inbox, csv_text, gzipped, parquet, rows_of, saved, xls, xlsx

TABLE = [HEADER, *ROWS]
TITLES = [["盐池县农村低保花名册"], [], ["填表单位：盐池县民政局", "", "单位：元"]]
FOOTER = [["合 计", "2人"], ["填表人：某某", "", "审核人：某某"], ["制表日期", "2020-07-31"]]


@pytest.fixture
def inbox(tmp_path):
    return Inbox(tmp_path)


def _formats() -> dict[str, bytes]:
    text, tabs = csv_text(TABLE), csv_text(TABLE, "\t")
    return {
        "a.csv": text.encode(),
        "bom.csv": text.encode("utf-8-sig"),
        "gb.csv": text.encode("gb18030"),
        "gb.txt": tabs.encode("gb18030"),
        "b.tsv": tabs.encode(),
        "comma.txt": text.encode(),
        "crlf.csv": text.replace("\n", "\r\n").encode("gb18030"),
        "returns.csv": text.replace("\n", "\r").encode(),
        "no_last_break.csv": text.rstrip("\n").encode(),
        "quoted.csv": csv_text([[f'"{cell}"' for cell in row] for row in TABLE]).encode(),
        "c.csv.gz": gzipped(text),
        "gb.tsv.gz": gzipped(tabs, "gb18030"),
        "UPPER.CSV": text.encode(),
        "d.xlsx": xlsx(TABLE),
        "e.xls": xls(TABLE),
        "really_xlsx.xls": xlsx(TABLE),
        "f.parquet": parquet(TABLE),
    }


@pytest.mark.parametrize("name", _formats())
def test_every_format_and_encoding_gives_the_same_rows(inbox, name) -> None:
    landing = inbox.land_one(f"20200731_640323_{name}", _formats()[name])
    assert rows_of(landing, "family_id", "name", "id_number", "scheme", "start_month") == [tuple(row) for row in ROWS]
    first = 1 if name.endswith("parquet") else 2
    assert rows_of(landing, "line") == [(str(first),), (str(first + 1),)]


def test_the_name_separator_of_gb18030_stays_the_middle_dot(inbox) -> None:
    landing = inbox.land_one(COUNTY_FILE, csv_text(TABLE).encode("gb18030"))
    assert landing.encoding == "gb18030"
    assert rows_of(landing, "name")[0] == ("马·明",)


def test_rare_characters_of_gb18030_are_read(inbox) -> None:
    landing = inbox.land_one(COUNTY_FILE, csv_text([HEADER, ["F1", "马䶮㐂𠮷", "x", "01", "202001"]]).encode("gb18030"))
    assert rows_of(landing, "name") == [("马䶮㐂𠮷",)]


@pytest.mark.parametrize("kind", ["csv", "gb", "xlsx", "xls"])
def test_titles_above_and_footers_below_are_no_data(inbox, kind) -> None:
    table = [*TITLES, *TABLE, [], *FOOTER]
    content = {"csv": csv_text(table).encode(), "gb": csv_text(table).encode("gb18030"), "xlsx": xlsx(table), "xls": xls(table)}[kind]
    landing = inbox.land_one(f"dibao_640323_20200731.{'csv' if kind == 'gb' else kind}", content)
    assert rows_of(landing, "name", "line") == [("马·明", "5"), ("李秀英", "6")]
    assert (landing.header_line, landing.footer_rows, landing.rows) == (4, 3, 2)


def test_five_title_rows_are_read_and_six_are_not(inbox) -> None:
    assert inbox.land_one("dibao_640323_20200731.csv", csv_text([["标题"]] * 5 + TABLE)).rows == 2
    assert "none of its first 6 rows" in inbox.refusal("dibao_640324_20200731.csv", csv_text([["标题"]] * 6 + TABLE))


def test_a_label_between_data_rows_is_data(inbox) -> None:
    landing = inbox.land_one(COUNTY_FILE, csv_text([HEADER, ROWS[0], FOOTER[0], ROWS[1], FOOTER[1]]))
    assert rows_of(landing, "family_id") == [("F1",), ("合 计",), ("F2",)]
    assert landing.footer_rows == 1


def test_the_last_row_of_a_person_is_no_footer(inbox) -> None:
    last = ["合计", "马英", "64019919900101001X", "", ""]
    landing = inbox.land_one(COUNTY_FILE, csv_text([*TABLE, last]))
    assert rows_of(landing, "name")[-1] == ("马英",)


def test_a_total_of_amounts_is_a_footer(tmp_path) -> None:
    inbox = Inbox(tmp_path, "temporary_assistance")
    header = ["序号", "救助编号", "姓名", "身份证号", "救助类型", "救助人数", "救助金额", "发放日期"]
    rows = [[1, "G1", "马明", "", "急难型", 1, "1200.00", "2020-07-01"], ["总计", "", "", "", "", 1, "1200.00", ""]]
    landing = inbox.land_one("20200731_640323.csv", csv_text([header, *rows]))
    assert (landing.rows, landing.footer_rows, landing.unknown_columns) == (1, 1, ("序号",))


def test_blank_rows_are_no_data_and_keep_the_lines_right(inbox) -> None:
    landing = inbox.land_one(COUNTY_FILE, csv_text([[], HEADER, [], ROWS[0], [""] * 5, ["　", " "], ROWS[1], []]))
    assert rows_of(landing, "line") == [("4",), ("7",)]
    assert landing.blank_rows == 4


def test_text_is_normalised(inbox) -> None:
    row = ["Ｆ１", "　马\u200b 明\ufeff ", "６４０１９９１９９００１０１００１Ｘ", "０１", "２０２００１"]
    landing = inbox.land_one(COUNTY_FILE, csv_text([HEADER, row]))
    assert rows_of(landing, *landing.columns) == [("F1", "马 明", "64019919900101001X", "01", "202001")]


def test_headers_match_whatever_their_brackets_blanks_and_breaks(inbox) -> None:
    header = ['"家庭\n编 号"', "姓　名", "公民身份号码", "救助类型", "起始保障年月", "县【市、区】", "户月保障金(元)", "Village"]
    landing = inbox.land_one("20200731.csv", csv_text([header, [*ROWS[0], "盐池县", "500", "一村"]]))
    assert rows_of(landing, "family_id", "county_code", "household_amount", "village", "line") == [("F1", "盐池县", "500", "一村", "3")]


def test_of_several_headers_of_one_field_the_first_of_the_contract_that_is_filled_counts(inbox) -> None:
    header = [*HEADER, "手机号", "联系电话"]
    landing = inbox.land_one(COUNTY_FILE, csv_text([header, [*ROWS[0], "1", "2"], [*ROWS[1], "1", ""]]))
    assert rows_of(landing, "phone") == [("2",), ("1",)]


def test_a_repeated_column_is_read_where_it_agrees_and_refused_where_it_differs(inbox) -> None:
    header = [*HEADER, "姓名"]
    assert inbox.land_one("dibao_640323_20200731.csv", csv_text([header, [*ROWS[0], ROWS[0][1]], [*ROWS[1], ""]])).rows == 2
    message = inbox.refusal("dibao_640324_20200731.csv", csv_text([header, [*ROWS[0], ROWS[0][1]], [*ROWS[1], "别人"]]))
    assert "姓名" in message
    assert "line 3" in message
    assert "别人" not in message


def test_workbook_cells_become_the_text_that_people_see(inbox) -> None:
    header = [*HEADER, "截止保障年月", "户月保障金", "出生日期", "是否保障对象", "联系电话", "村"]
    months = [202001, datetime.datetime(2020, 7, 1, 8, 30)]
    row = [1024, "马明", 640199199001010011, 1, *months, 0.1 + 0.2, datetime.date(1990, 1, 1), True, 13900000000, "#N/A"]
    landing = inbox.land_one("dibao_640323_20200731.xlsx", xlsx([header, row]))
    assert rows_of(landing, "family_id", "scheme", "start_month", "end_month", "household_amount", "birth_date", "is_covered", "phone") == [
        ("1024", "1", "202001", "2020-07-01", "0.3", "1990-01-01", "1", "13900000000")
    ]
    assert rows_of(landing, "id_number", "numeric_cells") == [("640199199001010000", "id_number")]


def test_only_identity_cells_that_are_numbers_are_listed(inbox) -> None:
    rows = [["F1", "马明", "640199199001010011", "01", "202001"], ["F2", "马英", None, "01", "202001"], [3, "李明", 640199199001010, 1, 202001]]
    landing = inbox.land_one("dibao_640323_20200731.xls", xls([HEADER, *[["" if cell is None else cell for cell in row] for row in rows]]))
    assert rows_of(landing, "numeric_cells") == [(None,), (None,), ("id_number",)]


def test_both_numbers_of_a_certificate_can_be_numeric(tmp_path) -> None:
    inbox = Inbox(tmp_path, "disability_certificates")
    header = ["姓名", "身份证号", "残疾人证号", "残疾类别", "残疾等级", "状态"]
    landing = inbox.land_one("20200731_640323.xlsx", xlsx([header, ["马明", 640199199001010011, 64019919900101001143, 4, 3, "有效"]]))
    assert rows_of(landing, "numeric_cells", "category", "level") == [("id_number certificate_number", "4", "3")]


def test_parquet_columns_become_text_and_numeric_identity_columns_are_listed(inbox) -> None:
    table = pa.table(
        {
            "family_id": pa.array(["F1", "F2"]).dictionary_encode(),
            "姓名": ["马明", "马英"],
            "id_number": pa.array([640199199001010011, None], pa.int64()),
            "救助类型": pa.array([1, 2], pa.int32()),
            "起始保障年月": pa.array([202001.0, 202002.0]),
            "户月保障金": pa.array([Decimal("500.10"), None], pa.decimal128(10, 2)),
            "出生日期": pa.array([datetime.date(1990, 1, 1), None]),
            "是否保障对象": pa.array([True, False]),
            "tags": pa.array([["x"], None]),
        }
    )
    path = inbox.folder / "dibao_640323_20200731.parquet"
    pq.write_table(table, path)
    landing = inbox.land()[path.name]
    assert rows_of(landing, "family_id", "id_number", "numeric_cells") == [("F1", "640199199001010011", "id_number"), ("F2", None, None)]
    assert rows_of(landing, "scheme", "start_month", "household_amount", "birth_date", "is_covered") == [
        ("1", "202001", "500.1", "1990-01-01", "1"),
        ("2", "202002", None, None, "0"),
    ]


def test_merged_titles_and_merged_data_cells(inbox) -> None:
    wife = ["", "马花", "", "02", "202001"]
    table = [["盐池县农村低保花名册", "", "", "", ""], HEADER, ROWS[0], wife, ROWS[1], ["备注：无", "", "", "", ""], [""] * 5]
    landing = inbox.land_one("dibao_640323_20200731.xlsx", xlsx(table, merged=["A1:E1", "A3:A4", "A6:E7"]))
    assert rows_of(landing, "family_id", "name", "line") == [("F1", "马·明", "3"), ("F1", "马花", "4"), ("F2", "李秀英", "5")]


def test_a_stray_value_at_the_far_corner_of_a_sheet_is_refused_before_it_fills_the_memory(inbox) -> None:
    book = openpyxl.Workbook()
    for row in TABLE:
        book.active.append(row)
    book.active["XFD1048576"] = "."
    assert "mostly empty" in inbox.refusal("dibao_640323_20200731.xlsx", saved(book))


def test_a_wide_workbook_is_read(inbox) -> None:
    header, row = [[*cells, *["x"] * 800] for cells in (HEADER, ROWS[0])]
    assert inbox.land_one("dibao_640323_20200731.xlsx", xlsx([header, row])).rows == 1


def test_the_first_visible_sheet_with_a_header_is_read(inbox) -> None:
    book = openpyxl.Workbook()
    book.active.title = "说明"
    book.active.append(["本表由民政局填报"])
    hidden = book.create_sheet("旧")
    hidden.sheet_state = "hidden"
    book.create_sheet("空")
    sheet = book.create_sheet("数据")
    for row in TABLE:
        hidden.append(row)
        sheet.append(row)
    landing = inbox.land_one("dibao_640323_20200731.xlsx", saved(book))
    assert (landing.sheet, landing.rows) == ("数据", 2)


def test_rows_on_two_sheets_are_no_full_statement(inbox) -> None:
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("乡镇二")):
        for row in TABLE:
            sheet.append(row)
    assert "several sheets (Sheet, 乡镇二)" in inbox.refusal("dibao_640323_20200731.xlsx", saved(book))


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "department.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table roster (family text, name text, id integer, scheme text, since integer, county text)")
        connection.executemany(
            "insert into roster values (?, ?, ?, ?, ?, ?)",
            [("F1", "马明", 640199199001010011, "01", 202001, "640323"), ("F2", "马英", None, "02", 202002, "640324")],
        )
    connection.close()
    return f"sqlite:///{path}"


QUERY = "select family as family_id, name as 姓名, id as id_number, scheme, since as start_month, county as county_code from roster order by 1"


def test_a_query_becomes_a_delivery(inbox, database) -> None:
    path = pull(inbox.workspace, replace(CONTRACTS["dibao"], source=DatabaseSource("civil_affairs", QUERY)), database, AS_OF)
    assert path.name == "dibao_20200731.parquet"
    landing = inbox.land()[path.name]
    assert rows_of(landing, "family_id", "name", "id_number", "scheme", "start_month", "county_code", "numeric_cells") == [
        ("F1", "马明", "640199199001010011", "01", "202001", "640323", None),
        ("F2", "马英", None, "02", "202002", "640324", None),
    ]


def test_a_failing_query_delivers_nothing_and_hides_the_connection(inbox, database) -> None:
    contract = replace(CONTRACTS["dibao"], source=DatabaseSource("civil_affairs", "select nothing from nowhere"))
    with pytest.raises(DeliveryError, match="query for dibao failed") as raised:
        pull(inbox.workspace, contract, database, AS_OF)
    assert "department.db" not in str(raised.value)
    with pytest.raises(SettingsError, match="no usable database URL"):
        pull(inbox.workspace, contract, "secret", AS_OF)
    with pytest.raises(ContractError, match="not pulled from a database"):
        pull(inbox.workspace, CONTRACTS["dibao"], database, AS_OF)
    assert inbox.land() == {}
