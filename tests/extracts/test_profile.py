"""What a delivery's rows look like as a set, county by county."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.engine import Engine, open_engine
from pipelines.extracts.profile import compared, profile, profile_columns

from .deliveries_factory import CONTRACTS, OUTSIDE, REGION, TONGXIN, YANCHI, Inbox


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = open_engine(threads=1)
    yield opened
    opened.close()


def by_county(engine: Engine, inbox: Inbox, number: int = 0) -> dict[str, dict[str, Any]]:
    table = profile(engine, inbox.contract, inbox.deliveries()[number], REGION)
    assert list(table.columns) == profile_columns(inbox.contract)
    return {row["county_code"]: row for row in table.to_dict("records")}


def test_one_row_for_every_county_served_or_named(engine: Engine, tmp_path: Path) -> None:
    wide, own = Inbox(tmp_path, "tekun"), Inbox(tmp_path, "low_income")
    wide.add("20200731", {YANCHI: 2, OUTSIDE: 1})
    own.add("20200731", {YANCHI: 2, TONGXIN: 1}, county=YANCHI)
    rows = by_county(engine, wide)
    assert set(rows) == {*REGION.counties, OUTSIDE}
    assert [county for county, row in rows.items() if not row["served"]] == [OUTSIDE]
    assert (rows[YANCHI]["rows"], rows[TONGXIN]["rows"], rows[YANCHI]["delivery_rows"]) == (2, 0, 3)
    rows = by_county(engine, own)
    assert {county: row["served"] for county, row in rows.items()} == {YANCHI: True, TONGXIN: False}


def test_rows_in_quarantine_and_with_warnings(engine: Engine, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, "tekun")
    inbox.add("20200731", [{"county_code": YANCHI, "flaws": flaws} for flaws in (3, 4, 0, 0, 0, 0, 0, 0)], part=1, quarantined={YANCHI: 2})
    inbox.add("20200731", {YANCHI: 10}, part=2)
    row = by_county(engine, inbox)[YANCHI]
    assert (row["rows"], row["conformed"], row["quarantined"], row["warned"]) == (20, 18, 2, 2)
    assert row["quarantined_share"] == pytest.approx(0.1)
    assert row["warned_share"] == pytest.approx(2 / 18)


def test_number_statuses_empty_cells_and_codes(engine: Engine, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, "dibao")
    statuses = ["valid", "valid", "masked", "bad_check"]
    schemes = ["01", "02", "02", "02"]
    numbers = [{"id17": 64019919500101001}, {"id17": 64019919500101002}, {"id_number": "640199****"}, {}]  # as conforming stores them
    given = zip(statuses, schemes, numbers, strict=True)
    rows = [{"county_code": YANCHI, "id_status": status, "scheme": code, "is_covered": code == "01", **number} for status, code, number in given]
    inbox.add("20200731", rows)
    row = by_county(engine, inbox)[YANCHI]
    assert row["id_number_null_share"] == 0.25
    assert (row["id_valid_share"], row["id_masked_share"], row["id_missing_share"]) == (0.5, 0.25, 0)
    assert (row["scheme_01_share"], row["scheme_02_share"], row["scheme_null_share"]) == (0.25, 0.75, 0)
    assert (row["is_covered_true_share"], row["status_null_share"]) == (0.25, 1)


def test_ranges_leave_out_open_ends_and_personal_fields(engine: Engine, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, "low_income")
    names = ("county_code", "per_capita_income", "recognised_on", "valid_until", "birth_date")
    rows = [(YANCHI, 10000, 20200101, 20201231, 19500101), (YANCHI, 30000, 20200301, 99991231, 19600101)]
    inbox.add("20200731", [dict(zip(names, row, strict=True)) for row in rows])
    row = by_county(engine, inbox)[YANCHI]
    assert (row["per_capita_income_min"], row["per_capita_income_max"], row["per_capita_income_mean"]) == (10000, 30000, 20000)
    assert (row["recognised_on_max"], row["valid_until_max"]) == (20200301, 20201231)
    assert not [name for name in row if name.startswith("birth_date_m")]


def test_duplicates_of_the_natural_key(engine: Engine, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, "poverty_register")
    keys = [(2020, "1", "1"), (2020, "1", "1"), (2019, "1", "1"), (2020, "1", "2"), (2020, "1", None)]
    inbox.add("20200731", [{"county_code": YANCHI, "year": y, "household_no": h, "person_no": p} for y, h, p in keys])
    assert by_county(engine, inbox)[YANCHI]["duplicates"] == 1
    people = Inbox(tmp_path, "medical_enrolment")
    numbers = [64019919500101001, 64019919500101001, None, None]
    people.add("20200731", [{"county_code": YANCHI, "id17": n, "insurance_type": "390", "name": str(k)} for k, n in enumerate(numbers)])
    assert by_county(engine, people)[YANCHI]["duplicates"] == 1  # the number says who it is, whatever the name


def test_oldest_and_newest_event(engine: Engine, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, "medical_settlements")
    days = [(YANCHI, 20200701), (YANCHI, 20200716), (TONGXIN, 20190701)]
    inbox.add("20200731", [{"county_code": county, "settled_on": day} for county, day in days])
    row = by_county(engine, inbox)[YANCHI]
    assert (row["oldest_event"], row["newest_event"], row["history_days"], row["newest_event_days"]) == (20200701, 20200716, 30, 15)
    assert row["delivery_history_days"] == 396
    months = Inbox(tmp_path, "unemployment_benefit")
    months.add("20200731", [{"county_code": YANCHI, "start_month": 202006}])
    assert by_county(engine, months)[YANCHI]["history_days"] == 60


def test_townships_covered(engine: Engine, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, "tekun")
    inbox.add("20200731", [{"county_code": YANCHI, "township": town} for town in ("花马池镇", "大水坑镇", "花马池镇", None)])
    assert by_county(engine, inbox)[YANCHI]["townships"] == 2


def test_changes_against_the_last_snapshot(engine: Engine, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, "dibao")
    then = [{"scheme": "01", "id_status": "valid", "household_amount": 60000, "township": "甲"}] * 3 + [{"scheme": "02", "id_status": "valid"}]
    now = [{"scheme": "02", "id_status": "masked", "household_amount": 600}, {"scheme": "02", "id_status": "valid"}]
    inbox.add("20200630", [{"county_code": YANCHI, **row} for row in then])
    inbox.add("20200731", [{"county_code": YANCHI, **row} for row in now])
    last = by_county(engine, inbox, 0)
    table = compared(profile(engine, inbox.contract, inbox.deliveries()[1], REGION), inbox.contract, {YANCHI: last[YANCHI]})
    rows = {row["county_code"]: row for row in table.to_dict("records")}
    row = rows[YANCHI]
    assert (row["last_snapshot"], row["last_rows"], row["rows_ratio"], row["id_valid_change"]) == (20200630, 4, 0.5, -0.5)
    assert (row["code_collapse"], row["code_collapse_field"]) == (0.75, "scheme")
    assert (row["null_rise"], row["null_rise_field"]) == (0.75, "township")
    assert (row["amount_shift"], row["amount_shift_field"]) == (100.0, "household_amount")
    first = rows[TONGXIN]
    assert first["rows_ratio"] != first["rows_ratio"], "a county without a last snapshot has nothing to compare with"


def test_a_profile_holds_no_personal_value(engine: Engine, tmp_path: Path) -> None:
    for dataset in CONTRACTS:
        personal = {field.name for field in CONTRACTS[dataset].fields.values() if field.personal}
        ranged = {name.rsplit("_", 1)[0] for name in profile_columns(CONTRACTS[dataset]) if name.endswith(("_min", "_max", "_mean"))}
        assert not personal & ranged
