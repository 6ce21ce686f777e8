from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.contracts import load_contracts
from pipelines.errors import PolicyError
from pipelines.facts import DATASETS
from pipelines.policy import Policy, load_policy, shift_month
from pipelines.rules.evidence import Constant, Source
from pipelines.rules.proofs import PROOFS
from pipelines.workspace import DEFAULT_POLICY, PROJECT

FILE = DEFAULT_POLICY.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(DEFAULT_POLICY)


def changed(folder: Path, old: str, new: str) -> Path:
    assert old in FILE
    path = folder / "policy.yaml"
    path.write_text(FILE.replace(old, new, 1), encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    return str(caught.value)


def test_region_has_the_22_county_units_of_five_cities(policy: Policy) -> None:
    assert len(policy.region.counties) == 22
    assert policy.region.counties["640323"] == "盐池县"
    assert policy.region.city("640323") == "吴忠市"
    assert policy.region.city("610101") == ""
    assert {policy.region.city(county) for county in policy.region.counties} == {"银川市", "石嘴山市", "吴忠市", "固原市", "中卫市"}


@pytest.mark.parametrize(
    ("county", "category", "yuan"),
    [("640104", "urban", 620), ("640181", "urban", 620), ("640323", "urban", 600), ("640104", "rural", 380), ("640522", "rural", 380)],
)
def test_standard(policy: Policy, county: str, category: str, yuan: int) -> None:
    assert policy.standard(county, category, date(2020, 7, 31)) == yuan * 100


def test_a_later_standard_holds_from_its_date(tmp_path: Path) -> None:
    row = "  - {from: 2020-07-01, category: rural, amount: 400.50, clause: 一(一), source: 试验, counties: ['640323']}\n"
    policy = load_policy(changed(tmp_path, "standards:\n", f"standards:\n{row}"))
    assert policy.standard("640323", "rural", date(2020, 6, 30)) == 38000
    assert policy.standard("640323", "rural", date(2020, 7, 1)) == 40050
    assert policy.standard("640324", "rural", date(2020, 7, 1)) == 38000


def test_a_missing_standard_is_an_error_that_names_county_category_and_date(policy: Policy) -> None:
    with pytest.raises(PolicyError, match=r"urban.*640104.*2019-12-31"):
        policy.standards(date(2019, 12, 31))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("low_income:\n", "lowincome:\n", "low_income"),
        ("  edge: 1.5\n", "  edge: 1.5\n  edges: 2\n", "low_income.edges"),
        ("  window_end: 2020-06\n", "  window_end: 2020-13\n", "unemployment.window_end"),
        ("  window_end: 2020-06\n", "", "unemployment.window_end"),
        ("  edge: 1.5\n", "  edge: 1.5\n  edge: 2\n", "'edge' is given twice"),
        ("  level_three: []\n", "  level_three: [640999]\n", "640999"),
        ("  - rules: [MC-01, MC-02]\n", "  - rules: [MC-01, MC-99]\n", "MC-99"),
        ("    amount: 620\n", "    amount: 620.005\n", "standards.0.amount"),
        ("{low_income.edge}倍", "{low_income.edges}倍", "MC-01"),
        ("  red: 3\n", "  red: three\n", "grades.red"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert named in refusal(changed(tmp_path, old, new))


def test_a_standard_given_twice_is_refused(tmp_path: Path) -> None:
    row = "  - {from: 2020-01-01, category: rural, amount: 381, clause: 一(一), source: 试验, counties: ['640323']}\n"
    assert "640323" in refusal(changed(tmp_path, "standards:\n", f"standards:\n{row}"))


def test_no_file_is_an_error(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "none.yaml")


def test_counties_of_a_switch_may_stand_without_quotes(tmp_path: Path) -> None:
    policy = load_policy(changed(tmp_path, "  level_three: []\n", "  level_three: [640323]\n"))
    assert policy.document.severe_disability.level_three == ("640323",)


def test_window_ends_with_the_policys_month_or_the_last_complete_one(policy: Policy, tmp_path: Path) -> None:
    assert policy.window(date(2020, 9, 15)) == (202004, 202006, 20200630)
    later = load_policy(changed(tmp_path, "  window_end: 2020-06\n", "  window_end: null\n"))
    assert later.window(date(2021, 3, 31)) == (202012, 202102, 20210228)
    assert later.window(date(2021, 1, 1)) == (202010, 202012, 20201231)


@pytest.mark.parametrize(
    ("published", "grade", "rule", "due"),
    [
        (date(2020, 7, 31), "red", "MC-03", date(2020, 8, 5)),
        (date(2020, 7, 31), "orange", "UI-01", date(2020, 8, 11)),
        # 2020-09-27 is a Sunday worked in exchange; 1 to 8 October are off, the 10th is a Saturday worked
        (date(2020, 9, 25), "red", "MC-03", date(2020, 9, 29)),
        (date(2020, 9, 29), "red", "MC-03", date(2020, 10, 10)),
        # due by 2020-08-31 at the latest
        (date(2020, 8, 28), "red", "MC-01", date(2020, 8, 31)),
        (date(2020, 8, 28), "red", "MC-03", date(2020, 9, 2)),
        (date(2020, 8, 31), "red", "MC-01", date(2020, 9, 3)),
        (date(2020, 7, 31), "red", "MC-02", date(2020, 8, 5)),
    ],
)
def test_due_dates_count_working_days_from_first_publication(policy: Policy, published: date, grade: str, rule: str, due: date) -> None:
    assert policy.due_date(published, grade, rule) == (due, False)


def test_years_that_the_library_does_not_know_are_provisional_unless_the_policy_knows_them(policy: Policy, tmp_path: Path) -> None:
    assert policy.due_date(date(2098, 12, 30), "red", "MC-03") == (date(2099, 1, 2), True)
    overlay = "calendar:\n  2098: {holidays: [], workdays: []}\n  2099: {holidays: [2099-01-01], workdays: [2099-01-03]}\n"
    known = load_policy(changed(tmp_path, "calendar: {}\n", overlay))
    assert known.due_date(date(2098, 12, 30), "red", "MC-03") == (date(2099, 1, 3), False)


def test_multiples_are_exact(policy: Policy) -> None:
    assert policy.assistance_multiples == {"急难型": Fraction(2), "支出型": Fraction(3), "个人": Fraction(3, 2)}


def test_every_rule_has_words_and_every_need_is_a_dataset(policy: Policy) -> None:
    contracts = load_contracts(PROJECT / "schemas")
    assert set(DATASETS) < set(contracts)
    for name in [*policy.rules, *policy.checks]:
        needs = policy.needs(name)
        assert policy.clause(name).number
        assert "{" not in policy.clause(name).text
        named = {dataset for group in needs.presence for dataset in group} | {*needs.absence, *needs.after_window, *needs.uses}
        assert named <= set(DATASETS), name
        assert set(needs.after_window) <= set(needs.absence)


def test_every_flag_rule_is_proven_in_words_of_the_policy(policy: Policy) -> None:
    assert set(PROOFS) == set(policy.rules)
    for proofs in PROOFS.values():
        for proof in proofs:
            shown = {proof.shows} if isinstance(proof, Constant) else {cell.shows for cell in proof.cells} | {proof.absent} - {""}
            assert shown <= set(policy.shows)
            assert isinstance(proof, Constant | Source)


def test_months_move_over_the_year() -> None:
    assert shift_month(202001, -1) == 201912
    assert shift_month(202007, -12) == 201907
    assert shift_month(201911, 3) == 202002
