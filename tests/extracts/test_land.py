"""Landing: names, redeliveries and refusals."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines.extracts.files import read_name
from pipelines.extracts.land import Landing, land

from .landing_factory import AS_OF, CONTRACTS, COUNTY_FILE, HEADER, REGION, ROWS, Inbox, csv_text, gzipped, parquet, rows_of, xls, xlsx

GOOD = csv_text([HEADER, *ROWS])


@pytest.fixture
def inbox(tmp_path):
    return Inbox(tmp_path)


@pytest.mark.parametrize(
    ("name", "snapshot", "county", "part"),
    [
        ("dibao_640323_20200731.csv", date(2020, 7, 31), "640323", None),
        ("20200731低保640323.xlsx", date(2020, 7, 31), "640323", None),
        ("dibao_20200731.csv", date(2020, 7, 31), None, None),
        ("dibao_20201331_20200731.csv", date(2020, 7, 31), None, None),
        ("dibao_64032320200731.csv", date(2020, 7, 31), "640323", None),
        ("dibao_20200731235959.csv.gz", date(2020, 7, 31), None, None),
        ("dibao_640323000000_20200731.csv", date(2020, 7, 31), "640323", None),
        ("dibao_640000_20200731.csv", date(2020, 7, 31), None, None),
        ("dibao_20200731_part2.csv", date(2020, 7, 31), None, 2),
        ("dibao_20200731_20200630.csv", date(2020, 7, 31), None, None),
        ("dibao_20200229_part10.PARQUET", date(2020, 2, 29), None, 10),
    ],
)
def test_a_file_name_says_date_county_and_part(name, snapshot, county, part) -> None:
    read = read_name(name, REGION)
    assert (read.snapshot, read.county_code, read.part) == (snapshot, county, part)


def test_hidden_temporary_and_later_files_do_not_exist(inbox) -> None:
    for name in (".dibao_20200731.csv", "~$dibao_20200731.xlsx", "dibao_640323_20200801.csv"):
        inbox.deliver(name, GOOD)
    assert inbox.land() == {}
    assert list(inbox.land(date(2020, 8, 1))) == ["dibao_640323_20200801.csv"]


def test_a_dataset_without_a_folder_has_no_files(inbox) -> None:
    assert land(inbox.workspace, CONTRACTS["tekun"], AS_OF, REGION) == []


def test_a_landed_file_keeps_text_lines_and_what_was_not_asked_for(inbox) -> None:
    landing = inbox.land_one(COUNTY_FILE, csv_text([[*HEADER, "风险是否消除0"], *([*row, "是"] for row in ROWS)]))
    assert rows_of(landing, "family_id", "name", "line", "line_no", "member_no", "problem", "status") == [
        ("F1", "马·明", "2", 2, 0, None, None),
        ("F2", "李秀英", "3", 3, 0, None, None),
    ]
    assert landing.unknown_columns == ("风险是否消除0",)
    assert landing.columns == ("family_id", "name", "id_number", "scheme", "start_month")
    assert (landing.county_code, landing.snapshot, landing.bytes) == ("640323", AS_OF, len(Path(landing.path).read_bytes()))


def test_a_report_lies_beside_and_reads_back(inbox) -> None:
    landing = inbox.land_one(COUNTY_FILE, GOOD)
    assert (inbox.workspace.landed / "dibao" / f"{COUNTY_FILE}.json").is_file()
    assert Landing.from_json(landing.to_json()) == landing
    assert inbox.land()[COUNTY_FILE] == landing


def test_a_name_as_long_as_file_systems_allow_lands(inbox) -> None:
    name = f"{'低' * 78}20200731_640323.csv"
    assert inbox.land_one(name, GOOD).status == "landed"
    assert inbox.land()[name].status == "landed"


def test_the_same_bytes_for_the_same_date_keep_their_first_name(inbox) -> None:
    later = inbox.deliver("zz_640323_20200731.csv", GOOD)
    inbox.land()
    first = inbox.deliver("aa_640323_20200731.csv", GOOD)
    os.utime(first, ns=(1, 1))
    landings = inbox.land()
    assert landings[later.name].status == "landed"
    assert landings[first.name].status == "same"
    assert landings[first.name].same_as == later.name
    assert landings[first.name].landed_path is None


def test_of_new_files_with_the_same_bytes_the_one_received_first_counts(inbox) -> None:
    for name, received in (("a_640323_20200731.csv", 2), ("b_640323_20200731.csv", 1), ("c_640323_20200731.csv", 1)):
        os.utime(inbox.deliver(name, GOOD), ns=(received, received))
    assert {name: landing.same_as for name, landing in inbox.land().items()} == {
        "a_640323_20200731.csv": "b_640323_20200731.csv",
        "b_640323_20200731.csv": None,
        "c_640323_20200731.csv": "b_640323_20200731.csv",
    }


def test_the_same_bytes_under_a_newer_date_reuse_what_was_landed(inbox) -> None:
    june = inbox.land_one("dibao_640323_20200630.csv", GOOD)
    july = inbox.land_one(COUNTY_FILE, GOOD)
    assert july.status == "landed"
    assert july.landed_path == june.landed_path
    assert rows_of(july, "line") == rows_of(june, "line")
    assert (july.rows, july.columns, july.header_line) == (june.rows, june.columns, june.header_line)


def test_landed_bytes_of_a_county_do_not_serve_the_region_without_a_county_column(inbox) -> None:
    inbox.land_one("dibao_640323_20200630.csv", GOOD)
    assert "no column 县(区)代码" in inbox.refusal("dibao_20200731.csv", GOOD)


def test_a_changed_file_is_read_again_and_a_corrected_one_is_no_longer_refused(inbox) -> None:
    inbox.refusal(COUNTY_FILE, csv_text([HEADER]))
    assert inbox.land_one(COUNTY_FILE, GOOD).status == "landed"


def test_a_changed_contract_reads_again(inbox) -> None:
    landing = inbox.land_one(COUNTY_FILE, GOOD)
    fields = dict(CONTRACTS["dibao"].fields)
    fields["township"] = replace(fields["township"], aliases=("乡",))
    again = land(inbox.workspace, replace(CONTRACTS["dibao"], fields=fields), AS_OF, REGION)[0]
    assert again.landed_path != landing.landed_path


def test_the_same_inbox_gives_the_same_bytes(tmp_path) -> None:
    paths = [Inbox(tmp_path / name).land_one(COUNTY_FILE, GOOD).landed_path for name in ("one", "two")]
    first, second = (Path(path).read_bytes() for path in paths if path)
    assert first == second


UNUSABLE = {
    "empty.csv": b"",
    "blank.csv": b"\r\n \n,,,\n",
    "header_only.csv": csv_text([HEADER]).encode(),
    "footer_only.csv": csv_text([HEADER, ["合计", "0"], ["填表人：某"]]).encode(),
    "utf16.csv": GOOD.encode("utf-16"),
    "binary.csv": bytes(range(256)) * 40,
    "latin.csv": b"\xff\xfe" * 99,
    "cut_off_within_a_character.csv": GOOD.encode()[: GOOD.encode().index("英".encode()) + 1],
    "not_gzip.csv.gz": GOOD.encode(),
    "cut_off.csv.gz": gzipped(GOOD * 50)[:-20],
    "not_a_workbook.xlsx": GOOD.encode(),
    "cut_off.xlsx": xlsx([HEADER, *ROWS])[:-300],
    "cut_off.xls": xls([HEADER, *ROWS])[:1000],
    "empty.xlsx": xlsx([]),
    "header_only.xlsx": xlsx([HEADER]),
    "cut_off.parquet": parquet([HEADER, *ROWS])[:-50],
    "header_only.parquet": parquet([HEADER]),
    "data_without_header.csv": csv_text(ROWS).encode(),
    "other.docx": b"PK",
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_file_is_refused_in_one_sentence_that_says_what_to_do(inbox, name) -> None:
    message = inbox.refusal(f"dibao_640323_20200731_{name}", UNUSABLE[name])
    assert message.endswith(".")
    assert "; " in message
    assert "\n" not in message
    assert not any(secret in message for secret in ("马·明", "李秀英", "6401991990", "F1"))


def test_a_name_without_a_date_is_refused_whatever_the_night(inbox) -> None:
    inbox.deliver("dibao_20201331.csv", GOOD)
    landing = inbox.land(date(2019, 1, 1))["dibao_20201331.csv"]
    assert landing.snapshot is None
    assert "no snapshot date" in (landing.error or "")


def test_a_division_that_is_no_county_of_the_region_does_not_pass_for_the_region(inbox) -> None:
    assert "640199" in inbox.refusal("dibao_640199_20200731.csv", csv_text([[*HEADER, "县区"], *([*row, "640323"] for row in ROWS)]))


def test_a_file_bigger_than_announced_is_refused_packed_or_not(tmp_path) -> None:
    contract = replace(CONTRACTS["dibao"], max_bytes=400)
    big = csv_text([HEADER, *(ROWS * 10)])
    for position, (name, content) in enumerate({"a.csv": big.encode(), "b.csv.gz": gzipped(big), "c.xlsx": xlsx([HEADER, *ROWS])}.items()):
        inbox = Inbox(tmp_path / str(position))
        inbox.deliver(f"20200731_640323_{name}", content)
        landing = land(inbox.workspace, contract, AS_OF, REGION)[0]
        assert landing.status == "refused"
        assert "400 bytes" in (landing.error or "")


def test_a_missing_required_column_is_named_with_its_aliases_and_the_headers_found(inbox) -> None:
    message = inbox.refusal(COUNTY_FILE, csv_text([["盐池县花名册"], ["户号", *HEADER[1:]], *ROWS]))
    for part in (COUNTY_FILE, "家庭编号", "低保证号", "家庭ID", "户编号", "line 2", "户号, 姓名, 身份证号, 救助类型, 起始保障年月"):
        assert part in message


def test_without_a_county_in_name_or_columns_the_county_column_is_missing(inbox) -> None:
    message = inbox.refusal("dibao_20200731.csv", GOOD)
    assert "县(区)代码" in message
    assert "行政区划代码" in message


def test_what_follows_a_label_row_is_not_shown_when_there_is_no_header(inbox) -> None:
    message = inbox.refusal(COUNTY_FILE, csv_text([["填表人", "某某", "联系电话", "13900000000"], *ROWS]))
    assert "13900000000" not in message
    assert "某某" not in message


def test_big_files_land_side_by_side(inbox, monkeypatch) -> None:
    monkeypatch.setattr("pipelines.extracts.land.PARALLEL_BYTES", 1)
    for county in ("640323", "640324"):
        inbox.deliver(f"dibao_{county}_20200731.csv", GOOD + county)
    assert [landing.status for landing in inbox.land().values()] == ["landed", "landed"]
