"""A night in the ledger: the life of flags and mismatches over nights, published once, twice, late and again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from pipelines.errors import LedgerError
from pipelines.identity.tokens import open_tokens
from pipelines.ledger import queries, states
from pipelines.ledger.access_log import reveal
from pipelines.ledger.database import Ledger
from pipelines.ledger.kinds import MISMATCHES
from pipelines.ledger.publish import Published, publish
from pipelines.ledger.results import record_result
from pipelines.ledger.staged import flag_key
from tests.ledger.nights_on_disk import COUNTY, OTHER_COUNTY, Claim, Clash, Evening, Someone, write

FIRST, SECOND, THIRD = date(2020, 7, 30), date(2020, 7, 31), date(2020, 8, 1)
MA, LI, WANG = Someone(1), Someone(2, "李梅"), Someone(0, "王五")
LOST, POOR = Claim("MC-01", MA), Claim("MC-03", LI, household=("low_income", "F1"), of_household=True, members=(MA, LI))


def night(ledger: Ledger, as_of: date, *claims: Claim, version: str = "1", **more: object) -> Published:
    return publish(ledger, write(ledger.workspace, Evening(as_of, list(claims), **more), version))  # type: ignore[arg-type]


def key(ledger: Ledger, claim: Claim) -> str:
    tokens = open_tokens(ledger.workspace)
    token = tokens.of_number(claim.about.id_number or "")
    if claim.of_household and claim.household:
        token = tokens.of_record(f"household:{claim.household[0]}", claim.household[1])
    return flag_key(claim.rule, token, claim.county)


def seen(ledger: Ledger, as_of: date, wanted: tuple[str, ...] = states.STATES) -> dict[str, str]:
    frame = queries.flags(ledger, as_of, wanted=wanted)
    return dict(zip(frame["flag_id"], frame["state"], strict=True))


def happened(ledger: Ledger, as_of: date) -> set[tuple[str, str, str | None]]:
    frame = queries.changes(ledger, as_of)
    return set(zip(frame["flag_id"], frame["kind"], frame["reason"], strict=True))


def everything(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    """All that the ledger says, without what is sealed anew, counted or timed."""
    told = {
        "flags": "flag_id, state, checked, first_seen, last_seen, raised_on, due, grade, township, case_id, content, edition, policy_version",
        "flag_versions": "flag_id, from_night, until_night, state, checked, first_seen, raised_on, due, grade, case_id, content, last_checked",
        "flag_events": "flag_id, as_of, kind, reason, result_code, withdraws IS NULL",
        "flag_evidence": "flag_id, edition, seq, dataset, file, line, field, shows, value IS NULL",
        "flag_members": "flag_id, edition, person",
        "mismatches": "mismatch_id, state, checked, first_seen, last_seen, content",
        "mismatch_versions": "mismatch_id, from_night, until_night, state, checked, content",
        "mismatch_events": "mismatch_id, as_of, kind, reason",
        "mismatch_evidence": "mismatch_id, edition, seq, side, dataset, value IS NULL",
        "persons": "token, content, as_of",
        "match_runs": "as_of, attempt, state, digest, inputs, counts, policy_version",
        "coverage": "dataset, county_code, snapshot, complete, rows",
        "suspensions": "rule, county_code, dataset, reason",
        "denominators": '"check", county_code, dataset, checked',
    }
    with ledger.transaction() as connection:
        found = {table: connection.execute(text(f"SELECT {columns} FROM {table}")).all() for table, columns in told.items()}
    return {table: sorted(map(tuple, rows), key=repr) for table, rows in found.items()}


def test_flag_is_raised_stands_and_is_cleared_with_the_reason(ledger: Ledger) -> None:
    lost, poor = key(ledger, LOST), key(ledger, POOR)
    first = night(ledger, FIRST, LOST, POOR)
    assert (first.flags["new"], first.flags["raised"]) == (2, 2)
    assert seen(ledger, FIRST) == {lost: "open", poor: "open"}
    second = night(ledger, SECOND, LOST, status=[(MA, "covered"), (LI, "covered")])
    assert (second.flags["still_true"], second.flags["cleared_by_data"]) == (1, 1)
    assert happened(ledger, SECOND) == {(poor, "cleared_by_data", "covered")}
    assert seen(ledger, SECOND) == {lost: "open", poor: "cleared_by_data"}
    assert seen(ledger, SECOND, states.WAITING) == {lost: "open"}
    assert seen(ledger, FIRST) == {lost: "open", poor: "open"}


@pytest.mark.parametrize(
    ("tonight", "status", "why"),
    [
        ((), [(MA, "deceased")], "deceased"),
        ((), [(MA, "covered"), (MA, "deceased")], "deceased"),
        ((LOST.but(county=OTHER_COUNTY),), [], "moved"),
        ((LOST.but(rule="MC-02"),), [], "other_rule"),
        ((), [], "no_longer"),
    ],
)
def test_flag_is_never_cleared_without_a_reason(ledger: Ledger, tonight: tuple[Claim, ...], status: list[tuple[Someone, str]], why: str) -> None:
    night(ledger, FIRST, LOST)
    night(ledger, SECOND, *tonight, status=status)
    assert (key(ledger, LOST), "cleared_by_data", why) in happened(ledger, SECOND)


def test_household_is_covered_only_when_every_member_is(ledger: Ledger) -> None:
    night(ledger, FIRST, POOR)
    night(ledger, SECOND, status=[(MA, "covered")])
    assert happened(ledger, SECOND) == {(key(ledger, POOR), "cleared_by_data", "no_longer")}


def test_being_covered_is_no_reason_on_a_service_list(ledger: Ledger) -> None:
    night(ledger, FIRST, Claim("SV-02", MA), Claim("SV-02", LI))
    night(ledger, SECOND, status=[(MA, "covered"), (LI, "covered"), (LI, "deceased")])
    assert {reason for *_, reason in happened(ledger, SECOND)} == {"no_longer", "deceased"}


def test_same_night_again_changes_nothing(ledger: Ledger) -> None:
    first = night(ledger, FIRST, LOST, POOR, clashes=[Clash("EN-01", MA)])
    before = everything(ledger)
    again = night(ledger, FIRST, LOST, POOR, clashes=[Clash("EN-01", MA)])
    assert again.repeated
    assert again.run_id == first.run_id
    assert everything(ledger) == before


def test_same_night_by_other_code_adds_an_attempt_and_no_event(ledger: Ledger) -> None:
    night(ledger, FIRST, LOST)
    before = everything(ledger)
    night(ledger, FIRST, LOST, version="2")
    after = everything(ledger)
    assert [row[:3] for row in after["match_runs"]] == [(FIRST, 1, "replaced"), (FIRST, 2, "published")]
    assert after["flag_events"] == before["flag_events"]
    assert after["flag_versions"] == before["flag_versions"]


def test_due_date_counts_from_first_publication_and_stays(ledger: Ledger) -> None:
    night(ledger, FIRST, LOST)  # a Thursday: 3 working days
    night(ledger, SECOND, LOST.but(value="一级"))
    frame = queries.flags(ledger, SECOND)
    assert (frame["first_seen"][0], frame["due"][0], frame["last_seen"][0]) == (FIRST, date(2020, 8, 4), SECOND)


def test_fresh_delivery_of_the_same_facts_is_no_change(ledger: Ledger) -> None:
    night(ledger, FIRST, LOST)
    night(ledger, SECOND, LOST.but(delivered=20200801))
    assert happened(ledger, SECOND) == set()
    sources = [set(queries.evidence(ledger, day, reveal=reveal(ledger, "test", "evidence", "test"))["file"]) for day in (FIRST, SECOND)]
    assert sources == [{"low_income_20200731.csv"}, {"low_income_20200801.csv"}]


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (LOST.but(value="一级"), "evidence"),
        (LOST.but(grade="orange"), "grade"),
        (LOST.but(township=None), "place"),
        (LOST.but(state="identity_check"), "identity"),
    ],
)
def test_change_says_what_changed(ledger: Ledger, now: Claim, why: str) -> None:
    night(ledger, FIRST, LOST)
    night(ledger, SECOND, now)
    assert happened(ledger, SECOND) == {(key(ledger, LOST), "changed", why)}


def test_suspended_rule_leaves_its_flags_marked_not_checked(ledger: Ledger) -> None:
    lost = key(ledger, LOST)
    night(ledger, FIRST, LOST, POOR)
    night(ledger, SECOND, suspended=[("MC-01", COUNTY, "dibao"), ("MC-03", OTHER_COUNTY, "dibao")])
    frame = queries.flags(ledger, SECOND)
    assert [*zip(frame["flag_id"], frame["state"], frame["checked"], frame["last_seen"], strict=True)] == [(lost, "open", False, FIRST)]
    assert (lost, "suspended", None) in happened(ledger, SECOND)
    night(ledger, THIRD, LOST)
    assert happened(ledger, THIRD) == {(lost, "resumed", None)}
    assert queries.flags(ledger, THIRD)["checked"].tolist() == [True]


def test_flag_whose_rule_resumes_without_it_is_cleared(ledger: Ledger) -> None:
    night(ledger, FIRST, LOST)
    night(ledger, SECOND, suspended=[("MC-01", COUNTY, "dibao")])
    night(ledger, THIRD)
    assert happened(ledger, THIRD) == {(key(ledger, LOST), "cleared_by_data", "no_longer")}


def test_flag_that_comes_back_is_due_anew_and_remembers_when_it_was_first_seen(ledger: Ledger) -> None:
    night(ledger, FIRST, LOST)
    night(ledger, SECOND)
    night(ledger, THIRD, LOST)
    frame = queries.flags(ledger, THIRD)
    assert (frame["first_seen"][0], frame["raised_on"][0], frame["due"][0]) == (FIRST, THIRD, date(2020, 8, 5))
    assert happened(ledger, THIRD) == {(key(ledger, LOST), "raised", "returned")}


def test_earlier_night_again_leaves_later_nights_alone(ledger: Ledger) -> None:
    night(ledger, FIRST, LOST, POOR)
    night(ledger, SECOND, LOST, POOR)
    night(ledger, THIRD, LOST)
    before = {day: (seen(ledger, day), happened(ledger, day)) for day in (FIRST, SECOND, THIRD)}
    ui = Claim("UI-01", Someone(7), grade="orange")
    night(ledger, SECOND, POOR.but(value="x"), ui)
    assert seen(ledger, SECOND) == {key(ledger, LOST): "cleared_by_data", key(ledger, POOR): "open", key(ledger, ui): "open"}
    assert {day: (seen(ledger, day), happened(ledger, day)) for day in (FIRST, THIRD)} | {SECOND: before[SECOND]} == {
        **before,
        THIRD: ({**before[THIRD][0], key(ledger, ui): "cleared_by_data"}, before[THIRD][1]),
    }
    night(ledger, SECOND, LOST, POOR)
    assert seen(ledger, SECOND, states.WAITING) == {key(ledger, LOST): "open", key(ledger, POOR): "open"}
    assert happened(ledger, SECOND) == before[SECOND][1]


def test_night_between_two_published_ones_can_come_late(ledger: Ledger) -> None:
    night(ledger, FIRST, LOST)
    night(ledger, THIRD, LOST)
    night(ledger, SECOND)
    assert [seen(ledger, day, states.WAITING) for day in (FIRST, SECOND, THIRD)] == [{key(ledger, LOST): "open"}, {}, {key(ledger, LOST): "open"}]


def test_latest_night_again_withdraws_what_no_longer_holds(ledger: Ledger) -> None:
    night(ledger, FIRST, LOST, POOR)
    night(ledger, FIRST, LOST)
    assert seen(ledger, FIRST) == {key(ledger, LOST): "open"}
    assert happened(ledger, FIRST) == {(key(ledger, LOST), "raised", None)}
    with ledger.transaction() as connection:
        kinds = connection.execute(text("SELECT kind FROM flag_events WHERE flag_id = :key ORDER BY event_id"), {"key": key(ledger, POOR)})
        assert list(kinds.scalars()) == ["raised", "withdrawn"]


def test_negative_result_silences_until_time_is_up(ledger: Ledger) -> None:
    lost = key(ledger, LOST)
    night(ledger, FIRST, LOST)
    record_result(ledger, lost, 61, verifier="张干部", verified_on=SECOND, note="收入超标")
    assert seen(ledger, FIRST) == {lost: "open"}
    night(ledger, SECOND, LOST.but(delivered=20200731))
    night(ledger, THIRD, LOST.but(delivered=20200801))
    assert seen(ledger, THIRD) == {lost: "closed"}
    late = SECOND + timedelta(days=179)
    night(ledger, late, LOST)
    assert seen(ledger, late) == {lost: "closed"}
    night(ledger, late + timedelta(days=1), LOST)
    assert seen(ledger, late + timedelta(days=1)) == {lost: "open"}
    frame = queries.changes(ledger, late + timedelta(days=1))
    assert [*zip(frame["kind"], frame["reason"], frame["result_code"], strict=True)] == [("reopened", "time", 61)]


def test_negative_result_silences_until_the_evidence_says_something_else(ledger: Ledger) -> None:
    lost = key(ledger, LOST)
    night(ledger, FIRST, LOST)
    record_result(ledger, lost, 80, verifier="张干部", verified_on=FIRST)
    night(ledger, SECOND, LOST)
    night(ledger, THIRD, LOST.but(value="一级"))
    assert [seen(ledger, day)[lost] for day in (FIRST, SECOND, THIRD)] == ["open", "closed", "open"]
    assert (lost, "reopened", "evidence") in happened(ledger, THIRD)
    assert queries.flags(ledger, THIRD)["due"][0] == date(2020, 8, 5)


def test_negative_result_silences_a_flag_that_was_cleared_meanwhile(ledger: Ledger) -> None:
    lost = key(ledger, LOST)
    night(ledger, FIRST, LOST)
    record_result(ledger, lost, 65, verifier="张干部", verified_on=FIRST)
    night(ledger, SECOND)
    assert seen(ledger, SECOND) == {lost: "closed"}
    night(ledger, THIRD, LOST)
    assert seen(ledger, THIRD) == {lost: "closed"}
    assert happened(ledger, THIRD) == {(lost, "silenced", None)}


def test_helped_family_stays_closed_and_is_asked_again_only_after_it_was_cleared(ledger: Ledger) -> None:
    lost = key(ledger, LOST)
    night(ledger, FIRST, LOST)
    record_result(ledger, lost, 10, verifier="张干部", verified_on=FIRST)
    night(ledger, SECOND, LOST.but(value="一级"))
    assert seen(ledger, SECOND) == {lost: "closed"}
    night(ledger, THIRD)
    night(ledger, THIRD + timedelta(days=1), LOST)
    assert seen(ledger, THIRD + timedelta(days=1)) == {lost: "open"}


def test_earlier_night_again_does_not_know_later_results(ledger: Ledger) -> None:
    lost = key(ledger, LOST)
    night(ledger, FIRST, LOST)
    record_result(ledger, lost, 61, verifier="张干部", verified_on=SECOND)
    night(ledger, SECOND, LOST)
    night(ledger, FIRST, LOST, POOR)
    assert seen(ledger, FIRST) == {lost: "open", key(ledger, POOR): "open"}
    assert seen(ledger, SECOND)[lost] == "closed"


def test_results_need_a_known_flag_and_code(ledger: Ledger) -> None:
    night(ledger, FIRST, LOST)
    with pytest.raises(LedgerError, match="no result code"):
        record_result(ledger, key(ledger, LOST), 12, verifier="张干部", verified_on=FIRST)
    with pytest.raises(LedgerError, match="has no flag"):
        record_result(ledger, "MC-01-0000000000000000", 61, verifier="张干部", verified_on=FIRST)


def test_mismatches_live_alike_and_a_records_keeps_its_identity_over_deliveries(ledger: Ledger) -> None:
    night(ledger, FIRST, clashes=[Clash("ID-01", WANG, "record:dibao:dibao_20200730.csv:9"), Clash("EN-01", MA)])
    night(ledger, SECOND, clashes=[Clash("ID-01", WANG, "record:dibao:dibao_20200731.csv:12")])
    frame = queries.mismatches(ledger, SECOND, reveal=reveal(ledger, "test", "mismatches", "test"))
    assert frame[["check", "subject", "first_seen"]].to_numpy().tolist() == [["ID-01", "record:dibao:dibao_20200731.csv:12", FIRST]]
    assert queries.changes(ledger, SECOND, MISMATCHES)["kind"].tolist() == ["cleared_by_data"]


def test_check_of_halves_is_not_checked_only_where_the_missing_half_matters(ledger: Ledger) -> None:
    dibao, tekun = Clash("EN-07", MA, datasets="dibao;poverty_register"), Clash("EN-07", LI, datasets="poverty_register;tekun")
    night(ledger, FIRST, clashes=[dibao, tekun])
    night(ledger, SECOND, suspended=[("EN-07", COUNTY, "dibao")], checked=[("EN-07", COUNTY)])
    frame = queries.mismatches(ledger, SECOND)
    assert frame[["datasets", "checked"]].to_numpy().tolist() == [["dibao;poverty_register", False]]
    night(ledger, THIRD, suspended=[("EN-07", COUNTY, "poverty_register")])
    assert queries.mismatches(ledger, THIRD)["checked"].tolist() == [False]


def test_runs_say_what_was_read_and_coverage_what_was_not(ledger: Ledger) -> None:
    night(ledger, FIRST, LOST)
    night(ledger, SECOND, suspended=[("MC-01", COUNTY, "dibao")])
    run = queries.run_of(ledger, SECOND)
    assert (run.previous, run.attempt, run.inputs[0]["file"], run.counts["flags"]["unchecked"]) == (FIRST, 1, "dibao_20200731.csv", 1)
    assert queries.coverage(ledger, SECOND)[["dataset", "county_code", "complete", "rows"]].to_numpy().tolist() == [["dibao", COUNTY, True, 10]]
    assert queries.suspensions(ledger, SECOND)["rule"].tolist() == ["MC-01"]
    assert queries.suspensions(ledger, FIRST).empty
    with pytest.raises(LedgerError, match="has not been published"):
        queries.run_of(ledger, THIRD)


def test_night_whose_files_do_not_fit_is_refused_whole(ledger: Ledger) -> None:
    files = write(ledger.workspace, Evening(FIRST, [LOST]))
    stray = write(ledger.workspace, Evening(SECOND, [POOR]))
    (files.folder / "evidence.parquet").write_bytes((stray.folder / "evidence.parquet").read_bytes())
    with pytest.raises(LedgerError, match=r"evidence\.parquet"):
        publish(ledger, files)
    assert all(not rows for rows in everything(ledger).values())


def test_empty_night_is_a_night(ledger: Ledger) -> None:
    assert night(ledger, FIRST).flags["standing"] == 0
    assert seen(ledger, FIRST) == {}
