"""Checks of identity data: ID numbers, names, sex and birth date, certificate numbers, repeated entries (rules.md ID-01 to ID-05)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from pipelines.facts import DATASETS
from pipelines.rules.checks.alike import names_that_differ
from pipelines.rules.checks.finding import BY_ROW, A, B, Cell, Finding, Looked, Night, Part, cells

ROSTERS = ("dibao", "tekun", "low_income", "disability_certificates", "poverty_register")


def id_01(night: Night) -> Finding:
    """Records whose ID number is not valid, by status and dataset, whether or not likeness links them (rules.md ID-01; GB 11643).

    Looked at: every record of the region's counties.
    """
    parts, looked = [], []
    for dataset in _present(night):
        rows = night.rows(dataset)
        wrong = night.here(rows.filter(rows.id_status != "valid"))
        wrong = wrong.mutate(detail=wrong.id_status)
        parts.append(Part(dataset, wrong, (*cells(A, "number_in_record", "name", "id_number"), Cell(B, "id_status", "number_status"))))
        looked.append(Looked(dataset, rows))
    return Finding(parts, looked, subject="record")


def id_02(night: Night) -> Finding:
    """Persons with one valid ID number under names that do not even read alike, across or within datasets (rules.md ID-02; identity.md "Linking" 1).

    Side A is the name that sorts first, side B whatever differs from it or from another. Looked at: records with a valid number.
    """
    looked = [Looked(dataset, rows, which=_has_number(rows)) for dataset in _present(night) for rows in [night.rows(dataset)]]
    numbered = {item.dataset: item.rows.filter(item.which) for item in looked}
    differing = names_that_differ(night.engine, list(numbered.values()))
    if differing is None:
        return Finding((), looked)
    first = differing.group_by("person").agg(first=differing.name_folded.min())
    parts = []
    for dataset, rows in numbered.items():
        named = rows.semi_join(differing, ["person", "name_folded"]).join(first, "person")
        parts.append(Part(dataset, named.mutate(side=ibis.ifelse(named.name_folded == named.first, A, B)), cells(BY_ROW, "name_in_record", "name")))
    return Finding(parts, looked)


def id_03(night: Night) -> Finding:
    """Records whose sex or birth date column contradicts their valid ID number (rules.md ID-03; GB 11643).

    Side A is the columns, side B what the number says. Looked at: records with a valid number and at least one of the two columns filled.
    """
    parts, looked = [], []
    for dataset in _present(night):
        rows = night.rows(dataset)
        told = _has_number(rows) & (rows.sex.notnull() | rows.birth_date.notnull())
        other = (rows.sex != rows.id_sex).fill_null(False) | (rows.birth_date != rows.id_birth_date).fill_null(False)
        wrong = night.here(rows.filter(told, other))
        says = (Cell(B, "id_number", "number_says"), Cell(B, "sex", "number_says", "id_sex"), Cell(B, "birth_date", "number_says", "id_birth_date"))
        parts.append(Part(dataset, wrong, (*cells(A, "column_says", "name", "sex", "birth_date"), *says)))
        looked.append(Looked(dataset, rows, which=told))
    return Finding(parts, looked, subject="record")


def id_04(night: Night) -> Finding:
    """Persons with two rows in force in one roster: dibao, tekun, low income, certificates, the register of the latest year (rules.md ID-04).

    Side A is the first row of a roster, side B the others. Looked at: persons with a row in force.
    """
    parts, looked = [], []
    for dataset in ROSTERS:
        if dataset not in night:
            continue
        item = _in_force(night, dataset)
        rows = item.rows if item.which is None else item.rows.filter(item.which)
        order = [rows.file, rows.line_no, rows.member_no]
        repeated = rows.mutate(
            times=rows.count().over(ibis.window(group_by=rows.person)),
            place=ibis.row_number().over(ibis.window(group_by=rows.person, order_by=order)),
        )
        repeated = repeated.filter(repeated.times > 1)
        repeated = repeated.mutate(side=ibis.ifelse(repeated.place == 0, A, B))
        parts.append(Part(dataset, repeated, cells(BY_ROW, "roster_row", "name", *_ROSTER_CELLS[dataset])))
        looked.append(item)
    return Finding(parts, looked)


def id_05(night: Night) -> Finding:
    """Certificates whose number says another category or level than their columns (rules.md ID-05; the number wins, clause 一(一)).

    Side A is the columns, side B the number. Looked at: certificates whose number can be read.
    """
    rows = night.facts.certificates
    readable = rows.number_category.notnull()
    other = (rows.category.cast("int32") != rows.number_category) | (rows.level.cast("int32") != rows.number_level)
    wrong = night.here(rows.filter(readable, other))
    says = (
        Cell(B, "certificate_number", "number_says"),
        Cell(B, "category", "number_says", "number_category"),
        Cell(B, "level", "number_says", "number_level"),
    )
    part = Part("disability_certificates", wrong, (*cells(A, "column_says", "name", "category", "level"), *says))
    return Finding([part], [Looked("disability_certificates", rows, which=readable)], subject="record")


_ROSTER_CELLS = {
    "dibao": ("county_code", "family_id", "scheme", "start_month", "end_month"),
    "tekun": ("county_code", "person_no", "support_mode", "start_month", "end_month"),
    "low_income": ("county_code", "family_id", "recognised_on", "valid_until"),
    "disability_certificates": ("county_code", "certificate_number", "category", "level", "valid_until"),
    "poverty_register": ("county_code", "household_no", "person_no", "year"),
}


def _present(night: Night) -> list[str]:
    return [dataset for dataset in DATASETS if dataset in night]


def _has_number(rows: ir.Table) -> ir.BooleanValue:
    return rows.id_status == "valid"


def _in_force(night: Night, dataset: str) -> Looked:
    facts = night.facts
    if dataset == "low_income":
        return Looked(dataset, facts.low_income, "person")
    if dataset == "disability_certificates":
        return Looked(dataset, facts.certificates, "person", facts.certificates.in_force)
    return Looked(dataset, night.rows(dataset) if dataset == "poverty_register" else night.active(dataset), "person")
