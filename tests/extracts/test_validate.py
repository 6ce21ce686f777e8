"""The gate: which counties may use a delivery, what is kept of it, and what the shipped suites expect."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from pipelines.engine import Engine, open_engine
from pipelines.errors import SettingsError
from pipelines.extracts.expectations import judge
from pipelines.extracts.profile import CHANGES, profile_columns
from pipelines.extracts.snapshots import in_force
from pipelines.extracts.suites import load_suites
from pipelines.extracts.validate import Validation, validate
from pipelines.workspace import PROJECT, Workspace

from .deliveries_factory import CONTRACTS, REGION, TONGXIN, YANCHI, Inbox

SUITES = load_suites(PROJECT / "expectations", CONTRACTS)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = open_engine(threads=1)
    yield opened
    opened.close()


def judged(engine: Engine, inbox: Inbox) -> list[Validation]:
    """Every delivery of the inbox against the shipped suite, oldest first."""
    dataset = inbox.contract.dataset
    return validate(engine, Workspace(inbox.root), inbox.contract, REGION, inbox.deliveries(), SUITES[dataset])


def rows(count: int, county: str = YANCHI, **values: Any) -> list[dict[str, Any]]:
    """Plain rows with a valid number each."""
    return [{"county_code": county, "id_status": "valid", "id17": 64019919500000000 + number, **values} for number in range(count)]


def mixed(count: int, field: str, shares: Mapping[Any, int], **values: Any) -> list[dict[str, Any]]:
    """Rows whose field takes each value in so many of a hundred rows."""
    cycle = [value for value, share in shares.items() for _ in range(share)]
    return [{**row, field: cycle[number % len(cycle)]} for number, row in enumerate(rows(count, **values))]


class TestChangesAgainstTheLastSnapshot:
    @pytest.mark.parametrize(("now", "fails"), [(249, True), (250, False), (600, False)])
    def test_rows_dropped_by_more_than_half(self, engine: Engine, tmp_path: Path, now: int, fails: bool) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200630", rows(500))
        inbox.add("20200731", rows(now))
        first, second = judged(engine, inbox)
        assert not first.failed_counties
        assert second.failed_counties == ({YANCHI} if fails else set())

    def test_few_rows_then_are_never_refused_for_being_few_now(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200630", rows(499))
        inbox.add("20200731", rows(1))
        assert not any(validation.failed_counties for validation in judged(engine, inbox))

    def test_only_the_county_that_fails_is_named_and_keeps_its_last_good_snapshot(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        older = inbox.add("20200630", [*rows(600), *rows(600, TONGXIN)])
        newer = inbox.add("20200731", [*rows(100), *rows(600, TONGXIN)])
        validations = judged(engine, inbox)
        assert validations[1].failed_counties == {YANCHI}
        coverage = in_force(CONTRACTS, REGION, date(2020, 7, 31), inbox.deliveries(), validations).coverage
        yanchi, tongxin = coverage.row("tekun", YANCHI), coverage.row("tekun", TONGXIN)
        assert yanchi is not None and tongxin is not None
        assert (yanchi.file, tongxin.file) == (older, newer)
        assert "at least half as many rows as in the last snapshot (0.17)" in yanchi.note

    def test_the_next_one_is_compared_with_the_last_good_one(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        for day, count in (("20200531", 600), ("20200630", 100), ("20200731", 590)):
            inbox.add(day, rows(count))
        assert [bool(validation.failed_counties) for validation in judged(engine, inbox)] == [False, True, False]

    def test_a_county_s_own_file_is_compared_with_the_region_s(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200630", rows(600))
        inbox.add("20200731", rows(100), county=YANCHI)
        assert judged(engine, inbox)[1].failed_counties == {YANCHI}

    def test_a_redelivery_is_compared_with_the_date_before_not_with_what_it_replaces(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200630", rows(600))
        inbox.add("20200731", rows(600) * 3, received=1)
        inbox.add("20200731", rows(600), received=2)
        assert not judged(engine, inbox)[2].failed_counties

    def test_a_county_missing_from_a_region_wide_file_fails(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200630", [*rows(600), *rows(600, TONGXIN)])
        inbox.add("20200731", rows(600))
        assert judged(engine, inbox)[1].failed_counties == {TONGXIN}

    def test_valid_numbers_collapsed(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200630", mixed(600, "id_status", {"valid": 95, "masked": 5}))
        inbox.add("20200731", mixed(600, "id_status", {"valid": 70, "masked": 30}))
        assert judged(engine, inbox)[1].failed_counties == {YANCHI}

    def test_a_code_column_says_one_thing_only(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "dibao")
        inbox.add("20200630", mixed(600, "scheme", {"01": 20, "02": 80}))
        inbox.add("20200731", mixed(600, "scheme", {"02": 100}))
        failed = judged(engine, inbox)[1]
        assert failed.failed_counties == {YANCHI}
        assert any("scheme" in phrase for phrase in failed.failures(YANCHI))

    def test_a_rare_code_may_vanish(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "dibao")
        inbox.add("20200630", mixed(600, "scheme", {"01": 4, "02": 96}))
        inbox.add("20200731", mixed(600, "scheme", {"02": 100}))
        assert not judged(engine, inbox)[1].failed_counties

    def test_amounts_in_another_unit(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200630", rows(600, monthly_amount=80000))
        inbox.add("20200731", rows(600, monthly_amount=800))
        assert judged(engine, inbox)[1].failed_counties == {YANCHI}

    def test_an_optional_column_left_out_warns(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200630", rows(600, phone="1"))
        inbox.add("20200731", rows(600))
        validation = judged(engine, inbox)[1]
        assert not validation.failed_counties
        assert any("phone" in phrase for phrase in validation.warnings(YANCHI))


class TestShares:
    @pytest.mark.parametrize(("count", "fails"), [(499, False), (500, True)])
    def test_are_judged_over_at_least_500_rows(self, engine: Engine, tmp_path: Path, count: int, fails: bool) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200731", rows(count, id_status="masked", id17=None))
        assert judged(engine, inbox)[0].failed_counties == ({YANCHI} if fails else set())

    def test_the_same_rows_twice(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "medical_enrolment")
        inbox.add("20200731", rows(400, insurance_type="390", status="1") * 2)
        assert judged(engine, inbox)[0].failed_counties == {YANCHI}

    def test_one_county_s_quarantine(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200731", [*rows(500), *rows(900, TONGXIN)], quarantined={YANCHI: 60, TONGXIN: 10})
        assert judged(engine, inbox)[0].failed_counties == {YANCHI}


class TestEvents:
    def test_history_shorter_than_thirteen_months_warns_whatever_the_size(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "medical_settlements")
        inbox.add("20200630", rows(3, settled_on=20200401))
        inbox.add("20200731", [*rows(3, settled_on=20200401), *rows(1, TONGXIN, settled_on=20190615)])
        short, full = judged(engine, inbox)
        assert any("12" in result.zh for result in short.results if result.passed is False)
        assert any("13 months" in phrase for phrase in short.warnings(YANCHI)) and not short.failed_counties
        assert not full.warnings(YANCHI)

    @pytest.mark.parametrize(("newest", "fails"), [(20200430, False), (20200429, True)])
    def test_newest_event_far_older_than_the_snapshot(self, engine: Engine, tmp_path: Path, newest: int, fails: bool) -> None:
        inbox = Inbox(tmp_path, "medical_settlements")
        inbox.add("20200731", [*rows(600, settled_on=20190601, valid=True), {**rows(1)[0], "settled_on": newest}])
        assert judged(engine, inbox)[0].failed_counties == ({YANCHI} if fails else set())

    def test_an_event_after_the_snapshot_warns(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "temporary_assistance")
        inbox.add("20200731", [*rows(1, granted_on=20190601), *rows(1, granted_on=20200801)])
        assert any("after the snapshot" in phrase for phrase in judged(engine, inbox)[0].warnings(YANCHI))


class TestWhatIsKept:
    def test_the_result_is_readable_by_machines_and_holds_no_value_of_a_person(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        person = {"name": "某某", "id_number": "640199195001010014", "id_status": "masked", "id17": None, "monthly_amount": 123456789}
        inbox.add("20200731", rows(600, **person), county=YANCHI)
        validation = judged(engine, inbox)[0]
        text = (validation.folder / "result.json").read_text(encoding="utf-8")
        document = json.loads(text)
        assert (document["dataset"], document["snapshot"], document["failed_counties"]) == ("tekun", "2020-07-31", [YANCHI])
        assert {"county_code", "severity", "en", "zh", "observed", "passed"} <= set(document["results"][0])
        assert not [value for value in ("某某", "640199", "123456789", "1234567.89") if value in text]

    def test_nothing_to_judge_is_neither_passed_nor_failed(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200731", rows(3), county=YANCHI)
        ratio = next(result for result in judged(engine, inbox)[0].results if result.column == "rows_ratio")
        assert (ratio.passed, ratio.observed) == (None, None)

    def test_a_refused_delivery_is_not_judged(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200731", rows(3), conform_refused="it is empty.")
        assert judged(engine, inbox) == []

    def test_what_was_judged_before_needs_no_library(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200630", rows(600))
        inbox.add("20200731", rows(100))
        first = judged(engine, inbox)
        script = (
            "import sys; sys.modules['great_expectations'] = None\n"
            "from pathlib import Path\n"
            "from extracts.test_validate import Inbox, judged, open_engine, rows\n"
            f"inbox = Inbox(Path({str(tmp_path)!r}), 'tekun')\n"
            "inbox.add('20200630', rows(600)); inbox.add('20200731', rows(100))\n"
            "print([sorted(item.failed_counties) for item in judged(open_engine(), inbox)])\n"
        )
        there = {"cwd": PROJECT / "tests", "env": {"PYTHONPATH": str(PROJECT)}}
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, **there)
        assert done.stdout.strip() == str([sorted(item.failed_counties) for item in first]), done.stderr

    def test_another_suite_judges_again(self, engine: Engine, tmp_path: Path) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200731", rows(3))
        judged(engine, inbox)
        folder = write_suite(tmp_path / "expectations", {"column": "rows", "min_value": 5}, "critical")
        suite = load_suites(folder, CONTRACTS)["tekun"]
        again = validate(engine, Workspace(tmp_path), inbox.contract, REGION, inbox.deliveries(), suite)
        assert YANCHI in again[0].failed_counties, "a deployment may set absolute volumes of its own"


class TestSuites:
    def test_every_dataset_has_its_own(self) -> None:
        assert set(SUITES) == set(CONTRACTS)
        assert {path.stem for path in (PROJECT / "expectations").glob("*.yaml")} == {*CONTRACTS, "every_dataset"}

    def test_all_of_them_can_be_evaluated(self) -> None:
        for dataset, contract in CONTRACTS.items():
            large = {name: [1000.0] for name in (*profile_columns(contract), *CHANGES)}
            verdicts = judge(SUITES[dataset], pd.DataFrame({**large, "county_code": [YANCHI], "delivery": ["any"]}))["any"]
            assert len(verdicts) == len(SUITES[dataset].expectations)
            assert all(verdict.passed is not None for verdict in verdicts)

    def test_a_dataset_without_a_file_has_the_common_expectations(self, tmp_path: Path) -> None:
        folder = write_suite(tmp_path, {"column": "rows", "min_value": 5}, "critical")
        assert [item["kwargs"]["column"] for item in load_suites(folder, CONTRACTS)["dibao"].expectations] == ["rows", "delivery_rows"]

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"kwargs": {"column": "nowhere"}}, "nowhere"),
            ({"over": {"elsewhere": 500}}, "elsewhere"),
            ({"type": "expect_table_row_count_to_equal"}, "expect_table_row_count_to_equal"),
            ({"type": "expect_column_values_to_not_be_null"}, "not_be_null"),
            ({"severity": "grave"}, "severity"),
            ({"meta": {"en": "only English"}}, "zh"),
        ],
    )
    def test_an_expectation_that_cannot_judge_is_a_setting_to_correct(self, tmp_path: Path, change: dict[str, Any], named: str) -> None:
        with pytest.raises(SettingsError, match=named):
            load_suites(write_suite(tmp_path, {"column": "rows"}, "critical", **change), CONTRACTS)

    @pytest.mark.parametrize("change", [{"type": "expect_column_values_to_be_splendid"}, {"kwargs": {"column": "rows", "least": 3}}])
    def test_an_expectation_that_the_library_refuses_is_a_setting_to_correct(self, engine: Engine, tmp_path: Path, change: dict[str, Any]) -> None:
        inbox = Inbox(tmp_path, "tekun")
        inbox.add("20200731", rows(3))
        suite = load_suites(write_suite(tmp_path / "expectations", {"column": "rows"}, "warning", **change), CONTRACTS)["tekun"]
        with pytest.raises(SettingsError, match="suite of tekun"):
            validate(engine, Workspace(tmp_path), inbox.contract, REGION, inbox.deliveries(), suite)


def write_suite(folder: Path, kwargs: dict[str, Any], severity: str, /, **change: Any) -> Path:
    """A folder of suites with one expectation for every dataset."""
    item = {"type": "expect_column_values_to_be_between", "kwargs": kwargs, "severity": severity, "meta": {"en": "rows", "zh": "行数"}, **change}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "every_dataset.yaml").write_text(yaml.safe_dump({"expectations": [item]}, allow_unicode=True), encoding="utf-8")
    return folder
