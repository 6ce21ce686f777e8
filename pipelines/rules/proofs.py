"""What proves each rule, declared per rule: the source rows and the policy's numbers behind every condition (gathered by rules/evidence.py)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from pipelines.facts import Facts, deaths, households, illness, medical
from pipelines.facts.tables import among, yuan
from pipelines.policy import Policy
from pipelines.rules.evidence import COVERED, UNCOVERED, Cell, Constant, Proof, Rows, Source
from pipelines.rules.unemployment_gap import candidate_rows


def _cells(shows: str, *fields: str, blank: Sequence[str] = ()) -> tuple[Cell, ...]:
    """Cells that show the same; those of `blank` are told even where empty, because the emptiness matters."""
    return tuple(Cell(field, shows, field in blank) for field in fields)


def _rows(dataset: str) -> Rows:
    """Every row of a dataset."""
    return lambda facts, _: facts.records[dataset]


def _number(section: str, key: str, shows: str, clause: str = "clause") -> Constant:
    """A number of the policy file, by its section and key."""

    def value(policy: Policy) -> tuple[str, str]:
        holder = getattr(policy.document, section)
        found = getattr(holder, key)
        written = "、".join(str(part) for part in found) or "无" if isinstance(found, tuple) else str(found)
        return written, getattr(holder, clause)

    return Constant(f"{section}.{key}", shows, lambda facts: value(facts.policy))


def _months(facts: Facts) -> str:
    first, last, _ = facts.window
    return f"{first // 100}-{first % 100:02d} 至 {last // 100}-{last % 100:02d}"


def _standard(facts: Facts, rows: ir.Table) -> ir.Table:
    """S of each row that has `standard`, as a row of the policy; `person`, `household` and `county_code` as given."""
    known = rows.filter(rows.standard.notnull())
    return known.select(
        "person",
        "county_code",
        household=known.household if "household" in known.columns else ibis.null("string"),
        standard=yuan(known.standard),
        file=ibis.literal(facts.policy.id),
        line=ibis.literal("一(一)"),
    )


def _family_standard(facts: Facts, _: ir.Table) -> ir.Table:
    return _standard(facts, facts.low_income).mutate(person=ibis.null("int64"))


def _dibao_standard(facts: Facts, _: ir.Table) -> ir.Table:
    keyed = facts.standards.select("county_code", category_key=facts.standards.category, standard=facts.standards.amount)
    return _standard(facts, facts.active_dibao.join(keyed, ["county_code", "category_key"]))


def _deaths_in(dataset: str) -> Rows:
    return lambda facts, _: deaths.statements_of(facts.records, dataset)


def _bills(facts: Facts, people: ir.Table) -> ir.Table:
    """One row per counted bill of `people`; of a settlement delivered twice the row that counts."""
    rows = among(medical.counted_rows(facts.records, facts.year_ago, facts.day), people)
    order = [rows.self_pay.desc(), rows.file, rows.line_no, rows.member_no]
    place = ibis.row_number().over(group_by=[rows.person, rows.settlement_id], order_by=order)
    return rows.mutate(place_in_line=place).filter(ibis._.place_in_line == 0)


def _self_pay(facts: Facts, people: ir.Table) -> ir.Table:
    """The sum of the counted bills of each of `people`; in place of a line it has the sign of a sum."""
    bills = medical.bills(facts.records, people, facts.year_ago, facts.day)
    sums = medical.self_pay(bills)
    return sums.select("person", self_pay=yuan(sums.self_pay), line=ibis.literal("Σ"))


def _in_medical_shock(rows: Rows) -> Rows:
    """The same rows of people whose household's bills reach the line together; of others they prove nothing."""

    def narrowed(facts: Facts, people: ir.Table) -> ir.Table:
        hit = facts.shocks.filter(facts.shocks.kind == "medical").select("household", "county_code")
        members = facts.members.filter(facts.members.household_dataset == "poverty_register").semi_join(hit, ["household", "county_code"])
        return rows(facts, among(people, members))

    return narrowed


def _lost_contributions(dataset: str) -> Rows:
    """The contributions of people whose latest one is as old as a lost job's."""

    def rows(facts: Facts, people: ir.Table) -> ir.Table:
        first, last = facts.policy.document.relapse.job_months
        latest = households.last_contributions(facts.records, people)
        lost = latest.filter(latest.last_paid_month >= facts.months_back(last), latest.last_paid_month <= facts.months_back(first))
        found = among(facts.records[dataset], lost)
        return found.filter(found.scheme.isin(households.PENSION_SCHEMES)) if "scheme" in found.columns else found

    return rows


def _born(rows: ir.Table) -> ir.Table:
    """The rows with the birth date that counts: of the valid number, else of the column, else of the invalid number."""
    by_column = ibis.coalesce(rows.birth_date, rows.id_birth_date)
    return rows.mutate(birth_date=ibis.ifelse(rows.id_status == "valid", rows.id_birth_date, by_column))


def _candidates(dataset: str) -> Rows:
    return lambda facts, _: _born(candidate_rows(facts)[dataset])


def _out_of_work(dataset: str) -> Rows:
    return lambda facts, _: households.out_of_work(facts.records)[dataset]


def _pension_contributions(facts: Facts, _: ir.Table) -> ir.Table:
    rows = facts.records["social_insurance"]
    return rows.filter(rows.scheme.isin(households.PENSION_SCHEMES))


def _recent_assistance(facts: Facts, _: ir.Table) -> ir.Table:
    rows = facts.records["temporary_assistance"]
    return rows.filter(rows.granted_on > facts.year_ago, rows.granted_on <= facts.day)


_COVER = ("status", "start_month", "end_month")
_DIBAO = _cells("cover", "is_covered", *_COVER)
_TEKUN = _cells("cover", *_COVER, "stop_reason")
_BIRTH = _cells("birth_date", "birth_date")

NOT_COVERED: tuple[Proof, ...] = (
    Source("dibao", _cells("ended_cover", "is_covered", *_COVER), _rows("dibao"), whom=UNCOVERED, absent="not_on_roster"),
    Source("tekun", _cells("ended_cover", *_COVER, "stop_reason"), _rows("tekun"), whom=UNCOVERED, absent="not_on_roster"),
)
COVERED_MEMBERS: tuple[Proof, ...] = (
    Source("dibao", _cells("covered_member", "scheme", *_COVER), lambda facts, _: facts.active_dibao, whom=COVERED),
    Source("tekun", _cells("covered_member", *_COVER), lambda facts, _: facts.active_tekun, whom=COVERED),
)
DEATHS = tuple(Source(dataset, _cells("death_statement", "death_date", blank=["death_date"]), _deaths_in(dataset)) for dataset in deaths.SOURCES)
NOT_DECEASED = tuple(
    Source(proof.dataset, proof.cells, proof.rows, absent="" if proof.dataset in ("dibao", "tekun") else "no_death_statement") for proof in DEATHS
)

_INCOME = (
    *_cells("property_compliant", "property_compliant"),
    *_cells("income", "category", "per_capita_income"),
    *_cells("employment_cost", "employment_cost"),
    *_cells("household_size", "household_size"),
    *_cells("recognised", "recognised_on", "valid_until", blank=["valid_until"]),
)
LOW_INCOME: tuple[Proof, ...] = (
    Source("low_income", _INCOME, lambda facts, _: facts.low_income),
    Source("policy", _cells("standard", "standard"), lambda facts, _: _standard(facts, facts.low_income), reads=("low_income",)),
    _number("low_income", "edge", "edge"),
)
LOW_INCOME_FAMILY: tuple[Source, ...] = (
    Source("low_income", _INCOME, lambda facts, _: facts.low_income, on="household"),
    Source("policy", _cells("standard", "standard"), _family_standard, on="household", reads=("low_income",)),
)
SEVERE: tuple[Proof, ...] = (
    Source(
        "disability_certificates",
        _cells("severe_certificate", "certificate_number", "category", "level", "components", "status", "valid_until", blank=["valid_until"]),
        lambda facts, _: facts.certificates.filter(facts.certificates.severe),
    ),
    _number("severe_disability", "levels", "severe_levels"),
    _number("severe_disability", "level_three", "level_three_county"),
)
ILL: tuple[Proof, ...] = (
    Source(
        "serious_illness",
        _cells("illness", "disease_name", "disease_code", "recognised_on", "valid_until", blank=["valid_until"]),
        lambda facts, _: illness.in_force(facts.illnesses, facts.day),
    ),
    _number("serious_illness", "diseases", "disease_list"),
)
NOT_ILL = Source(
    "serious_illness", _cells("ended_illness", "disease_name", "recognised_on", "valid_until"), _rows("serious_illness"), absent="not_on_list"
)
BILLS: tuple[Source, ...] = (
    Source("medical_settlements", _cells("self_pay_sum", "self_pay"), _self_pay),
    Source("medical_settlements", _cells("self_pay", "settled_on", "in_scope_cost", "fund_paid"), _bills),
)
SELF_PAY_LINE = _number("self_pay", "yuan", "self_pay_line")
POVERTY = _cells("member_of_register", "year", "household_no", "poverty_status")
OUT_OF_WORK: tuple[Source, ...] = (
    Source(
        "migrant_workers",
        (*_cells("not_back_at_work", "work_status", "stopped_on", "work_county"), *_cells("hukou", "hukou_type"),
         *_cells("last_income", "last_income_month", blank=["last_income_month"])),
        _rows("migrant_workers"),
    ),
    Source(
        "unemployment_registration",
        (*_cells("registered_unemployed", "status", "registered_on", "migrant_worker", "work_county"), *_cells("hukou", "hukou_type")),
        _rows("unemployment_registration"),
    ),
)  # fmt: skip
UNEMPLOYMENT: tuple[Proof, ...] = (
    *OUT_OF_WORK,
    *(Source(name, _BIRTH, _candidates(name)) for name in ("migrant_workers", "unemployment_registration")),
    _number("unemployment", "ages", "age_limit"),
    Constant("unemployment.window", "window", lambda facts: (_months(facts), "二(一)")),
    Source("social_insurance", _cells("contribution", "scheme", "status", "last_paid_month"), _pension_contributions, absent="no_contribution"),
    Source(
        "unemployment_insurance",
        _cells("contribution", "status", "first_paid_month", "last_paid_month", "months_paid", blank=["last_paid_month"]),
        _rows("unemployment_insurance"),
        absent="no_contribution",
    ),
    Source(
        "unemployment_benefit",
        _cells("benefit", "benefit_type", "start_month", "end_month", "status"),
        _rows("unemployment_benefit"),
        absent="no_benefit",
    ),
    _number("unemployment", "grant_since", "grant_since"),
    Source("temporary_assistance", _cells("assistance", "assistance_type", "amount", "granted_on"), _rows("temporary_assistance"), absent="no_grant"),
    *NOT_COVERED,
    *NOT_DECEASED,
    *BILLS,
)
REGISTER = Source(
    "poverty_register",
    (*_cells("poverty_status", "poverty_status"), *_cells("monitor_type", "monitor_type", blank=["monitor_type"]),
     *_cells("risk_cleared", "risk_cleared", blank=["risk_cleared"]), *_cells("net_income", "per_capita_net_income")),
    lambda facts, _: facts.poverty,
    on="household",
)  # fmt: skip
ASSISTANCE = Source("temporary_assistance", _cells("assistance", "assistance_type", "amount", "granted_on"), _recent_assistance)
SHOCKS: tuple[Proof, ...] = (
    Source(
        "serious_illness",
        _cells("shock_illness", "disease_name", "disease_code", "recognised_on"),
        lambda facts, _: households.illness_shocks(facts.illnesses, facts.year_ago, facts.day),
    ),
    *(Source(proof.dataset, _cells("shock_medical", *(cell.field for cell in proof.cells)), _in_medical_shock(proof.rows)) for proof in BILLS),
    SELF_PAY_LINE,
    Source(
        "disability_certificates",
        _cells("shock_disability", "certificate_number", "category", "level", "issued_on"),
        lambda facts, _: households.disability_shocks(facts.certificates, facts.year_ago, facts.day),
    ),
    *(
        Source(name, _cells("shock_job", "status", "last_paid_month"), _lost_contributions(name))
        for name in ("social_insurance", "unemployment_insurance")
    ),
    *(
        Source(name, _cells("shock_job", field), _out_of_work(name))
        for name, field in (("unemployment_registration", "status"), ("migrant_workers", "work_status"))
    ),
)
_HOUSEHOLD_COVER: tuple[Proof, ...] = (*NOT_COVERED, *COVERED_MEMBERS, *DEATHS)
_RELAPSE: tuple[Proof, ...] = (REGISTER, *_HOUSEHOLD_COVER, *SHOCKS, ASSISTANCE)

PROOFS: dict[str, tuple[Proof, ...]] = {
    "MC-01": (*LOW_INCOME, *SEVERE, *NOT_COVERED, *NOT_DECEASED),
    "MC-02": (*LOW_INCOME, *ILL, *NOT_COVERED, *NOT_DECEASED),
    "MC-03": (*LOW_INCOME_FAMILY, *_HOUSEHOLD_COVER),
    "MC-04": (
        Source("tekun", _cells("ended_at_16", "status", "stop_reason", "start_month", "end_month"), _rows("tekun")),
        Source("tekun", _BIRTH, lambda facts, _: _born(facts.records["tekun"])),
        _number("tekun", "minor_age", "age_limit"),
        *NOT_DECEASED,
    ),
    "MC-05": (Source("poverty_register", _cells("labour", "labour"), lambda facts, _: facts.poverty, on="household"), *_HOUSEHOLD_COVER),
    "MC-06": (
        *SEVERE,
        *NOT_COVERED,
        Source("low_income", _cells("ended_listing", "recognised_on", "valid_until"), _rows("low_income"), absent="not_on_list"),
        Source("poverty_register", _cells("ended_listing", "year", "household_no"), _rows("poverty_register"), absent="not_on_list"),
        *NOT_DECEASED,
    ),
    "MC-07": (
        Source("low_income", _cells("member_of_low_income", "family_id", "recognised_on", "valid_until"), lambda facts, _: facts.low_income),
        Source("poverty_register", POVERTY, lambda facts, _: facts.poverty),
        *BILLS,
        SELF_PAY_LINE,
        NOT_ILL,
        *NOT_COVERED,
        *NOT_DECEASED,
    ),
    "UI-01": UNEMPLOYMENT,
    "UI-02": UNEMPLOYMENT,
    "UI-03": UNEMPLOYMENT,
    "RR-01": (REGISTER, *_HOUSEHOLD_COVER, ASSISTANCE),
    "RR-02": _RELAPSE,
    "RR-03": _RELAPSE,
    "RR-04": (_number("relapse", "monitoring_line", "monitoring_line"), *_RELAPSE),
    "SV-01": (
        Source("tekun", (*_cells("support_mode", "support_mode"), *_cells("self_care", "self_care"), *_TEKUN), lambda facts, _: facts.active_tekun),
        Source("tekun", _BIRTH, lambda facts, _: _born(facts.active_tekun)),
        _number("tekun", "old_age", "age_limit", "old_age_clause"),
        *SEVERE,
    ),
    "SV-02": (
        Source("tekun", _TEKUN, lambda facts, _: facts.active_tekun),
        Source("tekun", _BIRTH, lambda facts, _: _born(facts.active_tekun)),
        _number("tekun", "minor_age", "age_limit"),
        _number("tekun", "turning_days", "turning_days"),
    ),
    "SV-03": (
        Source("dibao", (*_DIBAO, *_cells("dibao_income", "scheme", "per_capita_income")), lambda facts, _: facts.active_dibao),
        Source("policy", _cells("standard", "standard"), _dibao_standard, reads=("dibao",)),
        Source("social_insurance", _cells("contribution", "scheme", "status", "last_paid_month"), _pension_contributions),
        _number("gradual_exit", "employed_months", "employed_months"),
    ),
}
