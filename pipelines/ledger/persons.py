"""The persons table: sealed identifying values by token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pyarrow as pa
from sqlalchemy import Connection, text

from pipelines.ledger.bulk import copy, copy_parts
from pipelines.ledger.cipher import Cipher
from pipelines.ledger.night_files import NightFiles
from pipelines.ledger.staged import listed, raw, told

SEALED = ("name", "id_number", "phone")
PLAIN = ("sex", "birth_year", "county_code", "township", "village")
_BATCH = 20_000


def stage_persons(night: NightFiles, cipher: Cipher) -> pa.Table:
    """The night's persons in the order of their tokens: `token`, SEALED in clear, PLAIN, `content` (their digest), `raw` (the token's bytes)."""
    table = night.read("persons").select(["token", *SEALED, *PLAIN]).sort_by("token")
    texts = told((table[name].cast(pa.string()) for name in (*SEALED, *PLAIN)), "None")
    table = table.append_column("content", pa.array(cipher.digest_all(listed(texts)), pa.binary()))
    return table.append_column("raw", raw(table["token"]))


def keep_persons(connection: Connection, cipher: Cipher, table: pa.Table, as_of: date) -> None:
    """Adds a night's persons and brings those up to date that no later night has told about; unchanged ones are not touched."""
    connection.execute(text("CREATE TEMP TABLE persons_tonight ON COMMIT DROP AS SELECT 0 AS at, token, content FROM persons WITH NO DATA"))
    places = pa.array(range(table.num_rows), pa.int32())
    copy(connection, "persons_tonight", table.select(["raw", "content"]).rename_columns(["token", "content"]).append_column("at", places))
    wanted = connection.execute(
        text("""
            SELECT t.at, p.token IS NULL FROM persons_tonight t LEFT JOIN persons p USING (token)
            WHERE p.token IS NULL OR (p.content <> t.content AND p.as_of <= :as_of) ORDER BY 1"""),
        {"as_of": as_of},
    ).all()
    new, changed = (pa.array([at for at, unknown in wanted if unknown is kind], pa.int64()) for kind in (True, False))
    columns = ("token", *SEALED, *PLAIN, "content", "as_of")
    copy_parts(connection, "persons", columns, _rows(cipher, as_of, table.take(new)))
    connection.execute(text("CREATE TEMP TABLE persons_changed ON COMMIT DROP AS SELECT * FROM persons WITH NO DATA"))
    copy_parts(connection, "persons_changed", columns, _rows(cipher, as_of, table.take(changed)))
    updates = ", ".join(f"{name} = c.{name}" for name in columns[1:])
    connection.execute(text(f"UPDATE persons p SET {updates} FROM persons_changed c WHERE c.token = p.token"))


def person_place(column: str, token: str) -> str:
    """The place that a person's sealed value is bound to."""
    return f"persons.{column}|{token}"


def _rows(cipher: Cipher, as_of: date, people: pa.Table) -> Iterator[pa.Table]:
    """The rows of the table persons, in parts."""
    for start in range(0, people.num_rows, _BATCH):
        part = people.slice(start, _BATCH)
        tokens = listed(part["token"])
        sealed = [pa.array(cipher.seal_all(listed(part[name]), (person_place(name, token) for token in tokens)), pa.binary()) for name in SEALED]
        plain = part.select(["raw", *PLAIN, "content"]).rename_columns(["token", *PLAIN, "content"])
        for name, values in zip(SEALED, sealed, strict=True):
            plain = plain.append_column(name, values)
        yield plain.append_column("as_of", pa.repeat(pa.scalar(as_of), part.num_rows))
