"""One night's facts, each worked out once and only when a rule asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.engine import kept
from pipelines.facts import ages, cover, deaths, disability, households, illness, income, medical, poverty
from pipelines.facts.source import RecordSource
from pipelines.facts.tables import empty, people, union, with_likeness
from pipelines.policy import Policy, Window, shift_month
from pipelines.workspace import date_number, month_number

AGED = ("tekun", "migrant_workers", "unemployment_registration")
DATASETS = (
    "dibao", "tekun", "low_income", "temporary_assistance", "unemployment_insurance", "unemployment_benefit", "unemployment_registration",
    "migrant_workers", "social_insurance", "pension_benefit", "disability_certificates", "poverty_register", "medical_enrolment",
    "medical_settlements", "serious_illness",
)  # fmt: skip


class Facts:
    """The facts of the night of `as_of` under a policy. All days and months are the night's, never today's.

    `day` is yyyymmdd, `month` yyyymm, `year_ago` the same day a year earlier: the 12 months to the night are the days after it, up to `day`.
    Tables are computed once and kept by the engine, but for `bills`, which is read once anyway: what many rules and checks build on would otherwise
    be planned and read again for each. Those of persons are empty where the night has none of their datasets: whether that proves anything is for
    coverage to say. Those of rows ask for a dataset that is there.
    """

    def __init__(self, records: RecordSource, policy: Policy, as_of: date) -> None:
        self.records = records
        self.policy = policy
        self.as_of = as_of
        self.day = date_number(as_of)
        self.month = month_number(as_of)
        self.year_ago = self.day - 10000
        self._uncertain: dict[str, ir.Table] = {}

    @property
    def window(self) -> Window:
        """The months without income of clause 二(一)."""
        return self.policy.window(self.as_of)

    def months_back(self, count: int) -> int:
        """The month `count` months before the night's."""
        return shift_month(self.month, -count)

    @cached_property
    def standards(self) -> ir.Table:
        """S per county of the region and category: `county_code`, `category` (urban, rural), `amount` (fen). Raises PolicyError for a missing row."""
        county, category, amount = zip(*self.policy.standards(self.as_of), strict=True)
        return ibis.memtable(pa.table({"county_code": list(county), "category": list(category), "amount": pa.array(amount, pa.int64())}))

    @cached_property
    def active_dibao(self) -> ir.Table:
        """Dibao rows active in the night's month, see `cover.active_dibao`."""
        return kept(cover.active_dibao(self.records, self.month))

    @cached_property
    def active_tekun(self) -> ir.Table:
        """Tekun rows active in the night's month, see `cover.active_tekun`."""
        return kept(cover.active_tekun(self.records, self.month))

    @cached_property
    def covered(self) -> ir.Table:
        """`person` of everyone with an active dibao or tekun row, in any county, another province's included."""
        rows = [getattr(self, f"active_{dataset}") for dataset in cover.COVER if dataset in self.records]
        return _kept(people(rows), rows)

    @cached_property
    def deceased(self) -> ir.Table:
        """`person`, `death_date`, `sources` of the deceased, see `deaths.deceased`."""
        return _kept(deaths.deceased(self.records, self.day), self._present(deaths.SOURCES))

    @cached_property
    def certificates(self) -> ir.Table:
        """Disability certificates, see `disability.certificates`."""
        return kept(disability.certificates(self.records, self.policy.document.severe_disability, self.day))

    @cached_property
    def severe(self) -> ir.Table:
        """`person`, `by_likeness` of the severely disabled."""
        if "disability_certificates" not in self.records:
            return empty(person=pa.int64(), by_likeness=pa.bool_())
        return kept(with_likeness(self.certificates.filter(self.certificates.severe)))

    @cached_property
    def illnesses(self) -> ir.Table:
        """Serious-illness rows whose disease is on the policy's list, whenever recognised."""
        return kept(illness.listed_illnesses(self.records, self.policy.document.serious_illness.diseases))

    @cached_property
    def ill(self) -> ir.Table:
        """`person`, `by_likeness` of those with a listed illness recognised and not run out."""
        if "serious_illness" not in self.records:
            return empty(person=pa.int64(), by_likeness=pa.bool_())
        return kept(with_likeness(illness.in_force(self.illnesses, self.day)))

    @cached_property
    def low_income(self) -> ir.Table:
        """Low-income rows in force, see `income.low_income`."""
        return kept(income.low_income(self.records, self.standards, self.policy.document.low_income.edge, self.day))

    @cached_property
    def poverty(self) -> ir.Table:
        """The poverty register of each county's latest year, see `poverty.current_register`."""
        return kept(poverty.current_register(self.records, self.as_of.year))

    @cached_property
    def listed(self) -> ir.Table:
        """`person` of everyone in an in-force low-income family or in the current poverty register."""
        rows = list(self._registers.values())
        return _kept(people(rows), rows)

    @cached_property
    def members(self) -> ir.Table:
        """The members of the region's low-income families and registered poor households, see `households.members`."""
        registers = self._registers
        return _kept(households.members(registers, list(self.policy.region.counties), self.covered, self.deceased), list(registers))

    @cached_property
    def shocks(self) -> ir.Table:
        """Shocks of registered poor households in the 12 months to the night: `household`, `county_code`, `kind`, `by_likeness`; each kind once.

        Kinds are illness, medical (members' self-pay together), job and disability; members who have died since count. Asks for poverty_register.
        """
        poor = self.members.filter(self.members.household_dataset == "poverty_register").select("household", "county_code", "person")
        everyone = people([poor])
        first, last = self.policy.document.relapse.job_months
        found = {"job": households.job_shocks(self.records, everyone, self.months_back(last), self.months_back(first))}
        if "serious_illness" in self.records:
            found["illness"] = with_likeness(households.illness_shocks(self.illnesses, self.year_ago, self.day))
        if "disability_certificates" in self.records:
            found["disability"] = with_likeness(households.disability_shocks(self.certificates, self.year_ago, self.day))
        tables = [self._shock(kind, poor.join(table, "person")) for kind, table in found.items()]
        paid = poor.join(self.self_pay, "person").group_by("household", "county_code")
        sums = paid.agg(self_pay=ibis._.self_pay.sum(), by_likeness=ibis._.by_likeness.any())
        tables.append(self._shock("medical", sums.filter(sums.self_pay >= self.self_pay_line)))
        return kept(union(tables, tables[0]))

    @property
    def self_pay_line(self) -> int:
        """The compliant self-pay (fen) from which medical cost is a lead."""
        return self.policy.document.self_pay.yuan * 100

    @staticmethod
    def _shock(kind: str, rows: ir.Table) -> ir.Table:
        found = rows.group_by("household", "county_code").agg(by_likeness=ibis._.by_likeness.all())
        return found.mutate(kind=ibis.literal(kind)).select("household", "county_code", "kind", "by_likeness")

    @cached_property
    def bills(self) -> ir.Table:
        """Counted bills of the `listed` in the 12 months to the night, see `medical.bills`."""
        if "medical_settlements" not in self.records:
            return empty(person=pa.int64(), settlement_id=pa.string(), settled_on=pa.int32(), self_pay=pa.int64(), by_likeness=pa.bool_())
        return medical.bills(self.records, self.listed, self.year_ago, self.day)

    @cached_property
    def self_pay(self) -> ir.Table:
        """Compliant self-pay of the `listed` in the 12 months to the night: `person`, `self_pay` (fen), `by_likeness`."""
        return _kept(medical.self_pay(self.bills), self._present(("medical_settlements",)))

    @cached_property
    def ages(self) -> ir.Table:
        """Birth dates of persons on tekun, in the migrant register or registered unemployed: `person`, `birth_date` (yyyymmdd); no row: unknown."""
        present = self._present(AGED)
        needed = people([self.records[dataset] for dataset in present])
        numbered = needed.filter(needed.person > 0)
        by_number = numbered.select("person", birth_date=ages.born_by_number(numbered.person))
        return _kept(by_number.union(ages.born_by_records(self.records, DATASETS, needed)), present)

    def uncertain(self, datasets: tuple[str, ...]) -> ir.Table:
        """`person` of whom absence from one of the datasets is in doubt.

        A quarantined row of it carries the number, or a record of it waits in the review queue against the person
        (identity.md, "Absence must be proven", c).
        """
        return people([self._uncertain_of(dataset) for dataset in self._present(datasets)])

    def _uncertain_of(self, dataset: str) -> ir.Table:
        if dataset not in self._uncertain:
            self._uncertain[dataset] = kept(people([self.records.quarantined(dataset), self.records.queued(dataset)]))
        return self._uncertain[dataset]

    @property
    def _registers(self) -> dict[str, ir.Table]:
        tables = {"low_income": self.low_income} if "low_income" in self.records else {}
        return tables | {"poverty_register": self.poverty} if "poverty_register" in self.records else tables

    def _present(self, datasets: tuple[str, ...]) -> list[str]:
        return [dataset for dataset in datasets if dataset in self.records]


def _kept(table: ir.Table, sources: Sequence[object]) -> ir.Table:
    """The table computed once; one without sources belongs to no engine and stays as it is."""
    return kept(table) if sources else table


