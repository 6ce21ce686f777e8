"""How people appear in the records of a night: what linking by likeness compares (identity.md, "Linking").

There are two kinds of sides: the records without a valid ID number, and the persons with one, wherever they appear. Both are a `Side`, so that
records are compared with persons and with each other by the same expressions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property

import ibis
import ibis.expr.types as ir

from pipelines.contracts import Contract
from pipelines.engine import Engine, pinned
from pipelines.extracts.in_force import InForce
from pipelines.identity.numbers import check_index
from pipelines.identity.records import conformed_in_force
from pipelines.identity.shown import of_persons, of_records

KEY_SEPARATOR = "\x1f"
HOUSEHOLD_FIELDS = ("family_id", "household_no")
MEMBER_FIELD = "relationship"  # a dataset that has it lists every member of a household once
YEAR_FIELD = "year"
NUMBER_KEYS: dict[str, tuple[str, ...]] = {"date": ("date",), "prefix": ("prefix",), "tail": ("tail",), "span": ("head", "rest")}
"""What a number and a birth date give to find people by, all int64: the date with three zeros behind it; the first 14 digits likewise; digits 15 to
17 and the check character; the first 13 digits with the last three characters, which survive a swap of the 14th and 15th."""
TOWN_COLUMNS = ("id", "county_code", "township", "village", "surname")
_COMPARED = (
    "name", "surname", "county_code", "township", "village", "phone", "sex", "birth_date", "id_number", "id_birth_date", "household", "roster"
)  # fmt: skip


class Side(ABC):
    """People by `id` (int64) with everything that one of their appearances says. Rows are distinct.

    `names`: id, name (as delivered), county_code · `towns`: id, county_code, township, village (null where not said), surname · `phones`: id, phone ·
    `households`: id, household (dataset, county and number), roster (household and year where members are listed once, else null).
    """

    names: ir.Table
    towns: ir.Table
    phones: ir.Table
    households: ir.Table

    @abstractmethod
    def with_key(self, table: ir.Table, key: str, optional: bool = False) -> ir.Table:
        """`table` (with `id`) with the columns of a key of NUMBER_KEYS; several dates give several rows.

        Rows without the key are left out or, if it is `optional`, have nulls.
        """

    @abstractmethod
    def with_shown(self, pairs: ir.Table, mark: str) -> ir.Table:
        """Pairs with what the numbers of the people in `id_<mark>` show (shown.py), each column with the mark behind it."""


class Numbered(Side):
    """The persons with a valid number, `id` its 17 digits."""

    def __init__(self, names: ir.Table, towns: ir.Table, phones: ir.Table, households: ir.Table) -> None:
        self.names, self.towns, self.phones, self.households = names, towns, phones, households

    def with_key(self, table: ir.Table, key: str, optional: bool = False) -> ir.Table:
        person = table.id
        if key == "date":
            return table.mutate(date=(person - person % 1000) % 10**11)
        if key == "prefix":
            return table.mutate(prefix=person - person % 1000)
        if key == "tail":
            return table.mutate(tail=person % 1000 * 11 + check_index(person))
        return table.mutate(head=person - person % 10000, rest=person % 100 * 11 + check_index(person))

    def with_shown(self, pairs: ir.Table, mark: str) -> ir.Table:
        """See Side. Worked out pair by pair: cheaper than to look people up."""
        return pairs.mutate(**{f"{name}_{mark}": value for name, value in of_persons(pairs[f"id_{mark}"]).items()})


class Unnumbered(Side):
    """Records without a valid number, `id` negative: alike records of one natural key are one.

    `rows` names the `id` of every record (`dataset`, `file`, `line`, `natural_key`), `units` has each once, with all that is compared. `given` says
    what any of them gives to find people by: name, town, phone, household, and the keys of NUMBER_KEYS.
    """

    def __init__(self, engine: Engine, rows: ir.Table) -> None:
        self._engine = engine
        order = ["rank", "natural_key", *_COMPARED]
        self.rows = engine.kept(rows.mutate(id=(-1 - ibis.dense_rank().over(ibis.window(order_by=order))).cast("int64")))
        self.units = units = engine.kept(self.rows.select("id", "rank", "dataset", "natural_key", *_COMPARED).distinct())
        self.names = units.select("id", "name", "county_code").filter(units.name.notnull())
        self.towns = units.filter(units.township.notnull()).select(*TOWN_COLUMNS)
        self.phones = units.filter(units.phone.notnull()).select("id", "phone")
        self.households = units.filter(units.household.notnull()).select("id", "household", "roster")
        self._keys = {name: engine.kept(table) for name, table in _number_keys(units).items()}
        parts = {"name": self.names, "town": self.towns, "phone": self.phones, "household": self.households, **self._keys}
        counted = [table.aggregate(part=ibis.literal(name), rows=table.count()) for name, table in parts.items()]
        self.given = frozenset(row["part"] for row in engine.arrow(ibis.union(*counted)).to_pylist() if row["rows"])

    def with_key(self, table: ir.Table, key: str, optional: bool = False) -> ir.Table:
        return table.left_join(self._keys[key], "id").drop("id_right") if optional else table.join(self._keys[key], "id")

    @cached_property
    def _shown(self) -> ir.Table:
        return self._engine.kept(of_records(self.units))

    def with_shown(self, pairs: ir.Table, mark: str) -> ir.Table:
        """See Side."""
        return pairs.join(self._shown.rename({f"{name}_{mark}": name for name in self._shown.columns}), f"id_{mark}")


def persons(engine: Engine, in_force: InForce, contracts: Mapping[str, Contract]) -> Numbered:
    """The persons with a valid number, from all datasets in force. Asks for at least one dataset of persons."""
    names, towns, phones, households = [], [], [], []
    for dataset in _with_people(in_force, contracts):
        rows = rows_of(engine, in_force, dataset, contracts[dataset])
        rows = rows.filter(rows.id17.notnull()).rename(id="id17")
        names.append(rows.select("id", "name", "county_code").distinct())
        towns.append(towns_of(rows))
        phones.append(phones_of(rows))
        if any(name in contracts[dataset].fields for name in HOUSEHOLD_FIELDS):
            households.append(households_of(rows))
    return Numbered(*(engine.kept(_union(parts).distinct()) for parts in (names, towns, phones, households or [households_of(rows)])))


def records(engine: Engine, in_force: InForce, contracts: Mapping[str, Contract]) -> Unnumbered | None:
    """The records in force without a valid number; None where the night has no dataset of persons."""
    parts = []
    for rank, dataset in enumerate(contracts):
        if dataset in _with_people(in_force, contracts):
            rows = rows_of(engine, in_force, dataset, contracts[dataset])
            rows = rows.filter(rows.id17.isnull()).drop("id17")
            parts.append(rows.mutate(dataset=ibis.literal(dataset), rank=ibis.literal(rank, "int32")))
    return Unnumbered(engine, _union(parts)) if parts else None


def rows_of(engine: Engine, in_force: InForce, dataset: str, contract: Contract) -> ir.Table:
    """A dataset's rows in force as linking reads them: `id17`, `file`, `line`, `natural_key`, and what is compared."""
    rows = conformed_in_force(engine, in_force, dataset)
    number = next((name for name in HOUSEHOLD_FIELDS if name in contract.fields), None)
    household, roster = ibis.null("string"), ibis.null("string")
    if number is not None:
        household = ibis.literal(f"{dataset}|").concat(rows.county_code, "|", rows[number])
        if MEMBER_FIELD in contract.fields:
            roster = household.concat("|", rows[YEAR_FIELD].cast("string")) if YEAR_FIELD in contract.fields else household
    own = ("county_code", "township", "village", "phone", "sex", "birth_date", "id_number", "id_birth_date")
    source = ("id17", "file", "line", "line_no", "member_no", "name")
    key = natural_key(rows, contract)
    return pinned(rows.select(*source, *own, surname=rows.name_folded.substr(0, 1), household=household, roster=roster, natural_key=key))


def natural_key(rows: ir.Table, contract: Contract) -> ir.StringValue:
    """The natural key of conformed rows as text: the key's values in order; of the ID field the cleaned number, of an absent value nothing."""
    values = [rows["id_number" if name == contract.id_field else name].cast("string").fill_null("") for name in contract.key]
    key = values[0]
    for value in values[1:]:
        key = key.concat(KEY_SEPARATOR, value)
    return key


def towns_of(rows: ir.Table) -> ir.Table:
    """Where people live by township: `id`, `county_code`, `township`, `village`, `surname`, distinct."""
    return rows.filter(rows.township.notnull()).select(*TOWN_COLUMNS).distinct()


def phones_of(rows: ir.Table) -> ir.Table:
    """Whom one calls: `id`, `phone`, distinct."""
    return rows.filter(rows.phone.notnull()).select("id", "phone").distinct()


def households_of(rows: ir.Table) -> ir.Table:
    """Who is listed together: `id`, `household`, `roster`, distinct."""
    return rows.filter(rows.household.notnull()).select("id", "household", "roster").distinct()


def _number_keys(units: ir.Table) -> dict[str, ir.Table]:
    """The keys that a broken number and a birth-date column still give: `id` and the columns of NUMBER_KEYS."""
    number = units.id_number
    digits = ibis.cases((number.re_search(r"^[0-9]{14}"), number.substr(0, 14))).try_cast("int64")
    whole = number.length() == 18
    last = ibis.ifelse(number.right(1) == "X", 10, number.right(1).try_cast("int64"))
    tail = ibis.cases((number.re_search(r"[0-9]{3}[0-9X]$"), number.right(4).substr(0, 3))).try_cast("int64")
    given = (units.birth_date.cast("int64"), units.id_birth_date.cast("int64"), digits % 10**8)
    dates = ibis.union(*(units.select("id", date=date * 1000) for date in given), distinct=True)
    found = units.select("id", prefix=digits * 1000, tail=tail * 11 + last)
    ends = ibis.cases((whole, number.right(3).substr(0, 2))).try_cast("int64") * 11 + last
    spans = units.select("id", head=ibis.cases((whole, number.substr(0, 13))).try_cast("int64") * 10000, rest=ends)
    keys = {
        "date": dates,
        "prefix": found.select("id", "prefix"),
        "tail": found.select("id", "tail"),
        "span": spans,
    }
    return {name: table.drop_null() for name, table in keys.items()}


def _with_people(in_force: InForce, contracts: Mapping[str, Contract]) -> Sequence[str]:
    return [dataset for dataset, contract in contracts.items() if dataset in in_force.files and contract.id_field is not None]


def _union(parts: list[ir.Table]) -> ir.Table:
    return parts[0] if len(parts) == 1 else ibis.union(*parts)
