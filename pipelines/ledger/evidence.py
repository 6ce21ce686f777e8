"""Evidence and members of flags and mismatches, kept by edition: what a later night says in the same words is not stored again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from pipelines.ledger.bulk import copy, hexadecimal
from pipelines.ledger.cipher import Cipher
from pipelines.ledger.kinds import FLAGS, Kind
from pipelines.ledger.staged import Staged

_BATCH = 100_000
_PLAIN = ("dataset", "file", "line", "field", "shows")


def keep_evidence(connection: Connection, cipher: Cipher, staged: Staged) -> None:
    """Adds the cells, sealed, and members of every edition that the ledger has not."""
    kind = staged.kind
    known = connection.execute(text(f"SELECT {kind.key} FROM {kind.name}_tonight t WHERE EXISTS ({_told(kind)})"))
    have = set(known.scalars())
    missing = pa.array([at for at, key in enumerate(staged.keys) if key not in have], pa.int64())
    named = pa.table({kind.key: pa.array(staged.keys, pa.string()), "edition": hexadecimal(staged.editions)})
    starts = range(0, staged.cells.num_rows, _BATCH)
    with ThreadPoolExecutor(1) as ahead:  # seals the next cells while the server takes in these
        batches = (ahead.submit(_sealed, cipher, staged, named, _of(staged.cells.slice(start, _BATCH), missing)) for start in starts)
        following = next(batches, None)
        while (batch := following) is not None:
            sealed = batch.result()
            following = next(batches, None)
            if sealed.num_rows:
                copy(connection, kind.evidence, sealed)
    if kind is FLAGS:
        members = _of(staged.members, missing)
        copy(connection, "flag_members", named.take(members["at"]).append_column("person", _token(members["person"])))


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


def _told(kind: Kind) -> str:
    """Whether the ledger has a flag's edition: its cells, or for want of any its members."""
    told = f"SELECT FROM {kind.evidence} e WHERE e.{kind.key} = t.{kind.key} AND e.edition = t.edition"
    return told if kind is not FLAGS else f"{told} UNION ALL SELECT FROM flag_members e WHERE e.flag_id = t.flag_id AND e.edition = t.edition"


def _sealed(cipher: Cipher, staged: Staged, named: pa.Table, cells: pa.Table) -> pa.Table:
    """The cells as the ledger keeps them; `named` has the key and edition of every row of `staged`."""
    places: list[Any] = cells["at"].to_pylist()
    heads = {at: _place(staged.kind, staged.keys[at], staged.editions[at]) for at in dict.fromkeys(places)}
    seqs: list[Any] = cells["seq"].to_pylist()
    values = cipher.seal_all(cells["value"].to_pylist(), (f"{heads[at]}{seq}" for at, seq in zip(places, seqs, strict=True)))
    own = named.take(cells["at"])
    columns: dict[str, Any] = {
        **{name: own[name] for name in own.column_names},
        "seq": cells["seq"],
        "person": _token(cells["person"]),
        "snapshot": cells["snapshot"].cast(pa.string()),  # yyyymmdd is a date to PostgreSQL
        "value": hexadecimal(values),
        **{name: cells[name].cast(pa.string()) for name in _PLAIN},
    }
    if "side" in cells.column_names:
        columns["side"] = cells["side"].cast(pa.string())
    return pa.table(columns)


def _token(tokens: pa.ChunkedArray[Any]) -> Any:
    texts: Any = tokens.cast(pa.string())
    return pc.binary_join_element_wise("\\x", texts, "")
