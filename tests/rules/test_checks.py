"""The mismatch checks on nights in memory; the folders of tests/cases hold the near misses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from nights import COUNTY, Night, facts, number, policy

from pipelines.extracts.coverage import Coverage, CoverageRow
from pipelines.facts import DATASETS
from pipelines.rules.checks.evaluate import evaluate_checks

A, B = number(10), number(20)
ACTIVE: dict[str, Any] = {"is_covered": True, "scheme": "02", "start_month": 202001}
TEKUN: dict[str, Any] = {"status": "在册", "start_month": 202001, "category": "农村", "support_mode": "04"}


def coverage(night: Night, stale: dict[str, str] | None = None) -> Coverage:
    """Every dataset of the night in force and fresh everywhere, but `stale` (dataset: county)."""
    rows = []
    for dataset in DATASETS:
        for county in policy().region.counties if dataset in night else ():
            good = (stale or {}).get(dataset) != county
            snapshot, age = (20200731, 0) if good else (20200101, 212)
            rows.append(CoverageRow(dataset, county, snapshot, age, good, True, True, good, False, 1, 0, f"{dataset}.csv", ""))
    return Coverage(rows)


def evaluated(folder: Path, night: Night, **how: Any) -> dict[str, list[dict[str, Any]]]:
    evaluate_checks(facts(night), coverage(night, **how), folder)
    return {path.stem: pq.read_table(path).to_pylist() for path in folder.glob("*.parquet")}


def found(tables: dict[str, list[dict[str, Any]]], check: str) -> list[tuple[Any, ...]]:
    return [(row["person"], row["county_code"], row["datasets"], row["state"]) for row in tables["mismatches"] if row["check"] == check]


def test_a_mismatch_holds_both_sides_with_their_sources(tmp_path: Path) -> None:
    night = Night(dibao=[{"person": A, **ACTIVE}], tekun=[{"person": B, **TEKUN}, {"person": A, "county_code": "640324", **TEKUN}])
    tables = evaluated(tmp_path, night)
    assert found(tables, "EN-01") == [(A, COUNTY, "dibao;tekun", "open")]
    cells = [row for row in tables["mismatch_evidence"] if row["check"] == "EN-01"]
    assert [row["seq"] for row in cells] == list(range(len(cells)))
    start = [(row["side"], row["dataset"], row["snapshot"], row["file"], row["line"], row["value"]) for row in cells if row["field"] == "start_month"]
    assert start == [("A", "dibao", 20200731, "dibao.csv", "2", "202001"), ("B", "tekun", 20200731, "tekun.csv", "3", "202001")]


def test_what_the_policy_says_is_cited_with_its_clause(tmp_path: Path) -> None:
    night = Night(
        dibao=[{"person": A, **ACTIVE}],
        pension_benefit=[{"person": A, "scheme": "110", "monthly_amount": 38000, "survival_status": "正常"}],
    )
    tables = evaluated(tmp_path, night)
    assert found(tables, "EN-06") == [(A, COUNTY, "dibao;pension_benefit", "open")]
    standard = next(row for row in tables["mismatch_evidence"] if row["field"] == "standard")
    assert (standard["dataset"], standard["file"], standard["line"], standard["value"]) == ("policy", "ningxia-2020-52", "六(二)", "380.00")


def test_an_absence_is_told_with_the_snapshot_that_lacks_the_person(tmp_path: Path) -> None:
    night = Night(
        poverty_register=[{"person": A, "year": 2020, "dibao_claim": "农村低保"}, {"person": B, "year": 2020, "dibao_claim": "农村低保"}],
        dibao=[{"person": number(30), **ACTIVE}],
        quarantined={"dibao": [B]},
    )
    tables = evaluated(tmp_path, night)
    assert found(tables, "EN-07") == [
        (A, COUNTY, "dibao;poverty_register", "open"),
        (B, COUNTY, "dibao;poverty_register", "identity_check"),
    ]
    absence = next(row for row in tables["mismatch_evidence"] if row["side"] == "B")
    assert [absence[name] for name in ("dataset", "snapshot", "file", "line", "field", "value")] == ["dibao", 20200731, None, None, None, None]
    assert [row for row in tables["denominators"] if row["check"] == "EN-07"] == [
        {"check": "EN-07", "county_code": COUNTY, "dataset": "poverty_register", "checked": 2}
    ]


def test_a_half_whose_roster_is_stale_is_not_checked(tmp_path: Path) -> None:
    claims = [{"person": A, "dibao_claim": "农村低保", "tekun_claim": "农村特困"}, {"person": B, "dibao_claim": "农村低保"}]
    register = [{"year": 2020, **claim} for claim in claims]
    night = Night(poverty_register=register, dibao=[{"person": number(30), **ACTIVE}], tekun=[{"person": number(30), **TEKUN}])
    tables = evaluated(tmp_path, night, stale={"dibao": COUNTY})
    assert found(tables, "EN-07") == [(A, COUNTY, "poverty_register;tekun", "open")]
    assert [row for row in tables["suspensions"] if row["rule"] == "EN-07"] == [
        {"rule": "EN-07", "county_code": COUNTY, "dataset": "dibao", "reason": "not_proven"}
    ]
    assert [row["checked"] for row in tables["denominators"] if row["check"] == "EN-07"] == [1]


def test_records_and_grants_are_subjects_of_their_own(tmp_path: Path) -> None:
    night = Night(
        dibao=[{"person": -1, "id_status": "bad_check", **ACTIVE}, {"person": -2, "county_code": "610825", **ACTIVE}],
        temporary_assistance=[
            {"person": A, "grant_id": "G1", "assistance_type": "个人", "persons": 1, "amount": 90001, "granted_on": 20200710},
            {"person": A, "grant_id": "G2", "assistance_type": "个人", "persons": 1, "amount": 90000, "granted_on": 20200710},
        ],
    )
    tables = evaluated(tmp_path, night)
    assert [(row["check"], row["subject"], row["detail"]) for row in tables["mismatches"]] == [
        ("EN-09", "grant:G1", None),
        ("ID-01", "record:dibao:dibao.csv:2", "bad_check"),
    ]


def test_names_that_read_alike_are_one_name(tmp_path: Path) -> None:
    named = [(A, "马长海"), (A, "马常海"), (B, "马长海"), (B, "马长林"), (B, "马长林")]
    night = Night(medical_enrolment=[{"person": person, "name": name} for person, name in named])
    tables = evaluated(tmp_path, night)
    assert found(tables, "ID-02") == [(B, COUNTY, "medical_enrolment", "open")]
    sides = sorted((row["side"], row["line"]) for row in tables["mismatch_evidence"] if row["check"] == "ID-02")
    assert sides == [("A", "5"), ("A", "6"), ("B", "4")]


def test_a_night_without_mismatches_writes_empty_tables(tmp_path: Path) -> None:
    tables = evaluated(tmp_path, Night(tekun=[{"person": A, **TEKUN}]))
    assert tables["mismatches"] == tables["mismatch_evidence"] == []
    assert {row["rule"] for row in tables["suspensions"]} >= {"EN-01", "EN-06", "EN-07", "ID-05"}


def test_evaluating_again_gives_the_same_bytes(tmp_path: Path) -> None:
    night = Night(dibao=[{"person": A, **ACTIVE}, {"person": A, "county_code": "640324", **ACTIVE}], tekun=[{"person": A, **TEKUN}])
    for _ in range(2):
        evaluate_checks(facts(night), coverage(night), tmp_path)
        files = {path.name: path.read_bytes() for path in tmp_path.glob("*.parquet")}
    evaluate_checks(facts(night), coverage(night), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.parquet")} == files


def test_every_statement_that_a_person_has_died_is_shown(tmp_path: Path) -> None:
    night = Night(
        dibao=[{"person": A, **ACTIVE}],
        pension_benefit=[{"person": A, "scheme": "170", "survival_status": "死亡"}],
        medical_enrolment=[{"person": A, "status": "4", "end_reason": "死亡"}, {"person": A, "status": "1"}],
    )
    tables = evaluated(tmp_path, night)
    assert found(tables, "EN-04") == [(A, COUNTY, "dibao;medical_enrolment;pension_benefit", "open")]
    told = [(row["dataset"], row["line"], row["field"], row["value"]) for row in tables["mismatch_evidence"] if row["side"] == "B"]
    assert [item for item in told if item[2] != "name"] == [
        ("medical_enrolment", "2", "status", "4"),
        ("medical_enrolment", "2", "end_reason", "死亡"),
        ("pension_benefit", "2", "survival_status", "死亡"),
    ]
