"""Evidence and members of flags and mismatches, kept by edition: what a later night says in the same words is not stored again."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from pipelines.ledger.bulk import copy, hexadecimal
from pipelines.ledger.cipher import Cipher
from pipelines.ledger.kinds import FLAGS, Kind
from pipelines.ledger.staged import Staged

_BATCH = 200_000
_PLAIN = ("dataset", "file", "line", "field", "shows")


def keep_evidence(connection: Connection, cipher: Cipher, staged: Staged) -> None:
    """Adds the cells, sealed, and members of every edition that the ledger has not."""
    kind = staged.kind
    known = connection.execute(text(f"SELECT {kind.key} FROM {kind.name}_tonight t WHERE EXISTS ({_told(kind)})"))
    have = set(known.scalars())
    missing = pa.array([at for at, key in enumerate(staged.keys) if key not in have], pa.int64())
    cells = staged.cells.filter(pc.is_in(staged.cells["at"], value_set=missing))
    for start in range(0, cells.num_rows, _BATCH):
        copy(connection, kind.evidence, _sealed(cipher, staged, cells.slice(start, _BATCH)))
    if kind is FLAGS:
        members = staged.members.filter(pc.is_in(staged.members["at"], value_set=missing))
        columns = {**_keys(staged, members["at"].to_pylist()), "person": _token(members["person"])}
        copy(connection, "flag_members", pa.table(columns))


def cell_place(kind: Kind, key: str, edition: bytes, seq: int) -> str:
    """The place that a cell's sealed value is bound to."""
    return f"{kind.evidence}.value|{key}|{edition.hex()}|{seq}"


def _told(kind: Kind) -> str:
    """Whether the ledger has a flag's edition: its cells, or for want of any its members."""
    told = f"SELECT FROM {kind.evidence} e WHERE e.{kind.key} = t.{kind.key} AND e.edition = t.edition"
    return told if kind is not FLAGS else f"{told} UNION ALL SELECT FROM flag_members e WHERE e.flag_id = t.flag_id AND e.edition = t.edition"


def _sealed(cipher: Cipher, staged: Staged, cells: pa.Table) -> pa.Table:
    kind = staged.kind
    places: list[Any] = cells["at"].to_pylist()
    seqs: list[Any] = cells["seq"].to_pylist()
    named = (cell_place(kind, staged.keys[at], staged.editions[at], seq) for at, seq in zip(places, seqs, strict=True))
    columns: dict[str, Any] = {
        **_keys(staged, places),
        "seq": cells["seq"],
        "person": _token(cells["person"]),
        "snapshot": cells["snapshot"].cast(pa.string()),  # yyyymmdd is a date to PostgreSQL
        "value": hexadecimal(cipher.seal_all(cells["value"].to_pylist(), named)),
        **{name: cells[name] for name in _PLAIN},
    }
    if "side" in cells.column_names:
        columns["side"] = cells["side"]
    return pa.table(columns)


def _keys(staged: Staged, places: list[Any]) -> dict[str, Any]:
    editions = hexadecimal([staged.editions[at] for at in places])
    return {staged.kind.key: pa.array([staged.keys[at] for at in places], pa.string()), "edition": editions}


def _token(tokens: pa.ChunkedArray[Any]) -> pa.Array[Any]:
    return pa.array([token and f"\\x{token}" for token in tokens.to_pylist()], pa.string())
