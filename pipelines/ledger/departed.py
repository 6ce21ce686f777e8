"""Why a flag is gone: never silently (outputs.md, "Life of a flag")."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from pipelines.ledger import lifecycle
from pipelines.ledger.bulk import copy
from pipelines.ledger.cipher import Cipher
from pipelines.ledger.kinds import FLAGS, Kind
from pipelines.ledger.night_files import STATUS, NightFiles
from pipelines.ledger.people import COVERED, DECEASED
from pipelines.ledger.persons import person_place

NO_LONGER = "no_longer"
SERVICES = "service_list"


def say_why_gone(connection: Connection, cipher: Cipher, night: NightFiles, kind: Kind) -> None:
    """Makes the temporary table `<kind>_gone`: every key that the night before had and this one has not, with the reason.

    `covered` or `deceased`: the person, or every living member, is so now; `moved`: the same rule names the subject in another county;
    `other_rule`: another rule names it from tonight on; `no_longer`: the data no longer say what the rule asks.
    """
    keys = lifecycle.gone(connection, kind)
    reasons = dict.fromkeys(keys, NO_LONGER) | lifecycle.elsewhere(connection, kind)
    if kind is FLAGS and keys:
        reasons |= _by_status(connection, cipher, night, keys)
    connection.execute(text(f"CREATE TEMP TABLE {kind.name}_gone ({kind.key} text, reason text) ON COMMIT DROP"))
    said = pa.array([reasons[key] for key in keys], pa.string())
    copy(connection, f"{kind.name}_gone", pa.table({kind.key: pa.array(keys, pa.string()), "reason": said}))


def _by_status(connection: Connection, cipher: Cipher, night: NightFiles, keys: list[str]) -> dict[str, str]:
    """Flags whose person, or all of whose household's members, are now covered or deceased."""
    table = night.read_if_there(STATUS)
    if table is None:
        return {}
    found = connection.execute(
        text("""
            SELECT f.flag_id, f.family, p.token, p.id_number FROM flags f JOIN flag_prior r USING (flag_id)
            LEFT JOIN flag_members m ON f.subject_kind = 'household' AND m.flag_id = f.flag_id AND m.edition = r.edition
            LEFT JOIN persons p ON p.token = CASE f.subject_kind WHEN 'household' THEN m.person ELSE f.token END
            WHERE f.flag_id = ANY(:keys)"""),
        {"keys": keys},
    ).all()
    persons = [_person(cipher, token, sealed) for _, _, token, sealed in found]
    status = _status(table, {person for person in persons if person is not None})
    words: dict[str, set[str | None]] = {}
    for (key, *_), person in zip(found, persons, strict=True):
        words.setdefault(key, set()).add(None if person is None else status.get(person))
    served = {key for key, family, _, _ in found if family == SERVICES}
    settled = {key: DECEASED if said == {DECEASED} else COVERED for key, said in words.items() if None not in said}
    return {key: word for key, word in settled.items() if word == DECEASED or key not in served}  # who is served is covered all along


def _person(cipher: Cipher, token: bytes | None, sealed: bytes | None) -> int | None:
    """The person whose ID number is sealed, None without one."""
    return None if token is None or sealed is None else int(cipher.open(bytes(sealed), person_place("id_number", bytes(token).hex()))[:17])


def _status(table: pa.Table, persons: set[int]) -> dict[int, str]:
    """The status of those of the persons who have one."""
    asked = table.filter(pc.is_in(table["person"], value_set=pa.array(persons, pa.int64())))
    status: dict[int, str] = {}
    for row in asked.to_pylist():
        status[row["person"]] = DECEASED if DECEASED in (row["status"], status.get(row["person"])) else COVERED
    return status
