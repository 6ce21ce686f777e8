"""The page of expectations and its copies as JSON."""

import json
from pathlib import Path
from typing import Any

from pipelines.reports.expectations_page import write_expectations
from tests.reports.factory import AS_OF, COUNTY, contracts, policy


def verdict(county: str, passed: bool | None, severity: str = "warning", found: str = "81.0%") -> dict[str, Any]:
    asks = {"expectation": "e", "column": "c", "severity": severity, "en": "at least 90 % valid", "zh": "身份证号有效的行不少于90%"}
    return {"county_code": county, **asks, "observed": 0.81, "found": found, "passed": passed}


def document(*results: dict[str, Any], **changes: Any) -> dict[str, Any]:
    source = {"dataset": "dibao", "snapshot": "2020-07-31", "county_code": None, "files": ["dibao_20200731.csv"]}
    return {**source, "success": True, "failed_counties": [], "results": list(results), **changes}


def test_results_are_told_per_county_in_words(tmp_path: Path) -> None:
    failed = verdict(COUNTY, False, "critical", "3.20 in household_amount")
    failing = document(failed, verdict("640324", True), success=False, failed_counties=[COUNTY])
    page = write_expectations(tmp_path, [failing], policy=policy(), contracts=contracts(), as_of=AS_OF, code_version="0.1.0")
    text = page.read_text(encoding="utf-8")
    for told in ("民政·低保对象", "盐池县", "身份证号有效的行不少于90%", "3.20（户月保障金）", "未通过", "必须"):
        assert told in text, told
    assert "http" not in text
    assert "<script" not in text


def test_each_dataset_has_its_results_as_json(tmp_path: Path) -> None:
    own = document(verdict(COUNTY, True))
    other = document(verdict(COUNTY, None), dataset="tekun", files=["tekun_20200731.csv"])
    write_expectations(tmp_path, [other, own], policy=policy(), contracts=contracts(), as_of=AS_OF, code_version="0.1.0")
    assert json.loads((tmp_path / "expectations" / "dibao.json").read_text(encoding="utf-8")) == [own]
    assert json.loads((tmp_path / "expectations" / "tekun.json").read_text(encoding="utf-8")) == [other]


def test_a_night_without_new_data_has_its_page(tmp_path: Path) -> None:
    page = write_expectations(tmp_path, [], policy=policy(), contracts=contracts(), as_of=AS_OF, code_version="0.1.0")
    assert "没有检查过的数据" in page.read_text(encoding="utf-8")
