"""All flags of a night, with evidence, members and where a rule could not be checked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.engine import kept
from pipelines.extracts.coverage import Coverage
from pipelines.facts import Facts
from pipelines.facts.households import HOUSEHOLD
from pipelines.facts.tables import empty, union
from pipelines.rules.evidence import FLAG, UNCOVERED, gather, of
from pipelines.rules.missed_coverage import MissedCoverage
from pipelines.rules.proofs import PROOFS
from pipelines.rules.relapse_risk import RelapseRisk
from pipelines.rules.service_list import ServiceList
from pipelines.rules.suspension import MISSING, Suspension, suspensions, unmet_anywhere, write_suspensions
from pipelines.rules.unemployment_gap import UnemploymentGap

FLAGS = (
    "rule", "family", "subject_kind", "subject", "person", "household", "household_dataset", "county_code", "township", "village", "grade", "state",
    "link_basis", "partial", "name", "clause", "action",
)  # fmt: skip
MEMBERS = (*FLAG, "person")
NOBODY_COVERED = ("MC-05",)  # the household rule that holds only while none of its members is covered

_CANDIDATE: dict[str, pa.DataType] = {
    "rule": pa.string(), "person": pa.int64(), "household": pa.string(), "household_dataset": pa.string(), "county_code": pa.string(),
    "township": pa.string(), "village": pa.string(), "name": pa.string(), "by_likeness": pa.bool_(), "partial": pa.bool_(), "grade": pa.string(),
}  # fmt: skip


def rules_of(facts: Facts) -> dict[str, Callable[[], ir.Table]]:
    """Every flag rule by its name; calling one gives its candidates, one per subject."""
    missed, gap, relapse, service = MissedCoverage(facts), UnemploymentGap(facts), RelapseRisk(facts), ServiceList(facts)
    return {
        "MC-01": missed.mc_01,
        "MC-02": missed.mc_02,
        "MC-03": missed.mc_03,
        "MC-04": missed.mc_04,
        "MC-05": missed.mc_05,
        "MC-06": missed.mc_06,
        "MC-07": missed.mc_07,
        "UI-01": gap.ui_01,
        "UI-02": gap.ui_02,
        "UI-03": gap.ui_03,
        "RR-01": relapse.rr_01,
        "RR-02": relapse.rr_02,
        "RR-03": relapse.rr_03,
        "RR-04": relapse.rr_04,
        "SV-01": service.sv_01,
        "SV-02": service.sv_02,
        "SV-03": service.sv_03,
    }


def evaluate(facts: Facts, coverage: Coverage, folder: Path) -> dict[str, int]:
    """Writes flags.parquet, evidence.parquet and flag_members.parquet of a night to `folder`, and counts the flags of each rule.

    The tables are those of docs/design.md, sorted, so that the same inputs give the same bytes. A suspended rule gives no flags in its county;
    suspensions.parquet says so, and keeps the rows of the mismatch checks, if it has them already.
    """
    flags, evidence, members, suspended = flag_tables(facts, coverage)
    engine = facts.records.engine
    engine.write(flags.select(*FLAGS), folder / "flags.parquet", FLAG)
    engine.write(evidence, folder / "evidence.parquet", (*FLAG, "seq"))
    engine.write(members, folder / "flag_members.parquet", MEMBERS)
    write_suspensions(suspended, facts.policy.rules, folder / "suspensions.parquet")
    counted = engine.arrow(flags.group_by("rule").agg(flags=flags.count())).to_pylist()
    return {row["rule"]: row["flags"] for row in sorted(counted, key=lambda row: row["rule"])}


def flag_tables(facts: Facts, coverage: Coverage) -> tuple[ir.Table, ir.Table, ir.Table, list[Suspension]]:
    """The night's flags (FLAGS), their evidence (evidence.COLUMNS), their members (MEMBERS), and the suspensions of the flag rules."""
    rules = rules_of(facts)
    counties = list(facts.policy.region.counties)
    unmet = suspensions(facts.policy, coverage, facts.as_of, rules)
    checked = {rule: candidates for rule, candidates in rules.items() if rule not in unmet_anywhere(unmet, counties)}
    raised = [candidates().mutate(rule=ibis.literal(rule)).select(*_CANDIDATE) for rule, candidates in checked.items()]
    found = kept(_placed(facts, kept(_where_checked(union(raised, empty(**_CANDIDATE)), unmet))))
    flags = kept(_with_words(facts, found))
    people = kept(_people(facts, flags))
    flags = kept(_with_state(facts, flags, people))
    named = {row["rule"] for row in facts.records.engine.arrow(flags.select("rule").distinct()).to_pylist()}
    evidence = gather(facts, coverage, flags, people, {rule: proofs for rule, proofs in PROOFS.items() if rule in named})
    return flags, evidence, _members(facts, flags, people), _suspended(facts, flags, unmet)


def _where_checked(candidates: ir.Table, unmet: list[Suspension]) -> ir.Table:
    """The candidates of counties where the rule can be checked.

    A county without a snapshot of a presence dataset has no rows of its own; a candidate there comes from another county's rows, and stands.
    """
    places = sorted({(item.rule, item.county_code) for item in unmet if item.reason != MISSING})
    rule, county = pa.array([rule for rule, _ in places], pa.string()), pa.array([place for _, place in places], pa.string())
    return candidates.anti_join(ibis.memtable(pa.table({"rule": rule, "county_code": county})), ["rule", "county_code"])


def _placed(facts: Facts, candidates: ir.Table) -> ir.Table:
    """Persons of whom their rule names no household get the one of the county that they live in, by low_income before the poverty register."""
    persons = candidates.filter(candidates.household.isnull(), candidates.person.notnull())
    homes = facts.members.semi_join(persons, "person")
    rank = ibis.row_number().over(group_by=["person", "county_code"], order_by=["household_dataset", "household"])
    homes = homes.mutate(rank=rank)
    first = homes.filter(homes["rank"] == 0).select("person", "county_code", home="household", home_dataset="household_dataset")
    joined = candidates.left_join(first, ["person", "county_code"])
    return joined.mutate(
        household=ibis.coalesce(joined.household, joined.home),
        household_dataset=ibis.ifelse(joined.household.isnull(), joined.home_dataset, joined.household_dataset),
    ).select(*_CANDIDATE)


def _with_words(facts: Facts, candidates: ir.Table) -> ir.Table:
    """The candidates with their subject, the rule's words and grade, and how they are linked."""
    rules = facts.policy.rules
    words = ibis.memtable(
        pa.table(
            {"rule": list(rules)}
            | {name: [getattr(rule, name) for rule in rules.values()] for name in ("family", "clause", "action")}
            | {"subject_kind": [rule.subject for rule in rules.values()], "own_grade": [rule.grade for rule in rules.values()]}
        )
    )
    subjects = facts.records.subjects(candidates.filter(candidates.person.notnull()).select("person").distinct())
    persons = subjects.select(subject_person=subjects.person, person_subject=subjects.subject)
    joined = candidates.join(words, "rule").left_join(persons, [candidates.person == persons.subject_person])
    household = ibis.literal("household:").concat(joined.household_dataset, ":", joined.household)
    return joined.mutate(
        subject=ibis.ifelse(joined.subject_kind == "person", joined.person_subject, household),
        grade=ibis.coalesce(joined.grade, joined.own_grade),
        link_basis=ibis.ifelse(joined.by_likeness, "probable", "id"),
    ).drop("own_grade", "subject_person", "person_subject", "by_likeness")


def _people(facts: Facts, flags: ir.Table) -> ir.Table:
    """Whom each flag is about: FLAG, `person`, `living`, `covered`. Of a household all members; a flag's person is living and counts as uncovered."""
    themselves = flags.filter(flags.subject_kind == "person")
    alone = themselves.select(*FLAG, "person", living=ibis.literal(True), covered=ibis.literal(False))
    households = flags.filter(flags.subject_kind == "household").drop("person")
    return alone.union(households.join(facts.members, list(HOUSEHOLD)).select(*FLAG, "person", "living", "covered"))


def _with_state(facts: Facts, flags: ir.Table, people: ir.Table) -> ir.Table:
    """`state`: identity_check where an absence without which the rule would not hold is in doubt, else open.

    A rule of a household that asks for somebody uncovered stands by any one member whose absence is proven; one that asks for nobody covered falls
    with any living member in doubt.
    """
    absences: dict[tuple[str, ...], list[str]] = {}
    for rule in facts.policy.rules:
        absences.setdefault(facts.policy.needs(rule).absence, []).append(rule)
    concerned = of(people, UNCOVERED)
    doubted = [
        concerned.filter(concerned.rule.isin(rules)).semi_join(facts.uncertain(datasets), "person").select(*MEMBERS)
        for datasets, rules in absences.items()
        if datasets
    ]
    doubts = union(doubted, doubted[0]).distinct().mutate(in_doubt=1)
    judged = concerned.select(*MEMBERS).distinct().left_join(doubts, list(MEMBERS)).drop(*(f"{name}_right" for name in MEMBERS))
    counted = judged.group_by(list(FLAG)).agg(uncovered=judged.count(), in_doubt=judged.in_doubt.sum())
    falls = counted.filter((counted.in_doubt == counted.uncovered) | (counted.rule.isin(NOBODY_COVERED) & (counted.in_doubt > 0)))
    joined = flags.left_join(falls.select(*FLAG, doubted=ibis.literal(True)), list(FLAG))
    return joined.mutate(state=ibis.ifelse(joined.doubted.notnull(), "identity_check", "open")).select(*FLAGS)


def _members(facts: Facts, flags: ir.Table, people: ir.Table) -> ir.Table:
    """The living people of each flag's household, and the flag's own person: MEMBERS."""
    living = facts.members.filter(facts.members.living).rename(member="person")
    housemates = flags.join(living, list(HOUSEHOLD)).select(*FLAG, person="member")
    return people.filter(people.living).select(*MEMBERS).union(housemates).distinct()


def _suspended(facts: Facts, flags: ir.Table, unmet: list[Suspension]) -> list[Suspension]:
    """What is unmet, but for a dataset that only lacks a snapshot of a county where the rule found somebody by another county's rows."""
    places = facts.records.engine.arrow(flags.select("rule", "county_code").distinct()).to_pylist()
    raised = {(row["rule"], row["county_code"]) for row in places}
    return [item for item in unmet if item.reason != MISSING or (item.rule, item.county_code) not in raised]
