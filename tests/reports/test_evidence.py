"""Evidence in the words of contracts and policy, never an unmasked number."""

import pytest

from pipelines.reports.evidence import EvidenceCell, Wording
from tests.reports.factory import contracts, policy

WORDS = Wording(contracts(), policy())


@pytest.mark.parametrize(
    ("dataset", "field", "value", "told"),
    [
        ("dibao", "scheme", "02", "农村低保"),
        ("dibao", "household_amount", "45500", "455.00 元"),
        ("dibao", "start_month", "202007", "2020-07"),
        ("dibao", "end_month", "999912", "长期"),
        ("dibao", "is_covered", "true", "是"),
        ("low_income", "recognised_on", "20200715", "2020-07-15"),
        ("migrant_workers", "work_county", "640323", "盐池县"),
        ("dibao", "id_number", "640199196203041234", "640***********1234"),
        ("poverty_register", "document_number", "64019919620304123411", "640***********123411"),
        ("disability_certificates", "certificate_number", "64019919620304123411", "640***********123411"),
        ("dibao", "phone", "13800001234", "138****1234"),
        ("dibao", "status", "", "空"),
    ],
)
def test_values_are_written_as_people_write_them(dataset: str, field: str, value: str, told: str) -> None:
    assert WORDS.value(dataset, field, value) == told


def cell(dataset: str, field: str, value: str, shows: str, **more: str) -> EvidenceCell:
    given = {"snapshot": "2020-07-15", "file": "a.csv", "line": "7", **more}
    return EvidenceCell(dataset, field=field, value=value, shows=shows, **given)


def test_a_source_is_one_sentence_and_absences_of_one_kind_are_told_together() -> None:
    told = WORDS.sentences(
        [
            cell("low_income", "per_capita_income", "45500", "income"),
            cell("low_income", "household_size", "3", "household_size"),
            cell("dibao", "", "", "not_on_roster", line="", file=""),
            cell("tekun", "", "", "not_on_roster", line="", file=""),
            cell("policy", "standard", "380.00", "standard", line="一(一)"),
        ],
        named=False,
    )
    assert told == (
        "低收入家庭（2020-07-15）家庭月人均收入 455.00 元，家庭人口数 3",
        "低保对象、特困供养人员：名册中没有此人",
        "当地低保月标准 380.00",
    )


def test_names_stand_before_what_is_only_theirs() -> None:
    cells = [cell("poverty_register", "labour", "无劳动力", "labour", person="t1", name="马明")]
    assert WORDS.sentences(cells, named=True) == ("马明：建档立卡（2020-07-15）劳动能力 无劳动力",)
    assert WORDS.sentences(cells, named=False) == ("建档立卡（2020-07-15）劳动能力 无劳动力",)


def test_several_values_of_one_kind_stand_with_their_headers() -> None:
    told = WORDS.sentences([cell("dibao", "start_month", "201901", "cover"), cell("dibao", "status", "在保", "cover")], named=False)
    assert told == ("低保对象（2020-07-15）保障情况（起始保障年月 2019-01、保障状态 在保）",)


def test_people_of_whom_the_same_is_said_are_told_together() -> None:
    cells = [cell("poverty_register", "labour", "无劳动力", "labour", name=name) for name in ("马明", "李花")]
    assert WORDS.sentences(cells, named=True) == ("马明、李花：建档立卡（2020-07-15）劳动能力 无劳动力",)


def test_what_only_derives_the_flag_again_stays_in_the_ledger() -> None:
    cells = [cell("policy", "low_income.edge", "1.5", "edge"), cell("low_income", "per_capita_income", "45500", "income")]
    assert WORDS.sentences(cells, named=False) == ("低收入家庭（2020-07-15）家庭月人均收入 455.00 元",)


def test_a_value_derived_from_others_is_written_like_the_field_of_its_name() -> None:
    assert WORDS.header("medical_enrolment", "death_date") == "死亡日期"
    assert WORDS.value("medical_enrolment", "death_date", "20200113") == "2020-01-13"
