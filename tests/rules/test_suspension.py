"""Where rules are not checked, how doubt shows, and what a night of flags writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from nights import AS_OF, COUNTY, Night, everywhere, facts, number, policy

from pipelines.rules.evaluate import evaluate
from pipelines.rules.suspension import suspensions

A, B, C = number(10), number(20), number(30)
EDGE: dict[str, Any] = {
    "family_id": "F1", "category": "农村", "household_size": 1, "per_capita_income": 40000, "employment_cost": 0, "property_compliant": True,
    "recognised_on": 20200101,
}  # fmt: skip
POOR = {**EDGE, "per_capita_income": 10000}
SEVERE: dict[str, Any] = {"certificate_number": "无", "category": "4", "level": "1", "status": "有效"}
DIBAO: dict[str, Any] = {"is_covered": True, "scheme": "02", "start_month": 202001, "status": "在保"}
WORKER: dict[str, Any] = {"hukou_type": "农业", "work_status": "未返岗"}
OTHERS = [county for county in policy().region.counties if county != COUNTY]


def unmet(night: Night, rule: str, **other: dict[str, int | None]) -> set[tuple[str, str, str]]:
    found = suspensions(policy(), everywhere(night, **other), AS_OF, [rule])
    return {(item.county_code, item.dataset, item.reason) for item in found}


def written(folder: Path, night: Night, **other: dict[str, int | None]) -> dict[str, list[dict[str, Any]]]:
    evaluate(facts(night), everywhere(night, **other), folder)
    return {path.stem: pq.read_table(path).to_pylist() for path in folder.glob("*.parquet")}


def full(**datasets: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    names = ("dibao", "tekun", "temporary_assistance", "social_insurance", "unemployment_insurance", "unemployment_benefit", "migrant_workers")
    return {name: datasets.get(name, []) for name in (*names, *datasets)}


def test_absence_asks_for_fresh_data_of_the_county_and_presence_for_any() -> None:
    night = Night(dibao=[], tekun=[], low_income=[], disability_certificates=[])
    assert unmet(night, "MC-01") == set()
    assert unmet(night, "MC-01", dibao={COUNTY: 20200616}, low_income={COUNTY: 20190101}) == set()
    assert unmet(night, "MC-01", dibao={COUNTY: 20200615}) == {(COUNTY, "dibao", "not_proven")}
    assert unmet(night, "MC-01", tekun={COUNTY: None}) == {(COUNTY, "tekun", "not_proven")}
    assert unmet(night, "MC-01", low_income={COUNTY: None}) == {(COUNTY, "low_income", "missing")}


def test_one_of_a_group_is_enough() -> None:
    night = Night(dibao=[], tekun=[], medical_settlements=[], serious_illness=[], low_income=[], poverty_register=[])
    assert unmet(night, "MC-07", low_income={COUNTY: None}) == set()
    assert unmet(night, "MC-07", low_income={COUNTY: None}, poverty_register={COUNTY: None}) == {(COUNTY, "low_income;poverty_register", "missing")}


def test_social_security_must_be_dated_on_or_after_the_windows_last_day() -> None:
    night = Night(**full())
    assert unmet(night, "UI-02", social_insurance={COUNTY: 20200630}) == set()
    assert unmet(night, "UI-02", social_insurance={COUNTY: 20200629}) == {(COUNTY, "social_insurance", "before_window")}
    assert unmet(night, "UI-02", temporary_assistance={COUNTY: 20200629}) == set()


def test_a_suspended_county_has_no_flags_and_says_so(tmp_path: Path) -> None:
    night = Night(dibao=[], tekun=[], low_income=[{"person": A, **EDGE}, {"person": B, **EDGE, "county_code": "640324"}], disability_certificates=[
        {"person": A, **SEVERE}, {"person": B, **SEVERE}])  # fmt: skip
    tables = written(tmp_path, night, dibao={COUNTY: None})
    assert [(row["rule"], row["person"], row["county_code"]) for row in tables["flags"] if row["rule"] == "MC-01"] == [("MC-01", B, "640324")]
    assert [row for row in tables["suspensions"] if row["rule"] == "MC-01"] == [
        {"rule": "MC-01", "county_code": COUNTY, "dataset": "dibao", "reason": "not_proven"}
    ]
    assert {row["county_code"] for row in tables["suspensions"] if row["rule"] == "UI-01"} == set(policy().region.counties)


def test_a_candidate_of_another_countys_register_stands_where_that_register_has_no_file(tmp_path: Path) -> None:
    night = Night(**full(migrant_workers=[{"person": A, **WORKER, "work_county": "640104"}]))
    tables = written(tmp_path, night, migrant_workers=dict.fromkeys(OTHERS))
    assert [(row["rule"], row["county_code"]) for row in tables["flags"]] == [("UI-01", "640104")]
    assert {row["county_code"] for row in tables["suspensions"] if row["rule"] == "UI-01"} == set(OTHERS) - {"640104"}


def test_doubt_about_an_absence_makes_an_identity_check(tmp_path: Path) -> None:
    night = Night(
        dibao=[{"person": C, **DIBAO}],
        tekun=[],
        low_income=[
            {"person": A, **EDGE},
            {"person": B, **EDGE},
            {"person": A, **POOR, "family_id": "F2"},
            {"person": B, **POOR, "family_id": "F3"},
            {"person": C, **POOR, "family_id": "F3"},
            {"person": A, **POOR, "family_id": "F4"},
            {"person": B, **POOR, "family_id": "F4"},
        ],
        disability_certificates=[{"person": A, **SEVERE}, {"person": B, **SEVERE}],
        quarantined={"dibao": [A, C], "low_income": [B]},
    )
    tables = written(tmp_path, night)
    states = {(row["rule"], row["person"] or row["household"]): (row["state"], row["partial"]) for row in tables["flags"] if row["rule"][:2] == "MC"}
    assert states == {
        ("MC-01", A): ("identity_check", False),
        ("MC-01", B): ("open", False),
        ("MC-03", "F2"): ("identity_check", False),
        ("MC-03", "F3"): ("open", True),
        ("MC-03", "F4"): ("open", False),  # B alone proves it
    }
    doubted = [(row["rule"], row["subject"], row["person"]) for row in tables["evidence"] if row["shows"] == "identity_uncertain"]
    assert doubted == [("MC-01", f"person:{A}X", A), ("MC-03", "household:low_income:F2", A), ("MC-03", "household:low_income:F4", A)]


def test_a_flag_rests_on_likeness_where_no_other_row_holds(tmp_path: Path) -> None:
    likely = {"link_basis": "probable"}
    night = Night(
        dibao=[],
        tekun=[],
        low_income=[{"person": A, **EDGE}, {"person": B, **EDGE, **likely}, {"person": C, **EDGE, **likely}, {"person": C, **EDGE}],
        disability_certificates=[{"person": A, **SEVERE, **likely}, {"person": B, **SEVERE}, {"person": C, **SEVERE}],
    )
    flags = written(tmp_path, night)["flags"]
    assert {row["person"]: row["link_basis"] for row in flags if row["rule"] == "MC-01"} == {A: "probable", B: "probable", C: "id"}


def test_every_condition_has_its_cells(tmp_path: Path) -> None:
    night = Night(
        dibao=[{"person": A, **DIBAO, "status": "停保", "end_month": 202006}],
        tekun=[],
        pension_benefit=[],
        low_income=[{"person": A, **EDGE}],
        disability_certificates=[{"person": A, **SEVERE, "valid_until": 99991231}],
    )
    rows = [row for row in written(tmp_path, night)["evidence"] if row["rule"] == "MC-01"]
    assert [row["seq"] for row in rows] == list(range(len(rows)))
    assert {row["county_code"] for row in rows} == {COUNTY}
    cells = {(row["dataset"], row["field"]): row["value"] for row in rows if row["field"]}
    assert cells["low_income", "per_capita_income"] == "40000"
    assert cells["low_income", "property_compliant"] == "true"
    assert cells["low_income", "valid_until"] is None, "that it is empty matters"
    assert cells["policy", "standard"] == "380.00"
    assert cells["policy", "low_income.edge"] == "1.5"
    assert cells["disability_certificates", "level"] == "1"
    assert cells["dibao", "end_month"] == "202006"
    sources = {(row["dataset"], row["file"], row["line"]) for row in rows if row["dataset"] == "low_income"}
    assert sources == {("low_income", "low_income.csv", "2")}
    absences = {(row["dataset"], row["snapshot"], row["shows"]) for row in rows if row["line"] is None}
    assert absences == {
        ("tekun", 20200731, "not_on_roster"),
        ("pension_benefit", 20200731, "no_death_statement"),
        ("disability_certificates", 20200731, "no_death_statement"),
    }


def test_self_pay_and_assistance_are_told_beside_the_conditions(tmp_path: Path) -> None:
    bill = {"person": A, "settlement_id": "1", "settled_on": 20200701, "in_scope_cost": 123456, "fund_paid": 0, "valid": True, "refunded": False}
    grant = {"assistance_type": "急难型", "granted_on": 20200801, "amount": 100}
    night = Night(
        **full(
            migrant_workers=[{"person": A, **WORKER}],
            medical_settlements=[bill, {**bill, "file": "again.csv"}, {**bill, "settlement_id": "2", "valid": False}],
            temporary_assistance=[
                {"person": B, **grant, "granted_on": 20190801},
                {"person": B, **grant, "granted_on": 20190731},
                {"person": B, **grant},
            ],
            poverty_register=[{"person": B, "year": 2020, "household_no": "H1", "poverty_status": "未脱贫"}],
        )
    )
    evidence = written(tmp_path, night)["evidence"]
    paid = [(row["field"], row["value"]) for row in evidence if row["rule"] == "UI-01" and row["dataset"] == "medical_settlements"]
    assert paid == [("self_pay", "1234.56"), ("settled_on", "20200701"), ("in_scope_cost", "123456"), ("fund_paid", "0")]
    given = [row["value"] for row in evidence if row["rule"] == "RR-01" and row["shows"] == "assistance" and row["field"] == "granted_on"]
    assert given == ["20190801"]


def test_members_are_the_living_of_the_household(tmp_path: Path) -> None:
    night = Night(
        dibao=[],
        tekun=[],
        pension_benefit=[{"person": C, "survival_status": "死亡", "death_date": 20200601}],
        low_income=[
            {"person": A, **EDGE},
            {"person": B, **EDGE, "relationship": "户主", "name": "李明"},
            {"person": C, **EDGE},
            {"person": B, **POOR, "family_id": "F2"},
        ],
        disability_certificates=[{"person": A, **SEVERE}, {"person": number(99), **SEVERE}],
    )
    tables = written(tmp_path, night)
    flags = {row["rule"]: row for row in tables["flags"]}
    assert (flags["MC-01"]["household"], flags["MC-01"]["household_dataset"], flags["MC-01"]["name"]) == ("F1", "low_income", "马明")
    assert (flags["MC-03"]["subject"], flags["MC-03"]["person"], flags["MC-03"]["subject_kind"]) == ("household:low_income:F2", None, "household")
    members = {(row["rule"], row["person"]) for row in tables["flag_members"]}
    assert members == {("MC-01", A), ("MC-01", B), ("MC-03", B)}


def test_evaluating_again_gives_the_same_bytes_and_keeps_what_the_checks_wrote(tmp_path: Path) -> None:
    night = Night(dibao=[], tekun=[], low_income=[{"person": A, **EDGE}], disability_certificates=[{"person": A, **SEVERE}])
    written(tmp_path, night)
    first = {path.name: path.read_bytes() for path in tmp_path.glob("*.parquet")}
    table = pq.read_table(tmp_path / "suspensions.parquet")
    of_a_check = {"rule": "EN-06", "county_code": COUNTY, "dataset": "pension_benefit", "reason": "missing"}
    pq.write_table(table.from_pylist([*table.to_pylist(), of_a_check], schema=table.schema), tmp_path / "suspensions.parquet")
    again = written(tmp_path, night)
    assert of_a_check in again["suspensions"]
    assert len(again["suspensions"]) == len(table) + 1
    for name in ("flags.parquet", "evidence.parquet", "flag_members.parquet"):
        assert (tmp_path / name).read_bytes() == first[name]
