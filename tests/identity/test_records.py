"""Records and links of a night: whose each row in force is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from stdnum.iso7064 import mod_11_2

from pipelines.engine import Engine, open_engine
from pipelines.errors import StageError
from pipelines.extracts.conform import Conformed, conform
from pipelines.extracts.coverage import Coverage
from pipelines.extracts.in_force import InForce, InForceFile
from pipelines.identity.identify import identify
from pipelines.identity.links import link
from pipelines.identity.records import Records, open_records
from pipelines.workspace import date_number
from tests.extracts.landing_factory import CONTRACTS, REGION, Cells, Inbox, csv_text

REGION_COUNTIES = tuple(REGION.counties)
DIBAO = ["家庭编号", "姓名", "身份证号", "救助类型", "起始保障年月", "县(区)代码"]
TEKUN = ["特困编号", "姓名", "身份证号", "城乡类别", "供养方式", "起始供养年月", "状态", "县(区)代码"]


def number(sequence: int) -> str:
    body = f"64019919800101{sequence:03}"
    return body + mod_11_2.calc_check_digit(body)


A, B, C = number(1), number(3), number(5)


@dataclass
class Night:
    """Deliveries conformed into a night's files in force; by default every row of a file counts."""

    engine: Engine
    root: Path
    files: dict[str, list[InForceFile]] = field(default_factory=dict)

    def deliver(self, dataset: str, name: str, cells: Cells, counties: Sequence[str] = REGION_COUNTIES, outside: bool = True) -> None:
        inbox = Inbox(self.root / name, dataset)
        done: Conformed = conform(self.engine, inbox.workspace, CONTRACTS[dataset], inbox.land_one(name, csv_text(cells)), REGION, identify)
        assert done.status == "conformed", done.error
        file = InForceFile(dataset, done.file, date_number(done.snapshot), done.path, done.quarantine_path, tuple(counties), outside)
        self.files.setdefault(dataset, []).append(file)

    def records(self) -> Records:
        in_force = InForce({name: self.files[name] for name in CONTRACTS if name in self.files}, Coverage([]), REGION_COUNTIES)
        return open_records(self.engine, in_force, link(self.engine, in_force, CONTRACTS, self.root / "links.parquet"))


@pytest.fixture(scope="module")
def engine():
    opened = open_engine()
    yield opened
    opened.close()


@pytest.fixture
def night(engine, tmp_path):
    return Night(engine, tmp_path)


def dibao(name: str, cell: str, family: str = "F1", county: str = "640323", scheme: str = "02") -> list[str]:
    return [family, name, cell, scheme, "202001", county]


def tekun(name: str, cell: str, person: str = "T1", county: str = "640323") -> list[str]:
    return [person, name, cell, "农村", "分散供养", "202001", "在册", county]


def people(night: Night, records: Records, dataset: str) -> list[Mapping[str, Any]]:
    return night.engine.arrow(records[dataset].order_by("file", "line_no").select("line", "person", "link_basis")).to_pylist()


def test_a_valid_number_is_the_person_in_every_dataset(night) -> None:
    night.deliver("dibao", "dibao_20200731.csv", [DIBAO, dibao("马明", A), dibao("马小", B)])
    night.deliver("tekun", "tekun_20200731.csv", [TEKUN, tekun("马明", f"'{A}")])
    records = night.records()
    assert people(night, records, "dibao") == [
        {"line": "2", "person": int(A[:17]), "link_basis": "id"},
        {"line": "3", "person": int(B[:17]), "link_basis": "id"},
    ]
    assert people(night, records, "tekun") == [{"line": "2", "person": int(A[:17]), "link_basis": "id"}]


def test_a_record_without_a_valid_number_is_a_person_of_its_own_by_natural_key(night) -> None:
    """The same household, county and name is the same person; another name, household or dataset is another."""
    cells = [dibao("马明", ""), dibao("马明", A[:17] + "*"), dibao("马小", ""), dibao("马明", "", family="F2"), dibao("马明", A)]
    night.deliver("dibao", "dibao_20200731.csv", [DIBAO, *cells])
    night.deliver("tekun", "tekun_20200731.csv", [TEKUN, tekun("马明", "")])
    records = night.records()
    found = people(night, records, "dibao")
    persons = [one["person"] for one in found]
    assert persons[0] == persons[1]
    assert len(set(persons)) == 4
    assert all(person < 0 for person in persons[:4])
    assert [one["link_basis"] for one in found] == ["none"] * 4 + ["id"]
    assert people(night, records, "tekun")[0]["person"] not in persons


def test_links_are_the_same_whatever_the_order_of_the_files(night, tmp_path, engine) -> None:
    files = {"dibao_640323_20200731.csv": [DIBAO, dibao("马明", "")], "dibao_640324_20200731.csv": [DIBAO, dibao("马小", "", county="640324")]}
    other = Night(engine, tmp_path / "other")
    for name, cells in files.items():
        night.deliver("dibao", name, cells)
    for name, cells in reversed(files.items()):
        other.deliver("dibao", name, cells)
    night.records()
    other.records()
    assert (night.root / "links.parquet").read_bytes() == (other.root / "links.parquet").read_bytes()


def test_a_night_of_valid_numbers_has_no_links_to_write(night) -> None:
    night.deliver("dibao", "dibao_20200731.csv", [DIBAO, dibao("马明", A)])
    assert len(people(night, night.records(), "dibao")) == 1


def test_rows_count_for_the_counties_that_their_file_is_in_force_for(night) -> None:
    cells = [dibao("马明", A), dibao("马小", B, county="640324"), dibao("马外", C, county="610102")]
    night.deliver("dibao", "dibao_20200731.csv", [DIBAO, *cells], counties=["640324"])
    assert [one["line"] for one in people(night, night.records(), "dibao")] == ["3", "4"]


def test_rows_outside_the_region_count_from_one_file(night) -> None:
    cells = [dibao("马小", B, county="640324"), dibao("马外", C, county="610102")]
    night.deliver("dibao", "dibao_20200731.csv", [DIBAO, *cells], outside=False)
    assert [one["line"] for one in people(night, night.records(), "dibao")] == ["2"]


def test_a_dataset_that_the_night_lacks_is_not_there(night) -> None:
    night.deliver("dibao", "dibao_20200731.csv", [DIBAO, dibao("马明", A)])
    records = night.records()
    assert ("dibao" in records, "tekun" in records) == (True, False)
    with pytest.raises(StageError, match="no snapshot of tekun"):
        records["tekun"]
    assert night.engine.arrow(records.quarantined("tekun")).num_rows == 0


def test_quarantined_rows_count_against_the_absence_of_their_persons(night) -> None:
    """Those of the counties that the file is in force for, and those of no readable county."""
    faulty = [dibao("马明", A, scheme=""), dibao("马小", B, county="640324", scheme=""), dibao("马大", C, county="宁东")]
    faulty.append(dibao("马四", "", scheme=""))
    good = [dibao("马好", number(11 + 2 * place), family=f"G{place}") for place in range(40)]
    night.deliver("dibao", "dibao_20200731.csv", [DIBAO, *faulty, *good], counties=["640323"], outside=False)
    found = night.engine.arrow(night.records().quarantined("dibao"))["person"].to_pylist()
    assert sorted(found) == sorted([int(A[:17]), int(C[:17])])


def test_nobody_waits_in_the_review_queue_yet(night) -> None:
    night.deliver("dibao", "dibao_20200731.csv", [DIBAO, dibao("马明", A)])
    assert night.engine.arrow(night.records().queued("dibao")).num_rows == 0


def test_subjects_name_people_by_number_or_first_record(night) -> None:
    night.deliver("dibao", "dibao_20200731.csv", [DIBAO, dibao("马明", ""), dibao("马明", ""), dibao("马小", A)])
    night.deliver("tekun", "tekun_20200731.csv", [TEKUN, tekun("马小", A), tekun("马大", B, person="T2")])
    records = night.records()
    everybody = records["dibao"].select("person").union(records["tekun"].select("person"))
    found = night.engine.arrow(records.subjects(everybody).order_by("subject")).to_pylist()
    assert [(one["subject"], one["id_number"], one["dataset"], one["natural_key"]) for one in found] == [
        (f"person:{A}", A, None, None),
        (f"person:{B}", B, None, None),
        ("record:dibao:dibao_20200731.csv:2", None, "dibao", "640323\x1fF1\x1f马明"),
    ]
    some = night.engine.arrow(records.subjects(records["tekun"].select("person")))
    assert sorted(some["id_number"].to_pylist()) == [A, B]
