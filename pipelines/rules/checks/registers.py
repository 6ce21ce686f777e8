"""Checks of the poverty register against the rosters and the certificates (rules.md EN-07, EN-10). Both rest on absences, which must be proven."""

from __future__ import annotations

import ibis.expr.types as ir

from pipelines.facts.cover import COVER
from pipelines.facts.tables import among, marked, not_among
from pipelines.rules.checks.finding import A, B, Cell, Finding, Looked, Night, Part, cells

NOT_CLAIMED = "未享受"
DISABLED = "残疾"
CERTIFICATES = "disability_certificates"


def en_07(night: Night) -> Finding:
    """Persons whom the register says to be on dibao (tekun) without an active row there, or not on it while they have one.

    Source: rules.md EN-07, clause 四. Dibao and tekun are each a half, made where that roster proves absence. An empty claim says nothing.
    Looked at: persons with a claim of such a half.
    """
    parts: list[Part] = []
    register, claimed = night.facts.poverty, []
    for dataset in COVER:
        claim = f"{dataset}_claim"
        claimed.append(register[claim].notnull() & register.county_code.isin(night.provable(dataset)))
        if dataset in night:
            parts += _half(night, register.filter(claimed[-1]), dataset, claim)
    return Finding(parts, [Looked("poverty_register", register, "person", claimed[0] | claimed[1])])


def en_10(night: Night) -> Finding:
    """Persons whose health in the register names 残疾, without a certificate in force (rules.md EN-10).

    Side B is the absence, and the certificates that are no longer in force.
    Looked at: persons whose health names 残疾, where certificates prove absence.
    """
    facts, proven = night.facts, night.provable(CERTIFICATES)
    if not proven:
        return Finding((), ())
    disabled = facts.poverty.health.contains(DISABLED) & facts.poverty.county_code.isin(proven)
    register = facts.poverty.filter(disabled)
    certificates = facts.certificates
    missing = not_among(register, certificates.filter(certificates.in_force))
    missing = _doubted(night, missing, CERTIFICATES)
    absent = Cell(B, "certificate_number", "no_certificate", absent_from=CERTIFICATES)
    ended = among(certificates, missing)
    parts = [
        Part("poverty_register", missing, (*cells(A, "health", "name", "household_no", "health"), absent)),
        Part(CERTIFICATES, ended, cells(B, "certificate_ended", "name", "certificate_number", "status", "valid_until"), places=False),
    ]
    return Finding(parts, [Looked("poverty_register", facts.poverty, "person", disabled)])


def _half(night: Night, register: ir.Table, dataset: str, claim: str) -> list[Part]:
    """The two ways in which the register and one roster can disagree."""
    active = night.active(dataset)
    claimed, denied = register.filter(register[claim] != NOT_CLAIMED), register.filter(register[claim] == NOT_CLAIMED)
    absent = _doubted(night, not_among(claimed, active), dataset)
    says = cells(A, "claim", "name", "household_no", claim)
    return [
        Part("poverty_register", absent, (*says, Cell(B, "person", "not_on_roster", absent_from=dataset))),
        Part("poverty_register", among(denied, active), says),
        Part(dataset, among(active, denied), cells(B, "cover_period", "name", "county_code", "start_month", "end_month", "status"), places=False),
    ]


def _doubted(night: Night, absent: ir.Table, dataset: str) -> ir.Table:
    """The rows with `doubted`: whether the absence of their person from the dataset is not sure (identity.md "Absence must be proven" c)."""
    return marked(absent, night.facts.uncertain((dataset,)), "doubted")
