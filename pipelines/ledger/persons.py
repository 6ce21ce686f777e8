"""The persons table: sealed identifying values by token."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, text

from pipelines.ledger.bulk import copy, hexadecimal
from pipelines.ledger.cipher import Cipher
from pipelines.ledger.night_files import NightFiles

SEALED = ("name", "id_number", "phone")
PLAIN = ("sex", "birth_year", "county_code", "township", "village")
_SEPARATOR = "\x1f"


def keep_persons(connection: Connection, cipher: Cipher, night: NightFiles) -> None:
    """Adds the night's persons and brings those up to date that no later night has told about; unchanged ones are not touched."""
    table = night.read("persons").select(["token", *SEALED, *PLAIN])
    rows = table.to_pylist()
    contents = [cipher.digest(_SEPARATOR.join(str(row[name]) for name in (*SEALED, *PLAIN))) for row in rows]
    tokens = pa.array([f"\\x{row['token']}" for row in rows], pa.string())
    connection.execute(text("CREATE TEMP TABLE persons_tonight ON COMMIT DROP AS SELECT token, content FROM persons WITH NO DATA"))
    copy(connection, "persons_tonight", pa.table({"token": tokens, "content": hexadecimal(contents)}))
    wanted = connection.execute(
        text("""
            SELECT t.token FROM persons_tonight t LEFT JOIN persons p USING (token)
            WHERE p.token IS NULL OR (p.content <> t.content AND p.as_of <= :as_of)"""),
        {"as_of": night.as_of},
    )
    changed = {bytes(token).hex() for token in wanted.scalars()}
    keep = [at for at, row in enumerate(rows) if row["token"] in changed]
    columns: dict[str, Any] = {name: hexadecimal(_sealed(cipher, name, [rows[at] for at in keep])) for name in SEALED}
    columns |= {name: table[name].take(pa.array(keep, pa.int64())).cast(pa.string()) for name in PLAIN}
    columns |= {"token": tokens.take(pa.array(keep, pa.int64())), "content": hexadecimal([contents[at] for at in keep])}
    columns["as_of"] = pa.array([night.as_of.isoformat()] * len(keep), pa.string())
    connection.execute(text("CREATE TEMP TABLE persons_changed ON COMMIT DROP AS SELECT * FROM persons WITH NO DATA"))
    copy(connection, "persons_changed", pa.table(columns))
    names = ", ".join((*SEALED, *PLAIN, "content", "as_of"))
    updates = ", ".join(f"{name} = excluded.{name}" for name in (*SEALED, *PLAIN, "content", "as_of"))
    added = f"INSERT INTO persons (token, {names}) SELECT token, {names} FROM persons_changed ORDER BY token"
    connection.execute(text(f"{added} ON CONFLICT (token) DO UPDATE SET {updates}"))


def person_place(column: str, token: str) -> str:
    """The place that a person's sealed value is bound to."""
    return f"persons.{column}|{token}"


def _sealed(cipher: Cipher, column: str, rows: list[dict[str, str]]) -> list[bytes | None]:
    return cipher.seal_all((row[column] for row in rows), (person_place(column, row["token"]) for row in rows))
