"""`mismatches/<check>.xlsx` for auditors: one row a mismatch, both sides' values next to each other with their sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pipelines.reports.mismatch_figures import CheckFigures, Part
from pipelines.reports.style import GRADE_FILLS, Book, Cell, Column, Head, fitted, open_book
from pipelines.reports.texts import label, sentence, texts

SUMMARY, DETAIL = "汇总", "明细"
ROWS_A_SHEET = 500_000
_LARGE = 20_000  # rows from which a workbook is streamed

_DETAIL_COLUMNS = (
    Column("序号", 44, "centre"),
    Column("县（区）", 62, "centre"),
    Column("姓名", 60, "centre"),
    Column("证件号码", 112, "centre"),
    Column("等级", 32, "centre"),
    Column("状态", 56, "centre"),
    Column("首次发现", 70, "centre"),
    Column("甲方来源", 190),
    Column("甲方内容", 176),
    Column("乙方来源", 190),
    Column("乙方内容", 176),
    Column("核查情况", 90, "note"),
    Column("疑点编号", 60, hidden=True),
)
_GRADE = 4


class SideCell(NamedTuple):
    """One cell of a side: where it stands and what stands there, in words and masked."""

    source: str
    content: str


class MismatchRow(NamedTuple):
    """One mismatch as auditors read it. `name` and `id_number` of the person it is about, masked; empty for a pair or a grant."""

    mismatch_id: str
    county: str
    name: str
    id_number: str
    grade: str
    state: str
    first_seen: date | None
    side_a: tuple[SideCell, ...]
    side_b: tuple[SideCell, ...]


def write_check(
    path: Path, figures: CheckFigures, counties: Sequence[tuple[str, Part]], rows: Iterable[MismatchRow], *, as_of: date, policy: str
) -> Path:
    """Writes one check's workbook to `path` and returns it: figures by county over what was checked, then every mismatch in the order given."""
    with open_book(path, title=f"{figures.check} {figures.name}", as_of=as_of, constant_memory=figures.found > _LARGE) as book:
        title = sentence("mismatches", "title", check=figures.check, name=figures.name)
        foot = f"{as_of} {policy}"
        _write_summary(book, figures, counties, title, foot, as_of)
        _write_detail(book, rows, title, foot)
    return path


def _write_summary(book: Book, figures: CheckFigures, counties: Sequence[tuple[str, Part]], title: str, foot: str, as_of: date) -> None:
    words = texts()["mismatches"]
    numbers = {"found": figures.found, "identity": figures.identity, "checked": figures.checked}
    note = sentence("mismatches", "summary_note", finds=figures.finds, clause=figures.clause, as_of=as_of, **numbers)
    columns = (Column("县（区）", 200), Column("疑点", 120, "number"), Column("核查数", 120, "number"), Column("每万条", 120, "centre"))
    sheet = book.sheet(SUMMARY, columns, Head(title, (note,), title, texts()["township"]["doubt"], words["foot"], foot))
    for county, part in counties:
        rate = f"{10000 * part.found / part.checked:,.1f}" if part.checked else "—"
        sheet.row([county, part.found, words["unchecked"] if part.unchecked else part.checked, words["unchecked"] if part.unchecked else rate])
    total = f"{10000 * figures.found / figures.checked:,.1f}" if figures.checked else "—"
    sheet.row(["合计", figures.found, figures.checked, total])
    sheet.finish(filtered=False)


def _write_detail(book: Book, rows: Iterable[MismatchRow], title: str, foot: str) -> None:
    words = texts()["mismatches"]
    head = Head(title, (words["detail_note"],), title, texts()["township"]["doubt"], words["foot"], foot)
    remaining = iter(rows)
    number = done = 0
    while True:
        part = list(islice(remaining, ROWS_A_SHEET))
        if number and not part:
            return
        number += 1
        sheet = book.sheet(DETAIL + (str(number) if number > 1 else ""), _DETAIL_COLUMNS, head, freeze_columns=4)
        for row in part:
            done += 1
            fill = GRADE_FILLS.get(row.grade)
            sheet.row(_cells(done, row), fills={_GRADE: fill} if fill else None)
        if not part:
            sheet.message(words["none"])
        sheet.finish()


def _cells(number: int, row: MismatchRow) -> list[Cell]:
    return [
        number,
        row.county,
        row.name,
        row.id_number,
        label("grades", row.grade),
        label("states", row.state),
        row.first_seen.isoformat() if row.first_seen else None,
        *_side(row.side_a),
        *_side(row.side_b),
        None,
        row.mismatch_id,
    ]


def _side(cells: tuple[SideCell, ...]) -> tuple[str, str]:
    """Sources and contents of a side, line by line; a source is named once for the cells that share it."""
    more = texts()["township"]["more"]
    sources: dict[str, list[str]] = {}
    for cell in cells:
        sources.setdefault(cell.source, []).append(cell.content)
    if len(sources) == 1:
        return next(iter(sources)), fitted("\n".join(next(iter(sources.values()))), _DETAIL_COLUMNS[8].pixels, more)
    marks = [f"[{index}] " for index in range(1, len(sources) + 1)]
    left = "\n".join(mark + source for mark, source in zip(marks, sources, strict=True))
    right = "\n".join(mark + "；".join(contents) for mark, contents in zip(marks, sources.values(), strict=True))
    return fitted(left, _DETAIL_COLUMNS[7].pixels, more), fitted(right, _DETAIL_COLUMNS[8].pixels, more)
