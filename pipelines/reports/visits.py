"""`visit-list.xlsx`: whom townships visit (SV-01), and who cannot care for themselves, by support mode and county (三(一), 三(二))."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.policy import Policy
from pipelines.reports.cases import Person
from pipelines.reports.style import Book, Column, Head, open_book
from pipelines.reports.texts import policy_title, sentence, texts

VISITS, COUNTS = "探访名单", "不能自理统计"
HELPLESS = "不能自理"
GATHERED, SCATTERED = "03", "04"

_VISIT_COLUMNS = (
    Column("序号", 36, "centre"),
    Column("县（区）", 70, "centre"),
    Column("乡镇（街道）", 100, "centre"),
    Column("村（社区）", 90, "centre"),
    Column("姓名", 70, "centre"),
    Column("出生年", 50, "centre"),
    Column("联系电话", 90, "centre"),
    Column("证件号码", 120, "centre"),
    Column("数据显示", 260),
    Column("探访日期", 90, "day"),
    Column("探访人", 80, "fill"),
    Column("生活照料情况", 160, "note"),
)


@dataclass(frozen=True)
class Visit:
    """Someone to visit: the ID number masked, `shows` what the data shows."""

    county_code: str
    township: str
    village: str
    person: Person
    shows: str


@dataclass(frozen=True)
class CareCount:
    """Persons with an active tekun row in a county, by support mode (03 gathered, 04 scattered) and self-care (empty: not given)."""

    county_code: str
    support_mode: str
    self_care: str
    persons: int


def write_visits(path: Path, visits: Iterable[Visit], care: Sequence[CareCount], *, covered: Collection[str], policy: Policy, as_of: date) -> Path:
    """Writes the visit list to `path` and returns it. `covered` are the counties that have a tekun snapshot; the others are not counted as zero."""
    with open_book(path, title=texts()["visits"]["title"], as_of=as_of) as book:
        _write_visits(book, sorted(visits, key=_order), policy, as_of)
        _write_counts(book, care, covered, policy, as_of)
    return path


def _order(visit: Visit) -> tuple[str, str, str, str, str]:
    return (visit.county_code, visit.township, visit.village, visit.person.name, visit.person.id_number)


def _head(key: str, policy: Policy, as_of: date, **values: object) -> Head:
    words = texts()["visits"]
    title = words[f"{key}title"]
    note = sentence("visits", f"{key}note", as_of=as_of, **values)
    return Head(title, (note,), page_left=title, foot_left=texts()["township"]["confidential"], foot_right=f"{as_of} {policy_title(policy)}")


def _write_visits(book: Book, visits: Sequence[Visit], policy: Policy, as_of: date) -> None:
    sheet = book.sheet(VISITS, _VISIT_COLUMNS, _head("", policy, as_of, count=len(visits)), freeze_columns=5)
    for number, visit in enumerate(visits, 1):
        person = visit.person
        county = policy.region.counties.get(visit.county_code, visit.county_code)
        place = [county, visit.township, visit.village]
        who = [person.name, str(person.birth_year or "—"), person.phone, person.id_number]
        sheet.row([number, *place, *who, visit.shows, None, None, None], least_lines=2)
    if not visits:
        sheet.message(texts()["township"]["tasks_none"])
    sheet.finish()


def _write_counts(book: Book, care: Sequence[CareCount], covered: Collection[str], policy: Policy, as_of: date) -> None:
    """Counties in the policy's order, then any other and the total."""
    columns = (
        Column("县（区）", 150),
        Column("集中供养 不能自理", 150, "number"),
        Column("集中供养 总数", 150, "number"),
        Column("分散供养 不能自理", 150, "number"),
        Column("分散供养 总数", 150, "number"),
        Column("不能自理 合计", 150, "number"),
        Column("在册 合计", 150, "number"),
    )
    sheet = book.sheet(COUNTS, columns, _head("counts_", policy, as_of))
    counts: Counter[tuple[str, str, bool]] = Counter()
    for row in care:
        counts[row.county_code, row.support_mode, row.self_care == HELPLESS] += row.persons
    codes = [*policy.region.counties, *sorted({row.county_code for row in care} - set(policy.region.counties))]
    total = [0] * 6
    for code in codes:
        helpless = [counts[code, mode, True] for mode in (GATHERED, SCATTERED)]
        every = [helpless[place] + counts[code, mode, False] for place, mode in enumerate((GATHERED, SCATTERED))]
        numbers = [helpless[0], every[0], helpless[1], every[1], sum(helpless), sum(every)]
        name = policy.region.counties.get(code, code)
        if code not in covered and not sum(numbers):
            sheet.row([name, *[texts()["visits"]["no_data"]] * len(numbers)])
            continue
        total = [before + number for before, number in zip(total, numbers, strict=True)]
        sheet.row([name, *numbers])
    sheet.row(["合计", *total])
    sheet.finish(filtered=False)
