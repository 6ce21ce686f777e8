"""Which files are in force on the night, how each is to be read, and what a row must have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class File:
    """One delivered file below inbox/: `titles` lines stand above its header."""

    path: str
    titles: int = 0
    separator: str = ","
    gb18030: bool = False

    @property
    def name(self) -> str:
        return Path(self.path).name

    @property
    def first_line(self) -> int:
        """The line that the first row stands on; a Parquet file has no header."""
        return 1 if self.path.endswith(".parquet") else self.titles + 2

    @property
    def readable(self) -> Path:
        """Where DuckDB and Polars find it: what they cannot read was brought to text/."""
        if self.path.endswith(".xlsx"):
            return Path("text", self.name).with_suffix(".csv")
        return Path("text", self.name) if self.gb18030 else Path("inbox", self.path)

    @property
    def reader(self) -> str:
        """What DuckDB reads it with, every cell as text."""
        if self.path.endswith(".parquet"):
            return f"'{self.readable}'"
        return f"read_csv('{self.readable}', all_varchar = true, skip = {self.titles}, delim = '{self.separator}')"


FILES: dict[str, dict[str, File]] = {
    "dibao": {
        "dibao": File("dibao/dibao_20200731.csv", 2, gb18030=True),
        "dibao_part1": File("dibao/dibao_640324_20200731_part1.csv", 1, gb18030=True),
        "dibao_part2": File("dibao/dibao_640324_20200731_part2.csv", 1, gb18030=True),
        "dibao_correction": File("dibao/dibao_640303_20200731_更正.csv"),
        "dibao_households": File("dibao/dibao_640323_20200731.xlsx", 2),
    },
    "tekun": {"tekun": File("tekun/tekun_20200731.csv", 1)},
    "low_income": {"low_income": File("low_income/low_income_20200731.csv")},
    "temporary_assistance": {
        "temporary_assistance": File("temporary_assistance/temporary_assistance_20200731.txt", 1, "\t", gb18030=True),
    },
    "unemployment_insurance": {"unemployment_insurance": File("unemployment_insurance/unemployment_insurance_20200731.csv.gz")},
    "unemployment_benefit": {
        "unemployment_benefit": File("unemployment_benefit/unemployment_benefit_20200731.tsv", 0, "\t", gb18030=True),
    },
    "unemployment_registration": {
        "unemployment_registration": File("unemployment_registration/unemployment_registration_20200731.csv"),
    },
    "migrant_workers": {"migrant_workers": File("migrant_workers/migrant_workers_20200731.csv", 2, gb18030=True)},
    "social_insurance": {"social_insurance": File("social_insurance/social_insurance_20200731.csv.gz")},
    "pension_benefit": {"pension_benefit": File("pension_benefit/pension_benefit_20200731.parquet")},
    "disability_certificates": {
        "disability_certificates": File("disability_certificates/disability_certificates_20200731.csv", gb18030=True),
        "disability_certificates_workbook": File("disability_certificates/disability_certificates_640181_20200731.xlsx", 1),
    },
    "poverty_register": {"poverty_register": File("poverty_register/poverty_register_20200731.csv", 2, gb18030=True)},
    "medical_enrolment": {"medical_enrolment": File("medical_enrolment/medical_enrolment_20200731.csv.gz")},
    "medical_settlements": {"medical_settlements": File("medical_settlements/medical_settlements_20200731.csv")},
    "serious_illness": {"serious_illness": File("serious_illness/serious_illness_20200731.csv", 1, gb18030=True)},
}

REQUIRED = {
    "dibao": ("family_id", "name", "scheme", "start_month", "county"),
    "tekun": ("name", "category", "support_mode", "start_month", "status", "county"),
    "low_income": ("family_id", "name", "category", "household_size", "income", "property_compliant", "recognised_on", "county"),
    "temporary_assistance": ("grant_id", "name", "assistance_type", "persons", "amount", "granted_on", "county"),
    "unemployment_insurance": ("name", "status", "county"),
    "unemployment_benefit": ("name", "benefit_type", "start_month", "end_month", "status", "county"),
    "unemployment_registration": ("name", "registered_on", "status", "county"),
    "migrant_workers": ("name", "hukou_type", "work_status", "county"),
    "social_insurance": ("name", "scheme", "status", "county"),
    "pension_benefit": ("name", "scheme", "monthly_amount", "survival_status", "county"),
    "disability_certificates": ("name", "certificate_number", "category", "level", "status", "county"),
    "poverty_register": ("year", "household_no", "person_no", "name", "poverty_status", "county"),
    "medical_enrolment": ("name", "insurance_type", "status", "county"),
    "medical_settlements": (
        "settlement_id", "name", "care_type", "settled_on", "total_cost", "in_scope_cost", "fund_paid", "self_paid", "valid", "refunded", "county",
    ),
    "serious_illness": ("name", "disease_name", "recognised_on", "county"),
}  # fmt: skip
