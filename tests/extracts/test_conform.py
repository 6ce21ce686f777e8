"""Conforming landed files: typed rows, the quarantine, warnings, and refusal."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.engine import Engine, open_engine
from pipelines.errors import StageError
from pipelines.extracts.conform import Conformed, conform
from pipelines.identity.identify import identify, read_conformed
from tests.extracts.landing_factory import CONTRACTS, REGION, Inbox, xlsx

HEADER = ["家庭编号", "姓名", "身份证号", "与户主关系", "是否保障对象", "救助类型", "户月保障金", "月人均收入", "起始保障年月", "截止保障年月"]
HEADER += ["县(区)代码", "性别", "出生日期"]
ROW = ["F1", "马·明", "640199199001010049", "户主", "是", "农村低保", "1,234.50元", "300", "2020年1月", "长期", "盐池县", "男", "1990/1/1"]
NUMBER = "640199199001010049"
BAD = "640199199001010047"
FILE = "dibao_640323_20200731.csv"


class Conforming(Inbox):
    """An inbox whose files are landed and conformed."""

    engine: Any

    def conform(self, name: str, content: str | bytes) -> Conformed:
        landing = self.land_one(name, content)
        assert landing.status == "landed", landing.error
        return conform(self.engine, self.workspace, CONTRACTS[self.dataset], landing, REGION, identify)


@pytest.fixture(scope="module")
def engine():
    opened = open_engine()
    yield opened
    opened.close()


@pytest.fixture
def inbox(tmp_path, engine):
    made = Conforming(tmp_path)
    made.engine = engine
    return made


def csv_text(cells: Sequence[Sequence[str]]) -> str:
    """A CSV file whose cells may hold commas."""
    text = io.StringIO()
    csv.writer(text).writerows(cells)
    return text.getvalue()


def rows(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


def conformed(engine: Engine, done: Conformed) -> list[dict[str, Any]]:
    return engine.arrow(read_conformed(engine, [done.path]).order_by("line_no", "member_no")).to_pylist()


def row(**changes: str) -> list[str]:
    """ROW with other values, by header."""
    return [changes.get(header.replace("(", "").replace(")", ""), value) for header, value in zip(HEADER, ROW, strict=True)]


def many(*special: list[str], plain: int = 30) -> str:
    return csv_text([HEADER, *special, *([ROW] * plain)])


def test_a_row_is_typed_by_its_contract(inbox) -> None:
    done = inbox.conform(FILE, csv_text([HEADER, ROW]))
    (found,) = conformed(inbox.engine, done)
    assert (found["family_id"], found["scheme"], found["is_covered"]) == ("F1", "02", True)
    assert (found["household_amount"], found["per_capita_income"]) == (123450, 30000)
    assert (found["start_month"], found["end_month"]) == (202001, 999912)
    assert (found["county_code"], found["sex"], found["birth_date"], found["township"]) == ("640323", "1", 19900101, None)
    assert (found["file"], found["line"], found["line_no"], found["member_no"], found["snapshot"]) == (FILE, "2", 2, 0, 20200731)
    assert (found["id_number"], found["id_status"], found["id17"], found["name_folded"]) == (NUMBER, "valid", int(NUMBER[:17]), "马·明")
    assert (done.rows, done.conformed, done.quarantined, done.warnings) == (1, 1, 0, 0)
    assert done.counties == {"640323": {"conformed": 1, "quarantined": 0}}


def test_every_dataset_conforms_to_its_contract(tmp_path, engine) -> None:
    """The common columns are there whether the dataset has them or not, and a column that was not delivered is empty."""
    for dataset, contract in CONTRACTS.items():
        inbox = Conforming(tmp_path / dataset, dataset)
        inbox.engine = engine
        cells = {"text": "T1", "name": "马明", "id": NUMBER, "county": "640323", "month": "202001", "date": "20200101", "money": "1", "int": "2020"}
        required = [field for field in contract.fields.values() if field.required]
        values = [next(iter(field.codes)) if field.codes else cells.get(field.type, "是") for field in required]
        done = inbox.conform(f"{dataset}_20200731.csv", csv_text([[field.header for field in required], values]))
        (found,) = conformed(inbox.engine, done)
        assert (done.status, done.quarantined, done.warnings) == ("conformed", 0, 0), dataset
        assert {*contract.fields, "township", "village", "phone", "sex", "birth_date", "file", "line", "snapshot"} <= set(found)
        assert found.get("employment_cost", 0) == 0
        optional = [field for field in contract.fields.values() if not field.required and field.default is None]
        assert all(found[field.name] is None for field in optional if field.type != "id")


def test_a_row_without_a_required_value_is_quarantined_whole(inbox) -> None:
    faulty = [row(救助类型="其它"), row(起始保障年月=""), row(起始保障年月="2020-13", 姓名=""), row(县区代码="宁东", 月人均收入="不清")]
    done = inbox.conform(FILE, many(*faulty, plain=36))
    kept = rows(done.quarantine_path)
    assert [(one["line"], one["column"]) for one in kept] == [("2", "scheme"), ("3", "start_month"), ("4", "name"), ("5", "county_code")]
    assert [one["file"] for one in kept] == [FILE] * 4
    assert [(one["scheme"], one["start_month"], one["household_amount"]) for one in kept[:2]] == [
        ("其它", "2020年1月", "1,234.50元"),
        ("农村低保", None, "1,234.50元"),
    ]
    assert [(one["id_number"], one["id_status"], one["id17"]) for one in kept] == [(NUMBER, "valid", int(NUMBER[:17]))] * 4
    assert [one["row_county"] for one in kept] == ["640323"] * 3 + [None]
    assert (done.rows, done.conformed, done.quarantined) == (40, 36, 4)
    assert done.counties == {"": {"conformed": 0, "quarantined": 1}, "640323": {"conformed": 36, "quarantined": 3}}
    assert [fault.line for fault in done.first_faults] == ["2", "3", "4", "5"]


def test_a_reason_says_what_the_contract_expects_and_never_the_value(inbox) -> None:
    done = inbox.conform(FILE, many(row(救助类型="马明的秘密"), row(起始保障年月="2099秘密"), row(出生日期="秘密"), row(性别="秘密")))
    reasons = [one["reason"] for one in rows(done.quarantine_path) + rows(done.warnings_path)]
    assert len(reasons) == 4
    assert not any("秘密" in reason for reason in reasons)
    assert "农村低保(02)" in reasons[0]
    assert "202007" in reasons[1]


def test_an_unreadable_optional_value_becomes_empty_with_a_warning_and_the_row_conforms(inbox) -> None:
    done = inbox.conform(FILE, many(row(月人均收入="不详", 出生日期="1990-02-30"), row(截止保障年月="待定"), row(是否保障对象="也许")))
    found = conformed(inbox.engine, done)
    assert (found[0]["per_capita_income"], found[0]["birth_date"], found[1]["end_month"]) == (None, None, None)
    assert found[2]["is_covered"] is True  # an empty value stands for the contract's default
    warned = [(one["file"], one["line"], one["column"]) for one in rows(done.warnings_path)]
    assert warned == [(FILE, "2", "birth_date"), (FILE, "2", "per_capita_income"), (FILE, "3", "end_month"), (FILE, "4", "is_covered")]
    assert (done.conformed, done.quarantined, done.warnings) == (33, 0, 4)


def test_defaults_stand_for_absent_cells_and_columns(inbox) -> None:
    short = [header for header in HEADER if header not in ("是否保障对象", "县(区)代码")]
    values = [value for header, value in zip(HEADER, ROW, strict=True) if header in short]
    done = inbox.conform(FILE, csv_text([short, values]))
    assert [(one["is_covered"], one["county_code"]) for one in conformed(inbox.engine, done)] == [(True, "640323")]
    done = inbox.conform(FILE, csv_text([HEADER, row(是否保障对象="", 县区代码="")]))
    assert [(one["is_covered"], one["county_code"]) for one in conformed(inbox.engine, done)] == [(True, "640323")]


def test_in_a_region_wide_file_every_row_names_its_county(inbox) -> None:
    done = inbox.conform("dibao_20200731.csv", many(row(县区代码=""), row(县区代码="640324101001"), row(县区代码="610102"), row(县区代码="640199")))
    assert [(one["line"], one["column"]) for one in rows(done.quarantine_path)] == [("2", "county_code"), ("5", "county_code")]
    assert {code: counts["conformed"] for code, counts in done.counties.items()} == {"": 0, "640323": 30, "640324": 1, "610102": 1}
    assert done.warnings == 0


def test_a_row_of_a_county_s_file_that_names_another_counts_under_its_own_code_with_a_warning(inbox) -> None:
    done = inbox.conform(FILE, many(row(县区代码="同心县")))
    assert done.counties["640324"] == {"conformed": 1, "quarantined": 0}
    assert [(one["line"], one["column"]) for one in rows(done.warnings_path)] == [("2", "county_code")]


def test_a_bad_id_number_quarantines_nothing(inbox) -> None:
    cells = ["", "无", "6401991990****0049", "6.40199E+17", "64019919900101004", BAD, "64019919900101OO49"]
    done = inbox.conform(FILE, csv_text([HEADER, *(row(身份证号=cell) for cell in cells)]))
    assert done.quarantined == 0
    found = conformed(inbox.engine, done)
    assert [one["id_status"] for one in found] == ["missing", "missing", "masked", "numeric_cell", "bad_length", "bad_check", "valid"]
    assert [one["id_original"] for one in found][-1] == "64019919900101OO49"
    assert [one["id17"] is None for one in found] == [True] * 6 + [False]


def test_a_damaged_row_is_quarantined(inbox) -> None:
    done = inbox.conform(FILE, many([*ROW, "one cell too many"]))
    assert [(one["line"], one["column"]) for one in rows(done.quarantine_path)] == [("2", None)]
    assert done.rows == done.conformed + done.quarantined == 31


def test_ten_per_cent_may_be_quarantined_and_not_one_row_more(inbox) -> None:
    assert inbox.conform(FILE, many(*[row(救助类型="")] * 3, plain=27)).status == "conformed"
    refused = inbox.conform(FILE, many(*[row(救助类型="")] * 4, plain=27))
    assert (refused.status, refused.rows, refused.quarantined) == ("refused", 31, 4)
    assert refused.error
    assert refused.error.startswith(f"dibao/{FILE} is refused: 4 of 31 rows ")
    assert not refused.path.exists()
    assert not refused.quarantine_path.exists()


def test_the_report_of_a_refused_file_names_its_first_twenty_lines(inbox) -> None:
    refused = inbox.conform(FILE, many(*[row(救助类型="")] * 25, plain=5))
    assert [fault.line for fault in refused.first_faults] == [str(line) for line in range(2, 22)]
    assert all(f"{line} (scheme)" in (refused.error or "") for line in range(2, 22))
    assert refused.path.with_suffix(".json").is_file()


def test_the_same_file_is_conformed_once(inbox) -> None:
    first = inbox.conform(FILE, many(row(救助类型="")))
    made = first.path.stat().st_mtime_ns
    landing = inbox.land()[FILE]
    assert conform(inbox.engine, inbox.workspace, CONTRACTS["dibao"], landing, REGION, identify) == first
    assert first.path.stat().st_mtime_ns == made
    first.quarantine_path.unlink()
    again = conform(inbox.engine, inbox.workspace, CONTRACTS["dibao"], landing, REGION, identify)
    assert again == first
    assert first.quarantine_path.is_file()


def test_another_contract_gives_another_result(inbox) -> None:
    first = inbox.conform(FILE, many())
    contract = CONTRACTS["dibao"]
    lenient = replace(contract, fields={**contract.fields, "scheme": replace(contract.fields["scheme"], required=False)})
    second = conform(inbox.engine, inbox.workspace, lenient, inbox.land()[FILE], REGION, identify)
    assert second.path != first.path


def test_the_same_file_gives_the_same_bytes(tmp_path, engine) -> None:
    text = many(row(姓名="馬 明"), row(月人均收入="不详"), row(救助类型=""))
    found = []
    for place in ("one", "two"):
        inbox = Conforming(tmp_path / place)
        inbox.engine = engine
        done = inbox.conform(FILE, text)
        found.append([path.read_bytes() for path in (done.path, done.quarantine_path, done.warnings_path)])
    assert found[0] == found[1]


def test_a_refused_delivery_cannot_be_conformed(inbox) -> None:
    landing = inbox.land_one(FILE, "")
    with pytest.raises(StageError, match="did not land"):
        conform(inbox.engine, inbox.workspace, CONTRACTS["dibao"], landing, REGION, identify)


def test_a_certificate_s_missing_or_invalid_number_is_taken_from_the_certificate_number(tmp_path, engine) -> None:
    inbox = Conforming(tmp_path, "disability_certificates")
    inbox.engine = engine
    header = ["姓名", "身份证号", "残疾人证号", "残疾类别", "残疾等级", "状态", "县(区)代码"]
    numbers = [("", f"{NUMBER}43"), (BAD, f"{NUMBER}43B1"), (NUMBER, "64019919550505002443"), ("", f"{BAD}43"), ("", "无号")]
    people = [["马明", own, certificate, "肢体", "三级", "有效", "640323"] for own, certificate in numbers]
    done = inbox.conform("disability_certificates_20200731.csv", csv_text([header, *people]))
    found = [(one["id_number"], one["id_status"], one["id_repairs"]) for one in conformed(inbox.engine, done)]
    assert found[:3] == [(NUMBER, "valid", "from_certificate"), (NUMBER, "valid", "from_certificate"), (NUMBER, "valid", "")]
    assert found[3] == (BAD, "bad_check", "from_certificate")
    assert found[4] == (None, "missing", "")


def test_a_document_number_may_be_a_certificate_number(tmp_path, engine) -> None:
    inbox = Conforming(tmp_path, "poverty_register")
    inbox.engine = engine
    header = ["年度", "户编号", "人编号", "姓名", "证件号码", "脱贫属性", "健康状况", "县(区)代码"]
    values = ["2020", "H1", "P1", "马明", f"{NUMBER}43", "已脱贫", "残疾，长期慢性病", "640323"]
    (found,) = conformed(inbox.engine, inbox.conform("poverty_register_20200731.csv", csv_text([header, values])))
    assert (found["id_number"], found["id_repairs"], found["document_number"]) == (NUMBER, "from_certificate", f"{NUMBER}43")
    assert found["health"] == "残疾;长期慢性病"


def test_a_workbook_s_numeric_id_cell_is_marked(inbox) -> None:
    done = inbox.conform("dibao_640323_20200731.xlsx", xlsx([HEADER, row(), [int(NUMBER) if value == NUMBER else value for value in ROW]]))
    assert [one["id_status"] for one in conformed(inbox.engine, done)] == ["valid", "numeric_cell"]
