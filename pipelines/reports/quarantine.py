"""`quarantine/<department>.xlsx`: what a department must correct, to be sent back to it. It names places and reasons, never values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from pipelines.contracts import Contract
from pipelines.policy import Policy
from pipelines.reports.chinese import chinese
from pipelines.reports.run_summary import FileLine
from pipelines.reports.style import Book, Column, Head, open_book
from pipelines.reports.texts import dataset_titles, label, policy_title, sentence, texts

FILES, CORRECT, HINTS = "文件", "须更正", "提示"
ROWS_A_SHEET = 1_000_000  # Excel holds 1 048 576
_LARGE = 50_000  # rows from which a workbook is streamed

_FILE_COLUMNS = (
    Column("数据", 130),
    Column("文件", 200),
    Column("快照日期", 80, "centre"),
    Column("县（区）", 76, "centre"),
    Column("状态", 60, "centre"),
    Column("行数", 66, "number"),
    Column("合格", 66, "number"),
    Column("须更正", 60, "number"),
    Column("提示", 60, "number"),
    Column("说明", 350),
)
_DEFECT_COLUMNS = (
    Column("数据", 150),
    Column("文件", 240),
    Column("行", 70, "centre"),
    Column("列", 150, "centre"),
    Column("原因", 400),
    Column("更正情况", 120, "note"),
)


def write_quarantine(
    path: Path,
    department: str,
    files: Sequence[FileLine],
    quarantined: pd.DataFrame,
    warnings: pd.DataFrame,
    *,
    contracts: Mapping[str, Contract],
    policy: Policy,
    as_of: date,
) -> Path:
    """Writes one department's workbook to `path` and returns it.

    `files` are the department's; `quarantined` and `warnings` have `dataset`, `file`, `line`, `column` (a field's name), `reason`, in their order.
    """
    name = label("departments", department)
    rows = len(quarantined) + len(warnings)
    with open_book(path, title=sentence("quarantine", "title", department=name), as_of=as_of, constant_memory=rows > _LARGE) as book:
        foot = f"{as_of} {policy_title(policy)}"
        _write_files(book, name, files, contracts, policy, foot, as_of)
        _write_defects(book, CORRECT, "correct", name, quarantined, contracts, foot)
        _write_defects(book, HINTS, "hints", name, warnings, contracts, foot)
    return path


def _head(key: str, department: str, foot: str, **values: object) -> Head:
    title = sentence("quarantine", f"{key}_title", department=department)
    return Head(title, (sentence("quarantine", f"{key}_note", **values),), page_left=title, foot_left=texts()["quarantine"]["foot"], foot_right=foot)


def _write_files(
    book: Book, department: str, files: Sequence[FileLine], contracts: Mapping[str, Contract], policy: Policy, foot: str, as_of: date
) -> None:
    sheet = book.sheet(FILES, _FILE_COLUMNS, _head("files", department, foot, as_of=as_of), freeze_columns=2)
    titles = {name: contract.title for name, contract in contracts.items()}
    for line in sorted(files, key=lambda line: (line.status != "refused", line.dataset, line.snapshot or "", line.file)):
        said = [chinese(text) for text in (line.error, line.note) if text]
        if line.unknown_columns:
            said.append(sentence("quarantine", "unknown_columns", columns="、".join(line.unknown_columns)))
        sheet.row(
            [
                titles.get(line.dataset, line.dataset),
                line.file,
                line.snapshot,
                policy.region.counties.get(line.county_code or "", line.county_code) or "全区",
                label("file_states", "in_force" if line.in_force else line.status),
                line.rows,
                line.conformed,
                line.quarantined,
                line.warnings,
                "；".join(said),
            ],
            fills={4: "#F8D7DA"} if line.status == "refused" else None,
        )
    sheet.finish()


def _write_defects(book: Book, name: str, key: str, department: str, table: pd.DataFrame, contracts: Mapping[str, Contract], foot: str) -> None:
    """One sheet, or as many as the rows need."""
    titles, headers = dataset_titles(contracts), _headers(contracts)
    head = _head(key, department, foot, rows=len(table))
    for number, start in enumerate(range(0, max(len(table), 1), ROWS_A_SHEET), 1):
        sheet = book.sheet(name + (str(number) if number > 1 else ""), _DEFECT_COLUMNS, head, freeze_columns=3)
        part = table.iloc[start : start + ROWS_A_SHEET]
        columns = (part[column].tolist() for column in ("dataset", "file", "line", "column", "reason"))
        for dataset, file, line, column, reason in zip(*columns, strict=True):
            sheet.row([titles.get(dataset, dataset), file, line, headers.get((dataset, column), column), chinese(reason), None])
        if part.empty:
            sheet.message(texts()["quarantine"]["none"])
        sheet.finish()


def _headers(contracts: Mapping[str, Contract]) -> dict[tuple[str, str], str]:
    return {(dataset, field.name): field.header for dataset, contract in contracts.items() for field in contract.fields.values()}
