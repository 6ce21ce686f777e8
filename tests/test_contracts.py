"""The contracts say what extracts.md says, and a department's new header, code or dataset is a change of YAML only."""

from __future__ import annotations

import importlib.resources
import json
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml

from pipelines.contracts import ContractError, DatabaseSource, header_key, load_contracts
from pipelines.dictionary import DICTIONARY, dictionary
from pipelines.workspace import PROJECT

SCHEMAS = PROJECT / "schemas"
CONTRACTS = load_contracts(SCHEMAS)
DATASETS = [
    *("dibao", "tekun", "low_income", "temporary_assistance", "unemployment_insurance", "unemployment_benefit", "unemployment_registration"),
    *("migrant_workers", "social_insurance", "pension_benefit", "disability_certificates", "poverty_register", "medical_enrolment"),
    *("medical_settlements", "serious_illness", "county_funding"),
]
REQUIRED = {
    "dibao": "family_id name scheme start_month",
    "tekun": "name category support_mode start_month status",
    "low_income": "family_id name category household_size per_capita_income property_compliant recognised_on",
    "temporary_assistance": "grant_id name assistance_type persons amount granted_on",
    "unemployment_insurance": "name status",
    "unemployment_benefit": "name benefit_type start_month end_month status",
    "unemployment_registration": "name registered_on status",
    "migrant_workers": "name hukou_type work_status",
    "social_insurance": "name scheme status",
    "pension_benefit": "name scheme monthly_amount survival_status",
    "disability_certificates": "name certificate_number category level status",
    "poverty_register": "year household_no person_no name poverty_status",
    "medical_enrolment": "name insurance_type status",
    "medical_settlements": "settlement_id name care_type settled_on total_cost in_scope_cost fund_paid self_paid valid refunded",
    "serious_illness": "name disease_name recognised_on",
}


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SCHEMAS, tmp_path / "schemas"))


def test_datasets_come_in_the_order_of_the_specification() -> None:
    assert list(CONTRACTS) == DATASETS


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.odcs.yaml")), ids=lambda path: path.name)
def test_every_contract_fits_the_published_schema_of_the_standard(path: Path) -> None:
    schema = json.loads(importlib.resources.files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft201909Validator(schema).validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("dataset", REQUIRED)
def test_required_columns(dataset: str) -> None:
    required = {name for name, field in CONTRACTS[dataset].fields.items() if field.required}
    assert required == {*REQUIRED[dataset].split(), "county_code"}


@pytest.mark.parametrize(
    ("dataset", "header", "field"),
    [
        ("dibao", "低保证号", "family_id"),
        ("dibao", "证件号码", "id_number"),
        ("dibao", "户月保障金（元）", "household_amount"),
        ("low_income", "户编号", "family_id"),
        ("tekun", "起始年月", "start_month"),
        ("tekun", "截止保障年月", "end_month"),
        ("unemployment_insurance", "参保地", "county_code"),
        ("unemployment_insurance", "社会保障号码", "id_number"),
        ("unemployment_registration", "务工县区", "work_county"),
        ("migrant_workers", "经常居住地", "county_code"),
        ("pension_benefit", "月待遇金额", "monthly_amount"),
        ("poverty_register", "易返贫致贫户（监测对象）类型", "monitor_type"),
        ("poverty_register", "身份证号码", "document_number"),
        ("medical_settlements", "疾病编码", "disease_code"),
        ("serious_illness", "县(市、区、旗)", "county_code"),
        ("serious_illness", "recognised_on", "recognised_on"),
        ("county_funding", "本级安排资金(万元)", "arranged_funds"),
    ],
)
def test_headers_and_aliases(dataset: str, header: str, field: str) -> None:
    fields = CONTRACTS[dataset].fields.values()
    assert [each.name for each in fields if header_key(header) in map(header_key, each.headers)] == [field]


@pytest.mark.parametrize(
    ("dataset", "field", "spelling", "code"),
    [
        ("dibao", "scheme", "城市低保", "01"),
        ("dibao", "subtype", "残疾人单列户施保", "重残单人户"),
        ("tekun", "self_care", "半护理", "部分自理"),
        ("temporary_assistance", "assistance_type", "因学支出型", "支出型"),
        ("temporary_assistance", "assistance_type", "因灾急难型", "急难型"),
        ("social_insurance", "status", "暂停缴费", "2"),
        ("disability_certificates", "level", "04", "4"),
        ("disability_certificates", "level", "三级", "3"),
        ("disability_certificates", "category", "多重", "7"),
        ("poverty_register", "tekun_claim", "不享受", "未享受"),
        ("medical_enrolment", "status", "终止", "4"),
        ("serious_illness", "sex", "女", "2"),
    ],
)
def test_codes(dataset: str, field: str, spelling: str, code: str) -> None:
    assert CONTRACTS[dataset].fields[field].spellings[spelling] == code


def test_freshness_and_what_an_empty_county_means() -> None:
    slow = {name for name, contract in CONTRACTS.items() if contract.fresh_days == 120}
    assert slow == {"disability_certificates", "poverty_register", "serious_illness"}
    assert {contract.fresh_days for contract in CONTRACTS.values()} == {45, 120}
    assert [name for name, contract in CONTRACTS.items() if contract.empty_county_uncovered] == ["dibao"]


def test_identifying_and_sensitive_fields_are_personal() -> None:
    for contract in CONTRACTS.values():
        for field in contract.fields.values():
            if field.type in ("name", "id") or field.name in ("phone", "birth_date", "disease_name", "health", "level"):
                assert field.personal, f"{contract.dataset}.{field.name}"


def test_a_new_alias_and_a_new_code_are_one_line_of_yaml_each(schemas: Path) -> None:
    path = schemas / "dibao.odcs.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("          - synonym: 低保证号\n", "          - synonym: 低保证号\n          - synonym: 救助证号\n")
    text = text.replace('          - {value: "停保"}\n', '          - {value: "停保"}\n          - {value: "缓停"}\n')
    path.write_text(text, encoding="utf-8")
    contract = load_contracts(schemas)["dibao"]
    assert "救助证号" in contract.fields["family_id"].headers
    assert "缓停" in contract.fields["status"].spellings
    assert contract.digest != CONTRACTS["dibao"].digest


def test_a_new_dataset_is_a_new_file(schemas: Path) -> None:
    text = (schemas / "serious_illness.odcs.yaml").read_text(encoding="utf-8")
    text = text.replace("name: serious_illness", "name: rare_disease").replace("property: order, value: 15", "property: order, value: 17")
    (schemas / "rare_disease.odcs.yaml").write_text(text, encoding="utf-8")
    assert list(load_contracts(schemas)) == [*DATASETS, "rare_disease"]


def test_a_contract_can_name_the_database_that_the_dataset_is_pulled_from(schemas: Path) -> None:
    path = schemas / "tekun.odcs.yaml"
    server = (
        "servers:\n  - server: register\n    type: custom\n    customProperties:\n"
        "      - {property: connection, value: civil_affairs}\n      - {property: query, value: select * from tekun}\n"
    )
    path.write_text(server + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_contracts(schemas)["tekun"].source == DatabaseSource("civil_affairs", "select * from tekun")
    assert CONTRACTS["tekun"].source is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("synonyms:", "synonims:", "misspelt"),
        ("physicalType: money", "physicalType: cash", "must be one of"),
        ("value: id_number", "value: id_card", "no field of dibao"),
        ("- synonym: 低保证号", "- synonym: 姓名", "means both"),
        ("kind: DataContract", "kind: [", "not a contract of the Open Data Contract Standard"),
        ("{property: dueDay, value: 5", "{property: dueDate, value: 5", "lacks something"),
        ("include, value: [county", "include, value: [land", "does not have"),
        ("frequency, value: monthly", "frequency, value: weekly", "monthly or quarterly"),
    ],
)
def test_a_wrong_contract_is_named_with_what_is_wrong(schemas: Path, old: str, new: str, says: str) -> None:
    path = schemas / "dibao.odcs.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ContractError, match=says) as raised:
        load_contracts(schemas)
    assert "dibao.odcs.yaml" in str(raised.value)


def test_a_folder_without_contracts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no data contract"):
        load_contracts(tmp_path)


def test_the_data_dictionary_is_what_the_contracts_give() -> None:
    fresh = dictionary(CONTRACTS.values())
    assert DICTIONARY.read_text(encoding="utf-8") == fresh, "the data dictionary is stale: run python -m pipelines.dictionary"
