"""How each latent column becomes a delivered field: contract field -> (kind, latent column, labels or prefix)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pipelines.synthetic import labels as words
from pipelines.synthetic import render
from pipelines.synthetic.population import Population
from pipelines.synthetic.render import Style
from pipelines.synthetic.texts import Texts, choose, take, texts, whole
from pipelines.synthetic.world import Table

Spec = tuple[str, str, Any]

FIELDS: dict[str, dict[str, Spec]] = {
    "dibao": {
        "family_id": ("numbered", "number", "D64"),
        "relationship": ("label", "relation", words.RELATIONS),
        "is_covered": ("yes_no", "covered", None),
        "scheme": ("label", "scheme", ("", "城市低保", "农村低保")),
        "subtype": ("label", "subtype", words.DIBAO_SUBTYPES),
        "household_amount": ("money", "amount", None),
        "per_capita_income": ("money", "income", None),
        "start_month": ("month", "start", None),
        "end_month": ("month", "end", None),
        "status": ("label", "status", words.DIBAO_STATUS),
        "stop_reason": ("label", "stop_reason", words.DIBAO_STOP),
        "grace_start": ("month", "grace", None),
        "entry_cause": ("label", "cause", words.DIBAO_CAUSES),
    },
    "tekun": {
        "person_no": ("numbered", "number", "TK"),
        "category": ("label", "category", words.RURAL_URBAN),
        "support_mode": ("label", "mode", words.TEKUN_MODES),
        "self_care": ("label", "care", words.SELF_CARE),
        "monthly_amount": ("money", "amount", None),
        "start_month": ("month", "start", None),
        "end_month": ("month", "end", None),
        "status": ("label", "status", words.TEKUN_STATUS),
        "stop_reason": ("label", "stop_reason", words.TEKUN_STOP),
    },
    "low_income": {
        "family_id": ("numbered", "number", "DS"),
        "relationship": ("label", "relation", words.RELATIONS),
        "category": ("label", "category", words.RURAL_URBAN),
        "household_size": ("whole", "size", None),
        "per_capita_income": ("money", "income", None),
        "employment_cost": ("money", "cost", None),
        "property_compliant": ("yes_no", "compliant", None),
        "recognised_on": ("day", "recognised", None),
        "valid_until": ("day", "until", None),
    },
    "temporary_assistance": {
        "grant_id": ("numbered", "number", "LS"),
        "family_id": ("numbered", "family", "D64"),
        "assistance_type": ("label", "type", words.GRANTS),
        "persons": ("whole", "persons", None),
        "amount": ("money", "amount", None),
        "granted_on": ("day", "granted", None),
        "epidemic": ("yes_no", "epidemic", None),
        "case_by_case": ("yes_no", "case", None),
        "minutes_no": ("numbered", "minutes", "会纪"),
    },
    "unemployment_insurance": {
        "status": ("label", "status", words.PARTICIPATION),
        "first_paid_month": ("month", "first", None),
        "last_paid_month": ("month", "last", None),
        "months_paid": ("whole", "months", None),
        "employer": ("label", "employer", words.EMPLOYERS),
    },
    "unemployment_benefit": {
        "benefit_type": ("label", "type", words.BENEFITS),
        "start_month": ("month", "start", None),
        "end_month": ("month", "end", None),
        "monthly_amount": ("money", "amount", None),
        "status": ("label", "paid", words.PAID),
    },
    "unemployment_registration": {
        "registered_on": ("day", "registered", None),
        "status": ("label", "status", words.REGISTRATION_STATUS),
        "reason": ("label", "reason", words.UNEMPLOYED_BECAUSE),
        "migrant_worker": ("yes_no", "migrant", None),
        "hukou_type": ("label", "agricultural", words.HUKOU),
        "work_county": ("county", "work_county", None),
    },
    "migrant_workers": {
        "hukou_type": ("label", "agricultural", words.HUKOU),
        "work_status": ("label", "returned", words.RETURNED),
        "stopped_on": ("day", "stopped", None),
        "last_income_month": ("month", "last_income", None),
        "work_county": ("county", "work_county", None),
    },
    "social_insurance": {
        "scheme": ("code", "scheme", words.PENSION_SCHEMES),
        "status": ("label", "status", words.PARTICIPATION),
        "last_paid_month": ("month", "last", None),
        "monthly_base": ("money", "base", None),
        "employer": ("label", "employer", words.EMPLOYERS),
    },
    "pension_benefit": {
        "scheme": ("code", "scheme", words.PENSION_SCHEMES),
        "monthly_amount": ("money", "amount", None),
        "start_month": ("month", "start", None),
        "survival_status": ("label", "survival", words.SURVIVAL),
        "death_date": ("day", "death", None),
    },
    "disability_certificates": {
        "category": ("label", "column_category", words.CERTIFICATE_CATEGORIES),
        "level": ("label", "column_level", words.CERTIFICATE_LEVELS),
        "components": ("components", "part_category", None),
        "issued_on": ("day", "issued", None),
        "valid_until": ("day", "until", None),
        "status": ("label", "status", words.CERTIFICATE_STATUS),
        "cancel_reason": ("label", "cancel_reason", words.CANCELLED_BECAUSE),
        "death_date": ("day", "death", None),
    },
    "poverty_register": {
        "year": ("whole", "year", None),
        "household_no": ("numbered", "number", "64"),
        "person_no": ("member", "number", "64"),
        "relationship": ("label", "relation", words.RELATIONS),
        "poverty_status": ("label", "status", words.POVERTY),
        "monitor_type": ("label", "monitor", words.MONITORS),
        "risk_cleared": ("yes_no", "cleared", None),
        "household_size": ("whole", "size", None),
        "per_capita_net_income": ("money", "income", None),
        "labour": ("label", "labour", words.LABOUR),
        "health": ("label", "health", words.HEALTH),
        "main_cause": ("label", "cause", words.CAUSES),
        "work_months": ("whole", "work_months", None),
        "dibao_claim": ("label", "dibao_claim", words.CLAIMS_DIBAO),
        "tekun_claim": ("label", "tekun_claim", words.CLAIMS_TEKUN),
    },
    "medical_enrolment": {
        "insurance_type": ("code", "type", words.ENROLMENT_SCHEMES),
        "status": ("label", "status", words.ENROLMENT_STATUS),
        "end_reason": ("label", "end_reason", words.ENROLMENT_END),
        "end_date": ("day", "end", None),
        "subsidy_group": ("label", "group", words.SUBSIDISED),
    },
    "medical_settlements": {
        "settlement_id": ("numbered", "number", "JS"),
        "care_type": ("label", "care", words.CARE),
        "disease_code": ("label", "disease", tuple(code for code, _ in words.DISEASES)),
        "disease_name": ("label", "disease", tuple(name for _, name in words.DISEASES)),
        "settled_on": ("day", "settled", None),
        "total_cost": ("money", "total", None),
        "in_scope_cost": ("money", "in_scope", None),
        "fund_paid": ("money", "fund", None),
        "self_paid": ("self_paid", "total", None),
        "valid": ("whole", "valid", None),
        "refunded": ("whole", "refunded", None),
    },
    "serious_illness": {
        "disease_name": ("label", "disease", tuple(name for _, name in words.DISEASES)),
        "disease_code": ("label", "disease", tuple(code for code, _ in words.DISEASES)),
        "recognised_on": ("day", "recognised", None),
        "valid_until": ("day", "until", None),
        "recognised_by": ("label", "by", words.RECOGNISED_BY),
    },
}


def household_number(dataset: str, numbers: np.ndarray) -> Texts:
    """Household numbers of a register as they are delivered."""
    field = "household_no" if dataset == "poverty_register" else "family_id"
    return render.numbered(FIELDS[dataset][field][2], numbers)


class Renderer:
    """Writes a latent table's rows as delivered text, one column at a time."""

    def __init__(self, people: Population, county_names: dict[int, str]) -> None:
        self._people = people
        self._county_names = county_names

    def column(self, dataset: str, field: str, table: Table, style: Style) -> Texts:
        """The text of a contract field for every row; identity number and name are not written here."""
        if field in FIELDS[dataset]:
            kind, latent, extra = FIELDS[dataset][field]
            return self._write(kind, table, latent, extra, style)
        return self._common(field, table, style)

    def _write(self, kind: str, table: Table, latent: str, extra: Any, style: Style) -> Texts:
        values = table[latent]
        write: dict[str, Callable[[], Texts]] = {
            "label": lambda: render.labels(values, extra),
            "yes_no": lambda: render.labels(values, style.yes_no),
            "day": lambda: render.days(values, style),
            "month": lambda: render.months(values, style),
            "money": lambda: render.money(values, style),
            "whole": lambda: render.whole(values),
            "code": lambda: render.codes(values, extra),
            "numbered": lambda: render.numbered(extra, values),
            "county": lambda: render.counties(values, style, self._county_names),
            "member": lambda: render.numbered(extra, values * 10 + table["order"], 9),
            "self_paid": lambda: render.money(values - table["fund"], style),
            "components": lambda: _components(table),
        }
        return write[kind]()

    def _common(self, field: str, table: Table, style: Style) -> Texts:
        people, person = self._people, table["person"]
        match field:
            case "county_code":
                return render.counties(table["county"], style, self._county_names)
            case "township":
                return self._place(take(texts(people.county.townships), people.township[person]), table)
            case "village":
                villages = texts([village for township in people.county.villages for village in township])
                return self._place(take(villages, people.township[person] * 8 + people.village[person]), table)
            case "phone":
                return whole(10_000_000_000 + people.h_number[people.household[person]] * 7 % 1_000_000_000)
            case "sex":
                return render.labels(table["sex"], ("", "男", "女"))
            case _:
                return render.birth_days(table["birth"], style)

    def _place(self, text: Texts, table: Table) -> Texts:
        """A place name, left empty in rows of a county that the person does not live in."""
        return choose(table["county"] != self._people.county.code, None, text)


def _components(table: Table) -> Texts:
    """The parts of a multiple disability, such as 肢体三级;智力三级."""
    categories, levels = np.array(words.CERTIFICATE_CATEGORIES), np.array(words.CERTIFICATE_LEVELS)
    parts = [
        f"{categories[a]}{levels[b]};{categories[c]}{levels[d]}" if a else None
        for a, b, c, d in zip(table["part_category"], table["part_level"], table["other_category"], table["other_level"], strict=True)
    ]
    return texts(parts)
