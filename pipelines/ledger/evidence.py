"""Evidence and members of flags and mismatches, kept by edition: what a later night says in the same words is not stored again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from pipelines.ledger.bulk import copy, copy_parts
from pipelines.ledger.cipher import Cipher
from pipelines.ledger.kinds import FLAGS, Kind
from pipelines.ledger.staged import Staged, raw

_BATCH = 20_000


def keep_evidence(connection: Connection, cipher: Cipher, staged: Staged) -> None:
    """Adds the cells, sealed, and members of every edition that the ledger has not."""
    kind = staged.kind
    have = _known(connection, kind)
    missing = pa.array([at for at, key in enumerate(staged.keys) if key not in have], pa.int64())
    named = pa.table({kind.key: pa.array(staged.keys, pa.string()), "edition": pa.array(staged.editions, pa.binary())})
    cells = (_of(staged.cells.slice(start, _BATCH), missing) for start in range(0, staged.cells.num_rows, _BATCH))
    columns = [*named.column_names, *(name for name in staged.cells.column_names if name != "at")]
    copy_parts(connection, kind.evidence, columns, (_sealed(cipher, staged, named, some) for some in cells))
    if kind is FLAGS:
        members = _of(staged.members, missing)
        copy(connection, "flag_members", named.take(members["at"]).append_column("person", raw(members["person"])))


def _of(rows: pa.Table, places: pa.Array[Any]) -> pa.Table:
    return rows.filter(pc.is_in(rows["at"], value_set=places))


def cell_place(kind: Kind, key: str, edition: bytes, seq: int) -> str:
    """The place that a cell's sealed value is bound to."""
    return f"{_place(kind, key, edition)}{seq}"


def cell_places(kind: Kind, keys: Iterable[str], editions: Iterable[bytes], seqs: Iterable[int]) -> Iterator[str]:
    """As `cell_place`, for many cells of one night, on which each key has one edition."""
    heads: dict[str, str] = {}
    for key, edition, seq in zip(keys, editions, seqs, strict=True):
        head = heads.get(key)
        if head is None:
            head = heads[key] = _place(kind, key, edition)
        yield f"{head}{seq}"


def _place(kind: Kind, key: str, edition: bytes) -> str:
    return f"{kind.evidence}.value|{key}|{edition.hex()}|"


def _known(connection: Connection, kind: Kind) -> set[str]:
    """The keys whose edition of tonight the ledger has: the night before had it, or else there are cells or, for want of any, members of it.

    The second question goes key by key through an index: to scan millions of cells takes longer, and most keys are known by the first.
    """
    tables = (kind.evidence, "flag_members") if kind is FLAGS else (kind.evidence,)
    told = " UNION ALL ".join(f"SELECT FROM {table} e WHERE e.{kind.key} = t.{kind.key} AND e.edition = t.edition" for table in tables)
    found = connection.execute(text(f"""
        SELECT {kind.key} FROM {kind.name}_tonight t JOIN {kind.name}_prior p USING ({kind.key}, edition)
        UNION ALL SELECT t.{kind.key} FROM {kind.name}_tonight t LEFT JOIN {kind.name}_prior p USING ({kind.key})
            CROSS JOIN LATERAL (({told}) LIMIT 1) AS known WHERE p.edition IS DISTINCT FROM t.edition"""))  # fmt: skip
    return set(found.scalars())


def _sealed(cipher: Cipher, staged: Staged, named: pa.Table, cells: pa.Table) -> pa.Table:
    """The cells as the ledger keeps them; `named` has the key and edition of every row of `staged`."""
    places: list[Any] = cells["at"].to_pylist()
    heads = {at: _place(staged.kind, staged.keys[at], staged.editions[at]) for at in dict.fromkeys(places)}
    seqs: list[Any] = cells["seq"].to_pylist()
    values = cipher.seal_all(cells["value"].to_pylist(), (f"{heads[at]}{seq}" for at, seq in zip(places, seqs, strict=True)))
    persons: Any = cells["person"].combine_chunks()
    given: dict[str, Any] = {"value": pa.array(values, pa.binary()), "person": staged.people.raw.take(persons.indices)}
    table = named.take(cells["at"])
    for name in cells.column_names:
        table = table.append_column(name, given.get(name, cells[name]))
    return table
