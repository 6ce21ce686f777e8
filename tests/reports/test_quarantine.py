"""What goes back to a department: places and reasons, and no value of anybody."""

from pathlib import Path

import pandas as pd
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from pipelines.reports.quarantine import CORRECT, FILES, HINTS, write_quarantine
from tests.reports.factory import AS_OF, contracts, file_line, policy, unused_file

COLUMNS = ["dataset", "file", "line", "column", "reason"]


def written(folder: Path, quarantined: pd.DataFrame, warnings: pd.DataFrame, *files: object) -> Workbook:
    lines = files or (file_line(),)
    path = folder / "civil_affairs.xlsx"
    given = {"contracts": contracts(), "policy": policy(), "as_of": AS_OF}
    return load_workbook(write_quarantine(path, "civil_affairs", lines, quarantined, warnings, **given))  # type: ignore[arg-type]


def table(*rows: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS)


def body(book: Workbook, name: str) -> list[tuple[object, ...]]:
    return list(book[name].iter_rows(min_row=4, values_only=True))


def test_each_row_to_correct_is_named_by_file_line_column_and_reason(tmp_path: Path) -> None:
    bad = table(("dibao", "dibao_20200731.csv", "7#2", "start_month", "必填项为空，应为年月，如 202007 或 2020-07"))
    book = written(tmp_path, bad, table(("tekun", "tekun_20200731.xlsx", "9", "monthly_amount", "无法识别，应为金额(元)，如 1234.50")))
    assert body(book, CORRECT) == [("民政·低保对象", "dibao_20200731.csv", "7#2", "起始保障年月", "必填项为空，应为年月，如 202007 或 2020-07", None)]
    assert body(book, HINTS)[0][:4] == ("民政·特困供养人员", "tekun_20200731.xlsx", "9", "月供养金")


def test_refused_files_come_first_with_the_reason_in_chinese(tmp_path: Path) -> None:
    refused = unused_file("低保_20200731.csv", "refused", error="dibao/低保_20200731.csv is refused: it is empty; have it delivered again.")
    rows = body(written(tmp_path, table(), table(), file_line(unknown_columns=("备用1",)), refused), FILES)
    assert rows[0][1:5] == ("低保_20200731.csv", "2020-07-31", "全区", "拒收")
    assert rows[0][9] == "文件为空，请重新报送。"
    assert rows[1][5:9] == (12, 11, 1, 0)
    assert rows[1][9] == "未识别、已忽略的列：备用1"


def test_a_department_without_faults_is_told_so(tmp_path: Path) -> None:
    book = written(tmp_path, table(), table())
    assert body(book, CORRECT)[0][0] == "没有需要列出的内容。"
    assert body(book, HINTS)[0][0] == "没有需要列出的内容。"
