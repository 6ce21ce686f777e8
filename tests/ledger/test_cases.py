"""One household is one case; households of different registers that share a living person are one."""

from __future__ import annotations

from datetime import date

from pipelines.ledger import queries
from pipelines.ledger.database import Ledger
from pipelines.ledger.publish import publish
from tests.ledger.nights_on_disk import COUNTY, OTHER_COUNTY, Claim, Evening, Someone, write

NIGHT, NEXT = date(2020, 7, 31), date(2020, 8, 1)
HUSBAND, WIFE, SON, STRANGER = Someone(1, "马占海"), Someone(2, "李梅"), Someone(3, "马小海"), Someone(4, "王芳")
LOW, POOR = ("low_income", "F1"), ("poverty_register", "P1")


def cases(ledger: Ledger, as_of: date, *claims: Claim, **more: object) -> list[set[str]]:
    publish(ledger, write(ledger.workspace, Evening(as_of, list(claims), **more)))  # type: ignore[arg-type]
    frame = queries.flags(ledger, as_of)
    return sorted((set(group["rule"]) for _, group in frame.groupby("case_id")), key=sorted)


def test_flags_of_one_household_are_one_case(ledger: Ledger) -> None:
    claims = (Claim("MC-01", HUSBAND, household=LOW), Claim("MC-02", WIFE, household=LOW), Claim("MC-06", STRANGER))
    assert cases(ledger, NIGHT, *claims) == [{"MC-01", "MC-02"}, {"MC-06"}]


def test_households_that_share_a_member_are_one_case(ledger: Ledger) -> None:
    low = Claim("MC-03", HUSBAND, household=LOW, of_household=True, members=(HUSBAND, WIFE))
    poor = Claim("RR-01", WIFE, household=POOR, of_household=True, members=(WIFE, SON))
    assert cases(ledger, NIGHT, low, poor, Claim("SV-02", SON)) == [{"MC-03", "RR-01", "SV-02"}]


def test_persons_flag_ties_its_household_to_others_through_housemates(ledger: Ledger) -> None:
    person = Claim("MC-01", HUSBAND, household=LOW)
    poor = Claim("RR-01", WIFE, household=POOR, of_household=True, members=(WIFE, SON))
    assert cases(ledger, NIGHT, person, poor) == [{"MC-01"}, {"RR-01"}]
    assert cases(ledger, NEXT, person.but(members=(HUSBAND, WIFE)), poor) == [{"MC-01", "RR-01"}]


def test_same_household_number_in_another_register_or_county_is_another_household(ledger: Ledger) -> None:
    other = Claim("RR-01", WIFE, household=("poverty_register", "F1"), of_household=True, members=(WIFE,))
    away = Claim("MC-05", SON, household=LOW, of_household=True, members=(SON,), county=OTHER_COUNTY)
    mine = Claim("MC-03", HUSBAND, household=LOW, of_household=True, members=(HUSBAND,))
    assert cases(ledger, NIGHT, other, away, mine) == [{"MC-03"}, {"MC-05"}, {"RR-01"}]


def test_case_ends_at_the_county_which_is_who_acts(ledger: Ledger) -> None:
    assert cases(ledger, NIGHT, Claim("MC-01", HUSBAND), Claim("UI-01", HUSBAND, county=OTHER_COUNTY)) == [{"MC-01"}, {"UI-01"}]


def test_case_keeps_its_id_while_flags_come_and_go_and_rules_are_suspended(ledger: Ledger) -> None:
    low = Claim("MC-03", HUSBAND, household=LOW, of_household=True, members=(HUSBAND, WIFE))
    cases(ledger, NIGHT, low, Claim("MC-01", WIFE))
    before = set(queries.flags(ledger, NIGHT)["case_id"])
    assert cases(ledger, NEXT, Claim("SV-01", WIFE), suspended=[("MC-03", COUNTY, "dibao")]) == [{"MC-03", "SV-01"}]
    assert set(queries.flags(ledger, NEXT)["case_id"]) == before
