"""Somebody's records in a night that all situations of the linking tests share, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipelines.identity.numbers import number_of
from pipelines.identity.records import Records
from tests.identity.test_records import REGION_COUNTIES

PLACE = ["县(区)代码", "乡镇(街道)", "村(社区)", "联系电话"]
INCOME = ["城乡类别", "家庭人口数", "家庭月人均收入", "财产状况符合规定", "认定日期"]
HEADERS = {
    "dibao": ["家庭编号", "姓名", "身份证号", "救助类型", "起始保障年月", *PLACE, "出生日期", "性别"],
    "low_income": ["家庭编号", "姓名", "身份证号", *INCOME, *PLACE],
    "social_insurance": ["姓名", "证件号码", "险种", "参保状态", "县(区)代码"],
    "migrant_workers": ["姓名", "证件号码", "户口性质", "返岗状态", "县(区)代码"],
}
PHONE = "13900000001"


@dataclass
class Situation:
    """Somebody's records in a county of their own, and what became of them in the night as it is (`asked`) and with decisions (`decided`)."""

    order: int
    rows: dict[str, list[list[str]]] = field(default_factory=lambda: {dataset: [] for dataset in HEADERS})
    decisions: list[dict[str, Any]] = field(default_factory=list)
    first_line: dict[str, int] = field(default_factory=dict)
    nights: list[Linked] = field(default_factory=list)

    @property
    def county(self) -> str:
        return REGION_COUNTIES[self.order]

    def person(self, day: str = "0101", sequence: int = 123) -> int:
        """The 17 digits of somebody born on a day of the situation's year."""
        return int(f"640199{1940 + 2 * self.order}{day}{sequence:03}")

    def dibao(self, name: str, cell: str, family: str = "F1", **values: str) -> None:
        place = {"county": self.county, "town": "甲镇", "village": "一村", "phone": "", "born": "", "sex": ""} | values
        self.rows["dibao"].append([family, name, cell, "02", "202001", *place.values()])

    def low(self, name: str, person: int, family: str = "L1", **values: str) -> None:
        place = {"county": self.county, "town": "甲镇", "village": "一村", "phone": ""} | values
        cell = number_of(person) if person else ""
        self.rows["low_income"].append([family, name, cell, "农村", "3", "500", "是", "2020-01-01", *place.values()])

    def insured(self, name: str, cell: str) -> None:
        self.rows["social_insurance"].append([name, cell, "170", "参保缴费", self.county])

    def migrant(self, name: str, cell: str) -> None:
        self.rows["migrant_workers"].append([name, cell, "农业", "未返岗", self.county])

    def decide(self, person: int, decision: str, name: str = "马小军", family: str = "F1") -> None:
        said = {"dataset": "dibao", "natural_key": "\x1f".join((self.county, family, name)), "other_dataset": None, "other_key": None}
        self.decisions.append({**said, "person": person, "decision": decision})

    @property
    def asked(self) -> Outcome:
        return Outcome(self, self.nights[0])

    @property
    def decided(self) -> Outcome:
        return Outcome(self, self.nights[1])


@dataclass
class Linked:
    """A linked night: its records, and the rows of its files."""

    records: Records
    links: list[dict[str, Any]]
    queue: list[dict[str, Any]]


@dataclass
class Outcome:
    """What a linked night says of one situation."""

    situation: Situation
    night: Linked

    def lines(self, dataset: str) -> list[str]:
        first = self.situation.first_line[dataset]
        return [str(first + place) for place in range(len(self.situation.rows[dataset]))]

    def who(self, dataset: str = "dibao") -> list[tuple[int, str]]:
        """Per record, in order: the person and the basis of the link."""
        lines, rows = self.lines(dataset), self.night.records[dataset]
        found = self.night.records.engine.arrow(rows.filter(rows.line.isin(lines)).order_by("line_no").select("person", "link_basis")).to_pylist()
        return [(row["person"], row["link_basis"]) for row in found]

    def links(self, dataset: str = "dibao") -> list[dict[str, Any]]:
        return [row for row in self.night.links if row["dataset"] == dataset and row["line"] in self.lines(dataset)]

    def queue(self, dataset: str = "dibao") -> list[dict[str, Any]]:
        return [row for row in self.night.queue if row["dataset"] == dataset and row["line"] in self.lines(dataset)]

    def doubted(self, dataset: str) -> set[int]:
        """Persons of the situation whose absence from a dataset is in doubt."""
        everybody = {person for name in HEADERS if self.situation.rows[name] for person, _ in self.who(name)}
        return everybody & {row["person"] for row in self.night.records.engine.arrow(self.night.records.queued(dataset)).to_pylist()}
