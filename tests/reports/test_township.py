"""The caseworkers' workbook: what is on it, in which order, and how it prints."""

from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.reports.cases import Case, Change, Person, TownshipList, Unchecked
from pipelines.reports.township import CHANGES, IDENTITIES, LISTS, TASKS, UNCHECKED, write_township
from tests.reports.factory import AS_OF, case, flag, township

WHO = ["姓名", "户主", "出生年", "联系电话", "证件号码", "村（社区）"]
COLUMNS = ["序号", "等级", "动态", *WHO, "疑似情形与政策依据", "数据显示", "办理期限"]
TO_FILL = ["核实结果", "核实日期", "核实方式", "备注"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def written(folder: Path, content: TownshipList) -> Workbook:
    return load_workbook(write_township(folder / "花马池镇.xlsx", content))


def header_row(sheet: Worksheet) -> int:
    return next(row[0].row for row in sheet.iter_rows(max_row=10) if row[0].value in ("序号", "类别", "规则"))


def rows(sheet: Worksheet) -> list[dict[str, object]]:
    start = header_row(sheet)
    titles = [cell.value for cell in sheet[start]]
    return [dict(zip(titles, values, strict=True)) for values in sheet.iter_rows(min_row=start + 1, values_only=True) if values[1] is not None]


def test_a_row_is_a_family_with_all_that_is_asked(folder: Path) -> None:
    people = (Person("马小明", 1962, "13800001234", "640***********1234"), Person("李花"))
    household = case(1, flag(1), flag(2, rule="RR-02", grade="orange"), people=people)
    sheet = written(folder, township(household))[TASKS]
    assert [cell.value for cell in sheet[header_row(sheet)]][:16] == COLUMNS + TO_FILL
    (row,) = rows(sheet)
    assert row["姓名"] == "马小明\n李花"
    assert row["户主"] == "马占海"
    assert row["出生年"] == "1962\n—"
    assert row["联系电话"] == "13800001234"
    assert row["证件号码"] == "640***********1234\n—"
    assert row["办理期限"] == "2020-08-05"
    assert "依据一(一)" in str(row["疑似情形与政策依据"])
    assert "依据四" in str(row["疑似情形与政策依据"])
    assert "455.00 元" in str(row["数据显示"])
    assert all(row[title] is None for title in TO_FILL)


def test_rows_stand_by_grade_then_due_date(folder: Path) -> None:
    cases = (
        case(1, flag(1, rule="MC-06", grade="yellow", due=date(2020, 8, 3))),
        case(2, flag(2, due=date(2020, 8, 20))),
        case(3, flag(3, due=date(2020, 8, 4))),
        case(4, flag(4, rule="UI-01", grade="orange", due=date(2020, 8, 1))),
    )
    found = rows(written(folder, township(*cases))[TASKS])
    assert [row["任务编号"] for row in found] == ["case-3", "case-2", "case-4", "case-1"]
    assert [row["等级"] for row in found] == ["红", "红", "橙", "黄"]


def test_flags_that_wait_for_an_identity_check_stand_apart(folder: Path) -> None:
    both = case(1, flag(1), flag(2, rule="MC-06", grade="yellow", state="identity_check"))
    only = case(2, flag(3, state="identity_check"))
    book = written(folder, township(both, only))
    assert [row["任务编号"] for row in rows(book[TASKS])] == ["case-1"]
    assert [row["任务编号"] for row in rows(book[IDENTITIES])] == ["case-2", "case-1"]
    assert "MC-06" not in str(rows(book[TASKS])[0]["疑似情形与政策依据"])


def test_results_are_chosen_from_a_list(folder: Path) -> None:
    book = written(folder, township(case(1), case(2)))
    sheet = book[TASKS]
    start = header_row(sheet)
    choices = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    result = choices[f"M{start + 1}:M{start + 2}"]
    assert result.type == "list"
    assert result.formula1 == f"{LISTS}!$A$2:$A$20"
    offered = [cell.value for (cell,) in book[LISTS]["A2:A20"]]
    assert [int(str(text).split()[0]) for text in offered] == [10, 11, 20, 30, 31, 32, 33, 34, 40, 50, 61, 62, 63, 64, 65, 70, 80, 81, 82]
    assert str(book[LISTS]["A21"].value).startswith("90 ")
    assert book[LISTS].sheet_state == "hidden"
    assert choices[f"N{start + 1}:N{start + 2}"].type == "date"
    assert not sheet[f"M{start + 1}"].protection.locked
    assert sheet[f"D{start + 1}"].protection.locked
    assert sheet.protection.sheet


def test_it_prints_on_a4_with_its_header_on_every_page(folder: Path) -> None:
    sheet = written(folder, township(*(case(number) for number in range(60))))[TASKS]
    start = header_row(sheet)
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.paperSize == 9
    assert sheet.sheet_properties.pageSetUpPr is not None
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight == 0
    assert sheet.print_title_rows == f"${start}:${start}"
    assert sheet.freeze_panes == f"F{start + 1}"
    assert sheet.print_area.endswith(f"$P${start + 60}")
    assert str(sheet.oddFooter.center.text).split() == ["第", "&P", "页", "共", "&N", "页"]
    assert "疑似，待核实" in str(sheet.oddHeader.right.text)
    assert sheet.column_dimensions["Q"].hidden


def test_rows_are_tall_enough_for_their_text(folder: Path) -> None:
    long = tuple(f"低收入家庭（2020-07-15）家庭月人均收入 {number}.00 元" for number in range(8))
    sheet = written(folder, township(case(1, flag(1, shows=long)), case(2, flag(2, due=date(2020, 9, 1)))))[TASKS]
    start = header_row(sheet)
    tall, low = (sheet.row_dimensions[start + place].height for place in (1, 2))
    assert tall > 100
    assert 30 < low < tall <= 409


def test_a_text_never_becomes_a_formula(folder: Path) -> None:
    sheet = written(folder, township(case(1, village="=1+1")))[TASKS]
    cell = sheet.cell(header_row(sheet) + 1, 9)
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_changes_say_what_and_why(folder: Path) -> None:
    changes = (
        Change("cleared_by_data", "马明", "李华台村", "MC-01", "低收入家庭重残人员未纳入低保"),
        Change("raised", "李花", "李华台村", "UI-01", "未参加失业保险的失业农民工"),
        Change("changed", "王军", "沟沿村", "RR-02", "脱贫不稳定户遭遇新困难", "等级变化"),
    )
    found = rows(written(folder, township(changes=changes))[CHANGES])
    assert [(row["类别"], row["姓名"]) for row in found] == [("新增", "李花"), ("有变化", "王军"), ("已消除", "马明")]
    assert [row["原因"] for row in found] == ["本次比对首次发现", "等级变化", "按最新数据不再符合条件"]


def test_rules_not_checked_are_named_and_never_called_clear(folder: Path) -> None:
    unchecked = (Unchecked("UI-01", "未参加失业保险的失业农民工", "人社·失业待遇", "数据早于考察期末"),)
    suspended = case(1, flag(1, unchecked=True))
    book = written(folder, township(suspended, unchecked=unchecked))
    assert [row["规则"] for row in rows(book[UNCHECKED])] == ["UI-01"]
    assert "没有核查不等于没有问题" in str(book[UNCHECKED]["A2"].value)
    assert rows(book[TASKS])[0]["动态"] == "未核查"
    assert "本次未核查" in str(rows(book[TASKS])[0]["疑似情形与政策依据"])


def test_the_list_knows_itself_for_the_way_back(folder: Path) -> None:
    book = written(folder, township(case(1, flag(1), flag(2, rule="MC-06", grade="yellow"))))
    key = {row[0].value: row[1].value for row in book[LISTS]["E2:F5"]}
    assert key["as_of"] == AS_OF.isoformat()
    assert key["county_code"] == "640323"
    assert rows(book[TASKS])[0]["线索编号"] == "MC-01-0000000000000001 MC-06-0000000000000002"


def test_the_same_list_gives_the_same_bytes(folder: Path) -> None:
    content = township(case(1), case(2))
    first = write_township(folder / "a.xlsx", content).read_bytes()
    assert write_township(folder / "b.xlsx", content).read_bytes() == first


def test_an_empty_list_says_so(folder: Path) -> None:
    sheet = written(folder, township())[TASKS]
    assert sheet.cell(header_row(sheet) + 1, 1).value == "本次没有需要核查的任务。"


def test_a_case_without_a_township_is_listed(folder: Path) -> None:
    unknown = Case("case-9", "640323", "", "", (Person("马明"),), "", (flag(9),))
    listed = TownshipList("640323", "盐池县", "", AS_OF, "政策", None, (unknown,))
    book = written(folder, listed)
    assert len(rows(book[TASKS])) == 1
    assert "乡镇不详" in str(book[TASKS]["A1"].value)


def test_what_one_flag_has_told_the_next_does_not_repeat(folder: Path) -> None:
    told = ("低收入家庭（2020-07-15）家庭月人均收入 455.00 元",)
    both = case(1, flag(1, shows=told), flag(2, rule="MC-02", shows=(*told, "重特大疾病认定（2020-06-30）尿毒症")), flag(3, rule="MC-03", shows=told))
    shows = rows(written(folder, township(both))[TASKS])[0]["数据显示"]
    assert shows == f"①{told[0]}\n②重特大疾病认定（2020-06-30）尿毒症\n③同上"
