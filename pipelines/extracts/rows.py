"""The rows of one landed file as engine expressions: typed, with what is wrong with each; then the conformed, quarantined and warned ones."""

from __future__ import annotations

from typing import Protocol

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.contracts import Contract, Field
from pipelines.engine import staged
from pipelines.extracts import reasons
from pipelines.extracts.types import default, prepared, value
from pipelines.policy import Region

COUNTY = "county_code"
PLAIN_TYPES = ("text", "name", "id")  # always readable
LINES = ("line_no", "member_no")
SOURCE = ("file", *LINES, "snapshot")
COMMON = {"township": "string", "village": "string", "phone": "string", "sex": "string", "birth_date": "int32"}
FAULT = "fault"
"""int32: what quarantines the row; 0 nothing, 1 landing's problem, 2i + 2 field i is empty, 2i + 3 field i is unreadable."""
FLAWS = "flaws"
"""int64: bit i for an unreadable optional field i; the bit after the last field for a row that names another county than its file."""
_LANDED = "landed_"


class Identify(Protocol):
    """What conforming adds about who a row is about; handed in because identity stands above extracts."""

    def changed_names(self, rows: ir.Table) -> pa.Table:
        """`name`, `folded`: the names of `rows` that folding changes."""

    def __call__(self, rows: ir.Table, names: ir.Table, contract: Contract) -> ir.Table:
        """`rows` (the contract's fields as landed) with the identity columns; `names` is what `changed_names` gave."""

    def stored(self, rows: ir.Table) -> ir.Table:
        """`rows` without what can be computed from the rest when they are read again."""


def known_rows(landed: ir.Table, names: ir.Table, contract: Contract, region: Region, identify: Identify) -> ir.Table:
    """Every landed row with its text, `typed_<field>` as value where the type is no text, identity and source columns, `fault` and `flaws`.

    Besides what landing wrote, `landed` has `file`, `snapshot` (int32 yyyymmdd) and `file_county` (of a county's own file, else null). Where
    identity replaces a field, its text stays as `landed_<field>`.
    """
    fields = list(contract.fields.values())
    numbers = {f"{_LANDED}{field.name}": landed[field.name] for field in fields if field.type == "id"}
    rows = identify(landed.mutate(**numbers), names, contract).drop("numeric_cells")
    read = [field for field in fields if field.type not in PLAIN_TYPES]
    forms = staged(rows.mutate(**{f"form_{field.name}": prepared(field, rows[field.name]) for field in read}))
    values = {f"value_{field.name}": value(field, forms[f"form_{field.name}"], region) for field in read}
    rows = staged(forms.mutate(**values).drop(*(f"form_{field.name}" for field in read)))
    typed = {f"typed_{field.name}": _filled(rows, field, region) for field in fields if field in read or field.default is not None}
    return staged(rows.mutate(**typed, **{FAULT: _fault(rows, fields), FLAWS: _flaws(rows, fields)}).drop(*values, "file_county"))


def line_text(rows: ir.Table) -> ir.StringValue:
    """A row's source line as people cite it: `7`, or `7#2` for a place in a household's row."""
    line = rows.line_no.cast("string")
    return ibis.ifelse(rows.member_no > 0, line.concat("#", rows.member_no.cast("string")), line)


def conformed_rows(known: ir.Table, contract: Contract, identify: Identify) -> ir.Table:
    """The rows without a fault: the contract's fields, typed; the common fields, null where the dataset has none; source and identity columns as
    they are stored; `flaws`."""
    own = {name: known[f"typed_{name}"] if f"typed_{name}" in known.columns else known[name] for name in contract.fields}
    absent = {name: ibis.null(kind) for name, kind in COMMON.items() if name not in contract.fields}
    rest = {name: known[name] for name in (*SOURCE, FLAWS, *_identity(known, contract))}
    return identify.stored(known.filter(known[FAULT] == 0).select(**own, **absent, **rest))


def quarantined_rows(known: ir.Table, contract: Contract) -> ir.Table:
    """The rows with a fault, kept whole: the landed text, `row_county` (null where it cannot be read), source and identity columns, `column`,
    `reason`. A delivered field of one of these two names stands as `delivered_reason`."""
    rows = known.filter(known[FAULT] > 0)
    explained = _explained(rows, list(contract.fields.values()))
    landed = {name: f"{_LANDED}{name}" if f"{_LANDED}{name}" in rows.columns else name for name in contract.fields}
    text = {f"delivered_{name}" if name in explained else name: rows[column] for name, column in landed.items()}
    source = {name: rows[name] for name in (*SOURCE, *_identity(known, contract)) if name not in text}
    return rows.select(**text, row_county=rows[f"typed_{COUNTY}"], line=line_text(rows), **source, **explained)


def _identity(known: ir.Table, contract: Contract) -> list[str]:
    """The columns that identity adds, other than contract fields."""
    other = {*contract.fields, *SOURCE, FAULT, FLAWS, "problem"}
    return [name for name in known.columns if name not in other and not name.startswith((_LANDED, "typed_"))]


def warning_rows(conformed: ir.Table, contract: Contract) -> ir.Table:
    """One row for every flaw of a conformed row: `file`, `line`, `line_no`, `member_no`, `column`, `reason`."""
    fields = list(contract.fields.values())
    kinds = [(2**bit, field.name, reasons.unreadable(field)) for bit, field in enumerate(fields) if _may_be_flawed(field)]
    kinds.append((2 ** len(fields), COUNTY, reasons.other_county()))
    flawed = conformed.filter(conformed[FLAWS] != 0)
    each = staged(flawed.mutate(_flaw=ibis.array([ibis.literal(flaw, "int64") for flaw, _, _ in kinds]).unnest()))
    found = each.filter(each[FLAWS] % (each["_flaw"] * 2) >= each["_flaw"])
    return found.select(
        "file",
        *LINES,
        line=line_text(found),
        column=ibis.cases(*((found["_flaw"] == flaw, column) for flaw, column, _ in kinds)),
        reason=ibis.cases(*((found["_flaw"] == flaw, reason) for flaw, _, reason in kinds)),
    )


def _may_be_flawed(field: Field) -> bool:
    return not field.required and field.type not in PLAIN_TYPES


def _value(rows: ir.Table, field: Field) -> ir.Value:
    return rows[field.name] if field.type in PLAIN_TYPES else rows[f"value_{field.name}"]


def _filled(rows: ir.Table, field: Field, region: Region) -> ir.Value:
    """The value; where there is none, the contract's default; where a county is not named, the file's."""
    if field.name == COUNTY:
        return ibis.ifelse(rows[COUNTY].isnull(), rows.file_county, _value(rows, field))
    filling = default(field, region)
    return _value(rows, field) if filling is None else ibis.coalesce(_value(rows, field), filling)


def _fault(rows: ir.Table, fields: list[Field]) -> ir.IntegerValue:
    faults = [(rows.problem.notnull(), 1)]
    for number, field in enumerate(fields):
        if field.required:
            empty = rows[field.name].isnull()
            faults.append((empty & rows.file_county.isnull() if field.name == COUNTY else empty, 2 * number + 2))
            if field.type not in PLAIN_TYPES:
                faults.append((~empty & _value(rows, field).isnull(), 2 * number + 3))
    return ibis.cases(*faults, else_=0).cast("int32")


def _flaws(rows: ir.Table, fields: list[Field]) -> ir.IntegerValue:
    flaws = ibis.literal(0, "int64")
    for bit, field in enumerate(fields):
        if _may_be_flawed(field):
            flaws = flaws + ibis.ifelse(rows[field.name].notnull() & _value(rows, field).isnull(), 2**bit, 0)
    elsewhere = (rows[f"value_{COUNTY}"] != rows.file_county).fill_null(False)
    return flaws + ibis.ifelse(elsewhere, 2 ** len(fields), 0)


def _explained(rows: ir.Table, fields: list[Field]) -> dict[str, ir.Value]:
    """`column` (null for a damaged row) and `reason` of a fault."""
    fault, columns, texts = rows[FAULT], [], []
    for number, field in enumerate(fields):
        columns.append((fault.isin((2 * number + 2, 2 * number + 3)), field.name))
        texts += [(fault == 2 * number + 2, reasons.empty(field)), (fault == 2 * number + 3, reasons.unreadable(field))]
    damage = [((fault == 1) & (rows.problem == noted), text) for noted, text in reasons.damaged().items()]
    return {"column": ibis.cases(*columns), "reason": ibis.cases(*texts, *damage, else_=rows.problem)}
