"""Which file is in force for which county (extracts.md, "Delivery"), and what the coverage says of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.extracts.coverage import Coverage
from pipelines.extracts.in_force import InForce
from pipelines.extracts.snapshots import due_since, in_force
from pipelines.extracts.validate import Validation

from .deliveries_factory import CONTRACTS, OUTSIDE, REGION, TONGXIN, YANCHI, Inbox

AS_OF = date(2020, 7, 31)


def night(*inboxes: Inbox, as_of: date = AS_OF, validations: list[Validation] | None = None) -> InForce:
    found = [delivery for inbox in inboxes for delivery in inbox.deliveries()]
    return in_force(CONTRACTS, REGION, as_of, found, validations or [])


def counting(result: InForce, dataset: str) -> dict[str, tuple[tuple[str, ...], bool]]:
    return {file.file: (file.counties, file.counts_outside) for file in result.files.get(dataset, [])}


def serving(result: InForce, dataset: str, county: str) -> str | None:
    row = result.coverage.row(dataset, county)
    assert row is not None
    return row.file


def note(result: InForce, dataset: str, county: str) -> str:
    row = result.coverage.row(dataset, county)
    assert row is not None
    return row.note


@pytest.fixture
def tekun(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path, "tekun")


@pytest.fixture
def dibao(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path, "dibao")


ALL = tuple(sorted(REGION.counties))


class TestNewestGoodFile:
    def test_region_wide_file_serves_every_county(self, tekun: Inbox) -> None:
        file = tekun.add("20200731", {YANCHI: 2})
        assert counting(night(tekun), "tekun") == {file: (ALL, True)}

    def test_newest_date_wins(self, tekun: Inbox) -> None:
        tekun.add("20200630", {YANCHI: 2})
        newer = tekun.add("20200731", {YANCHI: 2})
        assert list(counting(night(tekun), "tekun")) == [newer]

    def test_file_dated_later_does_not_exist(self, tekun: Inbox) -> None:
        older = tekun.add("20200630", {YANCHI: 2})
        tekun.add("20200801", {YANCHI: 2})
        assert list(counting(night(tekun), "tekun")) == [older]

    def test_file_dated_on_the_day_counts(self, tekun: Inbox) -> None:
        file = tekun.add("20200731", {YANCHI: 1})
        assert serving(night(tekun), "tekun", YANCHI) == file

    def test_of_one_date_the_county_s_own_before_the_region_s(self, tekun: Inbox) -> None:
        own = tekun.add("20200731", {YANCHI: 1}, county=YANCHI)
        wide = tekun.add("20200731", {YANCHI: 5, TONGXIN: 1}, received=9)
        result = night(tekun)
        assert serving(result, "tekun", YANCHI) == own
        assert serving(result, "tekun", TONGXIN) == wide
        assert YANCHI not in counting(result, "tekun")[wide][0]

    def test_newer_region_wide_file_before_the_county_s_older_own(self, tekun: Inbox) -> None:
        tekun.add("20200630", {YANCHI: 1}, county=YANCHI)
        wide = tekun.add("20200731", {YANCHI: 5})
        assert list(counting(night(tekun), "tekun")) == [wide]

    def test_newer_county_file_before_the_older_region_wide_one(self, tekun: Inbox) -> None:
        wide = tekun.add("20200630", {YANCHI: 5})
        own = tekun.add("20200731", {YANCHI: 1}, county=YANCHI)
        result = night(tekun)
        assert serving(result, "tekun", YANCHI) == own
        assert serving(result, "tekun", TONGXIN) == wide

    def test_county_file_serves_no_other_county(self, tekun: Inbox) -> None:
        tekun.add("20200731", {YANCHI: 1}, county=YANCHI)
        assert serving(night(tekun), "tekun", TONGXIN) is None

    def test_dataset_without_a_file_is_absent(self, tekun: Inbox) -> None:
        assert night(tekun).files == {}


class TestWhichRowsCount:
    def test_rows_outside_the_region_count_from_the_newest_region_wide_file_only(self, tekun: Inbox) -> None:
        old = tekun.add("20200630", {YANCHI: 1, OUTSIDE: 1})
        newer = tekun.add("20200731", {TONGXIN: 900, OUTSIDE: 1})
        failed = fail(tekun, newer, YANCHI)
        found = counting(night(tekun, validations=[failed]), "tekun")
        assert found[old] == ((YANCHI,), False)
        assert found[newer] == (tuple(code for code in ALL if code != YANCHI), True)

    def test_region_wide_file_in_force_for_no_county_counts_for_nothing(self, tekun: Inbox) -> None:
        wide = tekun.add("20200630", {YANCHI: 1, OUTSIDE: 1})
        for county in REGION.counties:
            tekun.add("20200731", {county: 1}, county=county)
        assert wide not in counting(night(tekun), "tekun")

    def test_county_file_s_row_of_another_county_counts_under_its_own_code(self, tekun: Inbox) -> None:
        own = tekun.add("20200731", {YANCHI: 3, TONGXIN: 1, OUTSIDE: 1}, county=YANCHI)
        wide = tekun.add("20200731", {TONGXIN: 4})
        result = night(tekun)
        assert counting(result, "tekun")[own] == (ALL, True)
        assert serving(result, "tekun", TONGXIN) == wide
        row = result.coverage.row("tekun", TONGXIN)
        assert row is not None and row.rows == 5

    def test_rows_in_are_conformed_and_quarantined(self, tekun: Inbox) -> None:
        tekun.add("20200731", {YANCHI: 30}, quarantined={YANCHI: 2})
        row = night(tekun).coverage.row("tekun", YANCHI)
        assert row is not None and (row.rows, row.quarantined) == (32, 2)


class TestParts:
    def test_parts_of_one_date_are_one_delivery(self, tekun: Inbox) -> None:
        files = [tekun.add("20200731", {YANCHI: 1}, part=number) for number in (1, 2)]
        result = night(tekun)
        assert list(counting(result, "tekun")) == files
        assert serving(result, "tekun", YANCHI) == ";".join(files)
        row = result.coverage.row("tekun", YANCHI)
        assert row is not None and row.rows == 2

    def test_a_missing_number_refuses_the_whole_and_says_which(self, tekun: Inbox) -> None:
        older = tekun.add("20200630", {YANCHI: 1})
        tekun.add("20200731", {YANCHI: 1}, part=1)
        tekun.add("20200731", {YANCHI: 1}, part=3)
        result = night(tekun)
        assert list(counting(result, "tekun")) == [older]
        assert "in 3 parts lacks part 2" in note(result, "tekun", YANCHI)
        assert "last good of 2020-06-30 stays in force" in note(result, "tekun", YANCHI)

    @pytest.mark.parametrize("stage", ["refused", "conform_refused"])
    def test_a_refused_part_refuses_the_whole_and_says_which(self, tekun: Inbox, stage: str) -> None:
        tekun.add("20200731", {YANCHI: 1}, part=1)
        tekun.add("20200731", {YANCHI: 1}, part=2, **{stage: "a column is missing."})
        result = night(tekun)
        assert result.files == {}
        assert "refused: the delivery of 2020-07-31 in 2 parts, for its part 2: a column is missing" in note(result, "tekun", YANCHI)

    def test_a_part_received_again_replaces_its_number(self, tekun: Inbox) -> None:
        first = tekun.add("20200731", {YANCHI: 1}, part=1)
        tekun.add("20200731", {YANCHI: 1}, part=2, refused="it is corrupt.")
        again = tekun.add("20200731", {YANCHI: 1}, part=2, received=2)
        assert list(counting(night(tekun), "tekun")) == sorted([first, again])

    def test_a_part_refused_when_sent_again_changes_nothing(self, tekun: Inbox) -> None:
        files = [tekun.add("20200731", {YANCHI: 1}, part=number) for number in (1, 2)]
        tekun.add("20200731", {YANCHI: 1}, part=2, received=2, refused="it is corrupt.")
        assert list(counting(night(tekun), "tekun")) == files

    def test_a_redelivery_in_fewer_parts_replaces_all_of_the_first(self, tekun: Inbox) -> None:
        for number in (1, 2, 3):
            tekun.add("20200731", {YANCHI: 1}, part=number)
        names = [tekun.add("20200731", {YANCHI: 1}, name=f"tekun_20200731_new_part{n}.csv", part=n, received=5) for n in (1, 2)]
        assert list(counting(night(tekun), "tekun")) == names

    def test_a_whole_file_received_later_replaces_parts(self, tekun: Inbox) -> None:
        for number in (1, 2):
            tekun.add("20200731", {YANCHI: 1}, part=number)
        whole = tekun.add("20200731", {YANCHI: 1}, received=7)
        assert list(counting(night(tekun), "tekun")) == [whole]

    def test_equal_bytes_in_two_parts_count_once(self, tekun: Inbox) -> None:
        first = tekun.add("20200731", {YANCHI: 1}, part=1, content="a")
        tekun.add("20200731", {YANCHI: 1}, part=2, content="a")
        assert list(counting(night(tekun), "tekun")) == [first]


class TestRedelivery:
    def test_received_later_replaces(self, tekun: Inbox) -> None:
        tekun.add("20200731", {YANCHI: 1}, name="z_20200731.csv", received=1)
        later = tekun.add("20200731", {YANCHI: 2}, name="a_20200731.csv", received=2)
        assert list(counting(night(tekun), "tekun")) == [later]

    def test_received_together_later_by_name_replaces(self, tekun: Inbox) -> None:
        later = tekun.add("20200731", {YANCHI: 1}, name="z_20200731.csv")
        tekun.add("20200731", {YANCHI: 2}, name="a_20200731.csv")
        assert list(counting(night(tekun), "tekun")) == [later]

    @pytest.mark.parametrize("stage", ["refused", "conform_refused"])
    def test_a_refused_redelivery_changes_nothing(self, tekun: Inbox, stage: str) -> None:
        first = tekun.add("20200731", {YANCHI: 1}, received=1)
        tekun.add("20200731", {YANCHI: 2}, received=2, **{stage: "it is empty."})
        result = night(tekun)
        assert list(counting(result, "tekun")) == [first]
        assert note(result, "tekun", YANCHI) == "refused: it is empty; last good of 2020-07-31 stays in force"

    def test_a_refused_file_that_a_good_one_replaced_is_not_mentioned(self, tekun: Inbox) -> None:
        tekun.add("20200731", {YANCHI: 1}, received=1, refused="it is empty.")
        tekun.add("20200731", {YANCHI: 2}, received=2)
        assert "empty" not in note(night(tekun), "tekun", YANCHI)

    def test_the_same_bytes_for_the_same_date_count_once_under_the_first_name(self, tekun: Inbox) -> None:
        first = tekun.add("20200731", {YANCHI: 1}, received=1, content="a")
        tekun.add("20200731", {YANCHI: 1}, received=2, content="a")
        assert list(counting(night(tekun), "tekun")) == [first]

    def test_bytes_sent_again_after_others_are_what_the_department_says_last(self, tekun: Inbox) -> None:
        first = tekun.add("20200731", {YANCHI: 1}, received=1, content="a")
        tekun.add("20200731", {YANCHI: 2}, received=2, content="b")
        tekun.add("20200731", {YANCHI: 1}, received=3, content="a")
        assert list(counting(night(tekun), "tekun")) == [first]

    def test_bytes_refused_under_a_bad_name_are_good_under_another(self, tekun: Inbox) -> None:
        tekun.add("20200731", name="tekun_20200731_640999.csv", content="a", refused="its name gives no county.")
        good = tekun.add("20200731", {YANCHI: 1}, county=YANCHI, content="a")
        assert serving(night(tekun), "tekun", YANCHI) == good

    def test_the_same_bytes_under_a_newer_date_are_a_new_snapshot_unchanged_since(self, tekun: Inbox) -> None:
        for day in ("20200531", "20200630", "20200731"):
            file = tekun.add(day, {YANCHI: 1}, content="a")
        result = night(tekun)
        assert list(counting(result, "tekun")) == [file]
        assert result.coverage.snapshot("tekun", YANCHI) == AS_OF
        assert "unchanged since 2020-05-31" in note(result, "tekun", YANCHI)


class TestEmptyCounty:
    """A county for which a region-wide dibao file holds not one row, although other rosters have residents there, is not covered by it."""

    def test_not_covered_where_another_roster_has_residents(self, dibao: Inbox, tekun: Inbox) -> None:
        dibao.add("20200731", {YANCHI: 3})
        tekun.add("20200731", {TONGXIN: 1})
        result = night(dibao, tekun)
        assert result.coverage.complete("dibao", YANCHI)
        assert not result.coverage.present("dibao", TONGXIN)
        assert "no row of the county" in note(result, "dibao", TONGXIN)
        assert TONGXIN not in counting(result, "dibao")[result.files["dibao"][0].file][0]

    def test_covered_where_nobody_lives_by_any_roster(self, dibao: Inbox, tekun: Inbox) -> None:
        dibao.add("20200731", {YANCHI: 3})
        tekun.add("20200731", {YANCHI: 1})
        assert night(dibao, tekun).coverage.complete("dibao", TONGXIN)

    def test_events_are_no_residents(self, dibao: Inbox, tmp_path: Path) -> None:
        settlements = Inbox(tmp_path, "medical_settlements")
        dibao.add("20200731", {YANCHI: 3})
        settlements.add("20200731", {TONGXIN: 1})
        assert night(dibao, settlements).coverage.complete("dibao", TONGXIN)

    def test_the_older_delivery_that_serves_it_stays_in_force(self, dibao: Inbox, tekun: Inbox) -> None:
        older = dibao.add("20200630", {YANCHI: 3, TONGXIN: 2})
        dibao.add("20200731", {YANCHI: 3})
        tekun.add("20200731", {TONGXIN: 1})
        result = night(dibao, tekun)
        assert serving(result, "dibao", TONGXIN) == older
        assert counting(result, "dibao")[older] == ((TONGXIN,), False)

    def test_a_quarantined_row_is_a_row(self, dibao: Inbox, tekun: Inbox) -> None:
        dibao.add("20200731", {YANCHI: 30}, quarantined={TONGXIN: 1})
        tekun.add("20200731", {TONGXIN: 1})
        assert night(dibao, tekun).coverage.complete("dibao", TONGXIN)

    def test_other_datasets_cover_counties_without_rows(self, dibao: Inbox, tekun: Inbox) -> None:
        tekun.add("20200731", {YANCHI: 3})
        dibao.add("20200731", {TONGXIN: 1})
        assert night(dibao, tekun).coverage.complete("tekun", TONGXIN)


class TestCoverage:
    def test_every_dataset_and_county_has_a_row_and_county_funds_none(self, tekun: Inbox) -> None:
        rows = night(tekun).coverage.rows
        assert len(rows) == 15 * len(REGION.counties)
        assert {row.note.split(";")[0] for row in rows} == {"no delivery serves the county"}
        assert not any(row.covered or row.complete or row.fresh or row.passed for row in rows)

    @pytest.mark.parametrize(
        ("dataset", "day", "fresh"),
        [
            ("tekun", "20200616", True),
            ("tekun", "20200615", False),
            ("disability_certificates", "20200402", True),
            ("disability_certificates", "20200401", False),
        ],
    )
    def test_fresh_up_to_the_contract_s_age(self, tmp_path: Path, dataset: str, day: str, fresh: bool) -> None:
        inbox = Inbox(tmp_path, dataset)
        inbox.add(day, {YANCHI: 1})
        row = night(inbox).coverage.row(dataset, YANCHI)
        assert row is not None
        assert (row.fresh, row.complete, row.covered, row.passed) == (fresh, fresh, True, True)
        assert ("days old" in row.note) is not fresh

    def test_a_failed_county_keeps_its_last_good_snapshot(self, tekun: Inbox) -> None:
        older = tekun.add("20200630", {YANCHI: 1})
        newer = tekun.add("20200731", {YANCHI: 1})
        result = night(tekun, validations=[fail(tekun, newer, YANCHI)])
        assert serving(result, "tekun", YANCHI) == older
        assert serving(result, "tekun", TONGXIN) == newer
        assert result.coverage.complete("tekun", YANCHI)
        assert "failed its expectations" in note(result, "tekun", YANCHI)

    def test_a_failed_county_without_an_earlier_snapshot_is_not_covered(self, tekun: Inbox) -> None:
        only = tekun.add("20200731", {YANCHI: 1})
        result = night(tekun, validations=[fail(tekun, only, YANCHI)])
        assert not result.coverage.present("tekun", YANCHI) and not result.coverage.complete("tekun", YANCHI)
        assert result.coverage.present("tekun", TONGXIN)

    def test_look_ups_of_what_is_not_there(self) -> None:
        empty = Coverage([])
        assert not empty.complete("dibao", YANCHI) and not empty.present("dibao", YANCHI)
        assert empty.snapshot("dibao", YANCHI) is None and not empty.delivered("dibao")

    def test_saved_and_loaded_the_same(self, tekun: Inbox, tmp_path: Path) -> None:
        tekun.add("20200731", {YANCHI: 1}, quarantined={YANCHI: 1})
        result = night(tekun)
        folder = tmp_path / "nights" / "2020-07-31"
        result.save(folder)
        loaded = InForce.load(folder)
        assert loaded.files == result.files and loaded.coverage.rows == result.coverage.rows and loaded.region == result.region
        first = (folder / "in_force.json").read_bytes(), (folder / "coverage.parquet").read_bytes()
        loaded.save(folder)
        assert ((folder / "in_force.json").read_bytes(), (folder / "coverage.parquet").read_bytes()) == first


class TestLate:
    @pytest.mark.parametrize(
        ("dataset", "as_of", "since"),
        [
            ("tekun", date(2020, 7, 31), date(2020, 6, 5)),
            ("tekun", date(2020, 7, 5), date(2020, 6, 5)),
            ("tekun", date(2020, 7, 4), date(2020, 5, 5)),
            ("tekun", date(2020, 1, 10), date(2019, 12, 5)),
            ("poverty_register", date(2020, 7, 31), date(2020, 4, 5)),
            ("poverty_register", date(2020, 7, 4), date(2020, 1, 5)),
            ("poverty_register", date(2020, 9, 30), date(2020, 4, 5)),
        ],
    )
    def test_the_delivery_due_last_is_dated_after_the_due_day_before(self, dataset: str, as_of: date, since: date) -> None:
        assert due_since(CONTRACTS[dataset], as_of) == since

    @pytest.mark.parametrize(("day", "late"), [("20200630", False), ("20200531", True)])
    def test_the_coverage_says_so(self, tekun: Inbox, day: str, late: bool) -> None:
        tekun.add(day, {YANCHI: 1})
        row = night(tekun).coverage.row("tekun", YANCHI)
        assert row is not None and row.late is late
        assert ("late: " in row.note) is late


def fail(inbox: Inbox, file: str, county: str) -> Validation:
    """A validation in which the county fails the delivery of `file`."""
    from pipelines.extracts.expectations import Verdict

    delivery = next(item for item in inbox.deliveries() if file in item.files)
    verdict = Verdict(county, "expect_column_values_to_be_between", "rows_ratio", "critical", "half", "一半", 0.2, "0.20", False)
    return Validation(delivery.key, delivery.dataset, delivery.snapshot, delivery.county_code, (verdict,), inbox.root)
