"""The caseworkers' workbook of one township: tasks to verify, identities to settle, what changed, what was not checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.reports.cases import Case, TaskFlag, TownshipList
from pipelines.reports.style import GRADE_FILLS, Book, Cell, Column, Head, Sheet, fitted, open_book
from pipelines.reports.texts import GRADES, label, result_codes, sentence, texts

TASKS, IDENTITIES, CHANGES, UNCHECKED, LISTS = "核查任务", "身份待核", "变化", "未核查", "代码"

TASK_COLUMNS = (
    Column("序号", 30, "centre"),
    Column("等级", 32, "centre"),
    Column("动态", 44, "centre"),
    Column("姓名", 56, "centre"),
    Column("户主", 56, "centre"),
    Column("出生年", 40, "centre"),
    Column("联系电话", 80, "centre"),
    Column("证件号码", 104, "centre"),
    Column("村（社区）", 62, "centre"),
    Column("疑似情形与政策依据", 208),
    Column("数据显示", 236),
    Column("办理期限", 72, "centre"),
    Column("核实结果", 76, "fill"),
    Column("核实日期", 72, "day"),
    Column("核实方式", 60, "fill"),
    Column("备注", 70, "note"),
    Column("任务编号", 80, hidden=True),
    Column("线索编号", 80, hidden=True),
)
_REASON, _SHOWS, _RESULT, _DAY, _WAY = 9, 10, 12, 13, 14
_CHANGE_COLUMNS = (Column("类别", 80, "centre"), Column("姓名", 90, "centre"), Column("村（社区）", 120, "centre"), Column("规则", 60, "centre"),
                   Column("疑似情形", 380), Column("原因", 400))  # fmt: skip
_UNCHECKED_COLUMNS = (Column("规则", 70, "centre"), Column("疑似情形", 400), Column("缺少的数据", 220), Column("未核查的原因", 440))
_MARKS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


def write_township(path: Path, township: TownshipList) -> Path:
    """Writes the workbook of one township to `path` and returns it.

    Sheets: tasks (one row a case, most urgent first), identities to settle, changes since the last night, rules not checked, and a hidden sheet
    with the choices and the list's own key, which `doudi results import` reads.
    """
    with open_book(path, title=_title(township, "tasks_title"), as_of=township.as_of) as book:
        _write_tasks(book, township, identity=False)
        _write_tasks(book, township, identity=True)
        _write_changes(book, township)
        _write_unchecked(book, township)
        _write_lists(book, township)
    return path


def _title(township: TownshipList, key: str) -> str:
    return sentence("township", key, place=township.county + (township.township or texts()["township"]["unknown_township"]))


def _head(township: TownshipList, key: str, *notes: str) -> Head:
    words = texts()["township"]
    title = _title(township, key)
    return Head(
        title,
        notes,
        page_left=title,
        page_right=words["doubt"],
        foot_left=words["confidential"],
        foot_right=f"{township.as_of} {township.policy}",
    )


def _write_tasks(book: Book, township: TownshipList, *, identity: bool) -> None:
    cases = sorted((part for case in township.cases if (part := case.part(identity=identity))), key=lambda case: case.order)
    counts = Counter(case.grade for case in cases)
    key = "identity_note" if identity else "tasks_note"
    note = sentence("township", key, as_of=township.as_of, cases=len(cases), **{grade: counts[grade] for grade in GRADES})
    legend = sentence("township", "legend", codes="，".join(code.text for code in result_codes() if not code.system))
    head = _head(township, "identity_title" if identity else "tasks_title", f"【{texts()['township']['doubt']}】{note}", legend)
    sheet = book.sheet(IDENTITIES if identity else TASKS, TASK_COLUMNS, head, freeze_columns=5)
    for number, case in enumerate(cases, 1):
        sheet.row(_task_row(number, case), fills={1: GRADE_FILLS.get(case.grade, "#FFFFFF")}, least_lines=3)
    if not cases:
        sheet.message(texts()["township"]["tasks_none"])
    else:
        _offer_choices(sheet, township.as_of)
    sheet.finish()
    sheet.page.protect("", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True})


def _task_row(number: int, case: Case) -> list[Cell]:
    more = texts()["township"]["more"]
    marks = _marks(len(case.flags))
    reasons = "\n".join(mark + _reason(flag) for mark, flag in zip(marks, case.flags, strict=True))
    shows = "\n".join(mark + told for mark, told in zip(marks, _shows(case), strict=True) if told)
    people = case.people
    return [
        number,
        label("grades", case.grade),
        _change(case),
        "\n".join(person.name for person in people),
        case.head,
        "\n".join(str(person.birth_year or "—") for person in people),
        "\n".join(dict.fromkeys(person.phone for person in people if person.phone)),
        "\n".join(person.id_number or "—" for person in people),
        case.village,
        fitted(reasons, TASK_COLUMNS[_REASON].pixels, more),
        fitted(shows, TASK_COLUMNS[_SHOWS].pixels, more),
        case.due.isoformat(),
        None,
        None,
        None,
        None,
        case.case_id,
        " ".join(flag.flag_id for flag in case.flags),
    ]


def _shows(case: Case) -> list[str]:
    """What the data shows for each flag; what an earlier flag of the case has told already is not repeated."""
    told: dict[str, None] = {}
    parts = []
    for flag in case.flags:
        new = [text for text in flag.shows if text not in told]
        told.update(dict.fromkeys(new))
        parts.append("\n".join(new) or (texts()["township"]["as_above"] if flag.shows else ""))
    return parts


def _marks(count: int) -> list[str]:
    if count == 1:
        return [""]
    return [_MARKS[index] if index < len(_MARKS) else f"({index + 1})" for index in range(count)]


def _reason(flag: TaskFlag) -> str:
    words = texts()["township"]
    extra = "".join(
        words[key]
        for key, holds in (("partial_inline", flag.partial), ("probable_inline", flag.link_basis == "probable"), ("unchecked_inline", flag.unchecked))
        if holds
    )
    return f"{flag.reason}〔{flag.rule}，依据{flag.clause}〕{extra}"


def _change(case: Case) -> str:
    """The most telling change among the case's flags: in the order of texts.yaml, nothing when all are simply still true."""
    kinds = {flag.change for flag in case.flags} | ({"suspended"} if any(flag.unchecked for flag in case.flags) else set())
    return next((entry["label"] for key, entry in texts()["changes"].items() if key in kinds), "持续")


def _offer_choices(sheet: Sheet, as_of: date) -> None:
    offered = sum(not code.system for code in result_codes())
    ways = len(texts()["ways_of_verifying"])
    first, last = sheet.first_row, sheet.last_row
    choices: Sequence[tuple[int, dict[str, Any]]] = (
        (
            _RESULT,
            {
                "validate": "list",
                "source": f"={LISTS}!$A$2:$A${offered + 1}",
                "input_title": "核实结果",
                "input_message": "请从列表中选择一个结果代码。",
                "error_title": "不是结果代码",
                "error_message": "请从下拉列表中选择。",
            },
        ),
        (
            _DAY,
            {
                "validate": "date",
                "criteria": ">=",
                "value": as_of,
                "input_title": "核实日期",
                "input_message": "例如 2020-08-05",
                "error_title": "不是日期",
                "error_message": f"请填写 {as_of} 或以后的日期，例如 2020-08-05。",
            },
        ),
        (_WAY, {"validate": "list", "source": f"={LISTS}!$C$2:$C${ways + 1}", "error_type": "warning"}),
    )
    for column, options in choices:
        sheet.page.data_validation(first, column, last, column, options)


def _write_changes(book: Book, township: TownshipList) -> None:
    kinds = texts()["changes"]
    order = list(kinds)
    if township.previous is None:
        note = texts()["township"]["changes_first"]
    elif not township.changes:
        note = sentence("township", "changes_none", previous=township.previous)
    else:
        counts = Counter(change.kind for change in township.changes)
        told = "、".join(f"{kinds[kind]['label']} {counts[kind]} 项" for kind in order if counts[kind])
        note = sentence("township", "changes_note", previous=township.previous, counts=told)
    sheet = book.sheet(CHANGES, _CHANGE_COLUMNS, _head(township, "changes_title", note), freeze_columns=2)
    for change in sorted(township.changes, key=lambda change: (order.index(change.kind), change.village, change.name, change.rule)):
        sheet.row([kinds[change.kind]["label"], change.name, change.village, change.rule, change.reason, change.why or kinds[change.kind]["why"]])
    sheet.finish()


def _write_unchecked(book: Book, township: TownshipList) -> None:
    note = texts()["township"]["unchecked_note" if township.unchecked else "unchecked_none"]
    sheet = book.sheet(UNCHECKED, _UNCHECKED_COLUMNS, _head(township, "unchecked_title", note))
    for entry in sorted(township.unchecked, key=lambda entry: entry.rule):
        sheet.row([entry.rule, entry.reason, entry.datasets, entry.why])
    sheet.finish()


def _write_lists(book: Book, township: TownshipList) -> None:
    """The choices, offered codes first, and the list's own key; hidden from readers."""
    page = book.workbook.add_worksheet(LISTS)
    codes = sorted(result_codes(), key=lambda code: (code.system, code.code))
    key = {"as_of": township.as_of.isoformat(), "county_code": township.county_code, "township": township.township, "policy": township.policy}
    for column, title, values in (
        (0, "核实结果", [code.text for code in codes]),
        (2, "核实方式", list(texts()["ways_of_verifying"])),
        (4, "键", list(key)),
        (5, "值", list(key.values())),
    ):
        for row, value in enumerate([title, *values]):
            page.write_string(row, column, value)
    page.protect()
    page.hide()
