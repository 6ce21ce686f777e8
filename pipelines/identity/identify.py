"""What conforming adds about identity: the ID number of every row read, and its name folded (docs/design.md, "Conformed")."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.contracts import Contract
from pipelines.engine import Engine
from pipelines.extracts.rows import line_text
from pipelines.identity.names import changed_names, with_folded_names
from pipelines.identity.numbers import compact, number_text, with_number

CERTIFICATE_FIELD = "certificate_number"
_PARTS = ("number", "status", "repairs", "birth_date", "sex", "17", "suspect")


class Identify:
    """The identity columns of docs/design.md for the rows of a file; those of a dataset without persons stay as they are."""

    def changed_names(self, rows: ir.Table) -> pa.Table:
        """`name`, `folded`: the names of `rows` that folding changes."""
        return changed_names(rows)

    def __call__(self, rows: ir.Table, names: ir.Table, contract: Contract) -> ir.Table:
        """`rows` with `id_number` (cleaned), `id_original` (as landed, where cleaning changed it), `id_status`, `id_repairs`, `id17`,
        `id_birth_date`, `id_sex` ('1', '2'), `rounding_suspect`, `name_folded`.

        In: the contract's fields as landed, `numeric_cells`, `snapshot`; `names` is what `changed_names` gave. A disability certificate's missing
        or invalid ID number is taken from the certificate number, which comes back cleaned (GB 11643; identity.md).
        """
        if contract.id_field is None:
            return rows
        landed = rows.mutate(_landed=rows[contract.id_field])
        known = with_number(landed, "_landed", _stored_as_number(rows, contract.id_field))
        if CERTIFICATE_FIELD in contract.fields:
            known = _from_certificate(known)
        repaired = (known.id_repairs != "").fill_null(False)
        known = known.rename(id17="id_17", rounding_suspect="id_suspect").mutate(id_original=ibis.cases((repaired, known["_landed"])))
        return with_folded_names(known.drop("_landed"), names)

    def stored(self, rows: ir.Table) -> ir.Table:
        """`rows` as they are written: a valid number stands in `id17` alone, and a name that folding leaves as it is once."""
        if "id17" not in rows.columns:
            return rows
        return rows.drop("id_sex").mutate(id_number=ibis.cases((~_says_all(rows), rows.id_number)), name_folded=rows.name_folded.nullif(rows.name))


identify = Identify()


def read_conformed(engine: Engine, paths: Iterable[Path]) -> ir.Table:
    """Conformed rows from their files, with all columns of docs/design.md."""
    rows = engine.read(paths)
    rows = rows.mutate(line=line_text(rows))
    if "id17" not in rows.columns:
        return rows
    number = ibis.ifelse(_says_all(rows), number_text(rows.id17), rows.id_number)
    sex = ibis.cases((rows.id17.notnull(), ibis.ifelse(rows.id17 % 2 == 1, "1", "2")))
    return rows.mutate(id_number=number, id_sex=sex, name_folded=ibis.coalesce(rows.name_folded, rows.name))


def _says_all(rows: ir.Table) -> ir.BooleanValue:
    """Whether `id17` gives the whole number: it is valid and does not begin with a zero."""
    return (rows.id17 >= 10**16).fill_null(False)


def _stored_as_number(table: ir.Table, field: str) -> ir.BooleanValue:
    cells = table.numeric_cells
    return cells.notnull() & ibis.literal(" ").concat(cells, " ").contains(f" {field} ")


def _from_certificate(table: ir.Table) -> ir.Table:
    """Takes the number that the certificate embeds where it is valid and the own one is not, or where there is no own one."""
    read = with_number(table, CERTIFICATE_FIELD, _stored_as_number(table, CERTIFICATE_FIELD), prefix="certificate_id_")
    embedded = read.certificate_id_repairs.contains("from_certificate")
    better = (read.certificate_id_status == "valid") & (read.id_status != "valid")
    taken = better | ((read.id_status == "missing") & embedded)
    marked = ibis.ifelse(embedded, read.certificate_id_repairs, read.certificate_id_repairs.concat(" from_certificate").strip())
    chosen = {f"id_{part}": ibis.ifelse(taken, read[f"certificate_id_{part}"], read[f"id_{part}"]) for part in _PARTS}
    chosen["id_repairs"] = ibis.ifelse(taken, marked, read.id_repairs)
    chosen["_landed"] = ibis.ifelse(taken, read[CERTIFICATE_FIELD], read["_landed"])
    chosen[CERTIFICATE_FIELD] = ibis.coalesce(compact(read[CERTIFICATE_FIELD]).nullif(""), read[CERTIFICATE_FIELD])
    return read.mutate(**chosen).drop(*(f"certificate_id_{part}" for part in _PARTS))
