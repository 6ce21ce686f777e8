"""From a night's files to rows for the ledger: tokens, stable ids, digests, due dates, sealed values."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import LedgerError
from pipelines.identity.tokens import Tokens
from pipelines.ledger.bulk import hexadecimal
from pipelines.ledger.cipher import Cipher
from pipelines.ledger.kinds import FLAGS, MISMATCHES, Kind
from pipelines.ledger.night_files import NightFiles

_SEPARATOR = "\x1f"
_RECORD = "record:"
_CODED = ("rule", "check", "county_code", "side", "dataset", "file", "field", "shows")
_BATCH, _KEYS = 500_000, 20_000
Row = Mapping[str, Any]
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Staged:
    """One kind's rows of a night.

    `rows` are ready for the staging table, sorted by key, so that the ledger's indexes grow at their end; `keys` and `editions` stand in the same
    order. `cells` is the evidence, ordered by `at` (the row's place) and `seq`, with `person` as a token and `value` in clear; `members` gives `at`
    and `person` (a token), none for mismatches. Texts that repeat are coded as dictionaries.
    """

    kind: Kind
    rows: pa.Table
    keys: list[str]
    editions: list[bytes]
    cells: pa.Table
    members: pa.Table


@dataclass(frozen=True)
class People:
    """The night's persons.parquet: tokens of the persons that it names."""

    persons: pa.Array[Any]
    tokens: pa.Array[Any]

    @classmethod
    def of(cls, night: NightFiles) -> People:
        """Raises LedgerError when persons.parquet is missing."""
        table = night.read("persons").select(["person", "token"]).combine_chunks()
        return cls(table["person"].combine_chunks(), table["token"].combine_chunks())

    def named(self, persons: pa.ChunkedArray[Any]) -> pa.Array[Any]:
        """The tokens of persons, null for null. Raises LedgerError for one that persons.parquet does not name."""
        return self.tokens.take(self._places(persons))

    def coded(self, persons: pa.ChunkedArray[Any]) -> pa.Array[Any]:
        """The same as a dictionary, which takes four bytes a person."""
        return pa.DictionaryArray.from_arrays(self._places(persons), self.tokens)

    def _places(self, persons: pa.ChunkedArray[Any]) -> pa.Array[Any]:
        places = pc.index_in(pa.concat_arrays(persons.chunks) if persons.num_chunks else pa.array([], pa.int64()), value_set=self.persons)
        if places.null_count != persons.null_count:
            raise LedgerError("A flag or mismatch is about a person whom persons.parquet does not name; run the night's stages again.")
        return places


def stage_flags(night: NightFiles, people: People, tokens: Tokens, cipher: Cipher) -> Staged:
    """The night's flags. `flag_id` is the rule and 16 hexadecimal digits of SHA-256 over rule, token and county, so it is the same every night."""
    table = night.read("flags")
    flags = table.to_pylist()
    households = [_household_token(tokens, row) for row in flags]
    own = _pylist(people.named(table["person"]))
    named = [
        str(household if row["subject_kind"] == "household" else person) for row, household, person in zip(flags, households, own, strict=True)
    ]
    keys = [flag_key(row["rule"], token, row["county_code"]) for row, token in zip(flags, named, strict=True)]
    order = _order(keys)
    table = table.take(pa.array(order, pa.int64()))
    flags, named, keys, households = _ordered(flags, order), _ordered(named, order), _ordered(keys, order), _ordered(households, order)
    by = ["rule", "subject", "county_code"]
    cells = _cells(night, "evidence", table, by, people)
    members = _members(night, table, by, people)
    substance, editions = _digests(cipher, keys, cells, members)
    said = ("state", "grade", "township", "village", "link_basis", "partial", "name", "household", "clause", "action", "subject")
    columns = {
        "flag_id": keys,
        "rule": [row["rule"] for row in flags],
        "family": [row["family"] for row in flags],
        "subject_kind": [row["subject_kind"] for row in flags],
        "token": [f"\\x{token}" for token in named],
        "household_dataset": [row["household_dataset"] for row in flags],
        "household": _sealed(cipher, FLAGS, "household", keys, flags),
        "household_token": [household and f"\\x{household}" for household in households],
        "county_code": [row["county_code"] for row in flags],
        "clause": [row["clause"] for row in flags],
        "action": [row["action"] for row in flags],
        "township": [row["township"] for row in flags],
        "village": [row["village"] for row in flags],
        "name": _sealed(cipher, FLAGS, "name", keys, flags),
        "link_basis": [row["link_basis"] for row in flags],
        "partial": [bool(row["partial"]) for row in flags],
        **_common(night, cipher, FLAGS, keys, flags, said, substance, editions),
    }
    return Staged(FLAGS, _table(columns), keys, editions, cells, members)


def stage_mismatches(night: NightFiles, people: People, tokens: Tokens, cipher: Cipher) -> Staged:
    """The night's mismatches; `mismatch_id` as for flags."""
    table = night.read("mismatches").sort_by([("check", "ascending"), ("county_code", "ascending"), ("subject", "ascending")])
    rows = table.to_pylist()
    persons: list[str | None] = _pylist(people.named(table["person"]))
    named = _mismatch_tokens(tokens, rows, persons)
    keys = [flag_key(row["check"], token, row["county_code"]) for row, token in zip(rows, named, strict=True)]
    order = _order(keys)
    table = table.take(pa.array(order, pa.int64()))
    rows, named, keys, persons = _ordered(rows, order), _ordered(named, order), _ordered(keys, order), _ordered(persons, order)
    cells = _cells(night, "mismatch_evidence", table, ["check", "subject", "county_code"], people)
    substance, editions = _digests(cipher, keys, cells, None)
    said = ("state", "grade", "datasets", "detail", "subject")
    columns = {
        "mismatch_id": keys,
        "check": [row["check"] for row in rows],
        "token": [f"\\x{token}" for token in named],
        "person": [person and f"\\x{person}" for person in persons],
        "county_code": [row["county_code"] for row in rows],
        "datasets": [row["datasets"] for row in rows],
        "detail": [row["detail"] for row in rows],
        **_common(night, cipher, MISMATCHES, keys, rows, said, substance, editions),
    }
    nobody = pa.table({"at": pa.array([], pa.int64()), "person": pa.array([], pa.string())})
    return Staged(MISMATCHES, _table(columns), keys, editions, cells, nobody)


def flag_key(rule: str, token: str, county_code: str) -> str:
    """The stable id of a flag or mismatch, such as MC-01-0123456789abcdef."""
    return f"{rule}-{hashlib.sha256(f'{rule}|{token}|{county_code}'.encode()).hexdigest()[:16]}"


def _household_token(tokens: Tokens, row: Row) -> str | None:
    return tokens.of_record(f"household:{row['household_dataset']}", row["household"]) if row["household"] is not None else None


def _mismatch_tokens(tokens: Tokens, rows: Sequence[Row], persons: Sequence[str | None]) -> list[str]:
    """A person's mismatch bears the person's token; any other subject (a grant, a pair) one of its own text.

    A record's is made of dataset, person and the record's place among that person's, for file and line change with every delivery.
    """
    named: list[str] = []
    place: Counter[tuple[str, ...]] = Counter()
    for row, person in zip(rows, persons, strict=True):
        if row["subject"].startswith(_RECORD) and person is not None:
            dataset = row["subject"].split(":", 2)[1]
            among = (row["check"], row["county_code"], dataset, person)
            named.append(tokens.of_record(f"{_RECORD}{dataset}", f"{person}{_SEPARATOR}{place[among]}"))
            place[among] += 1
        elif row["subject"].startswith("person:") and "|" not in row["subject"] and person is not None:
            named.append(person)
        else:
            named.append(tokens.of_record("subject", row["subject"]))
    return named


def _common(
    night: NightFiles,
    cipher: Cipher,
    kind: Kind,
    keys: list[str],
    rows: Sequence[Row],
    said: Sequence[str],
    substance: list[bytes],
    editions: list[bytes],
) -> dict[str, Any]:
    rule = kind.rule.strip('"')
    due = {pair: night.policy.due_date(night.as_of, pair[0], pair[1]) for pair in {(row["grade"], row[rule]) for row in rows}}
    dates = [due[row["grade"], row[rule]] for row in rows]
    version = night.policy.version
    words = ([version, edition.hex(), *(str(row[name]) for name in said)] for row, edition in zip(rows, editions, strict=True))
    content = [cipher.digest(_SEPARATOR.join(texts)) for texts in words]
    return {
        "data_state": [row["state"] for row in rows],
        "grade": [row["grade"] for row in rows],
        "subject": _sealed(cipher, kind, "subject", keys, rows),
        "policy_version": [version] * len(keys),
        "content": hexadecimal(content),
        "evidence_digest": hexadecimal(substance),
        "edition": hexadecimal(editions),
        "due": [date.isoformat() for date, _ in dates],
        "due_provisional": [provisional for _, provisional in dates],
    }


def _order(keys: list[str]) -> list[int]:
    """The places of the keys in their order."""
    return sorted(range(len(keys)), key=keys.__getitem__)


def _ordered(values: Sequence[_Value], order: list[int]) -> list[_Value]:
    return [values[at] for at in order]


def _cells(night: NightFiles, name: str, rows: pa.Table, by: list[str], people: People) -> pa.Table:
    """A night's evidence as `Staged.cells` is."""
    table = night.read(name, coded=_CODED)
    table = table.append_column("at", _places(table, rows, by, name)).drop_columns(by)
    table = table.set_column(table.column_names.index("person"), "person", people.coded(table["person"]))
    order = np.lexsort((table["seq"].to_numpy(), table["at"].to_numpy()))
    return table.take(pa.array(order, pa.int64())).combine_chunks()


def _members(night: NightFiles, rows: pa.Table, by: list[str], people: People) -> pa.Table:
    """A night's flag members as `Staged.members` is."""
    table = night.read("flag_members")
    members = pa.table([_places(table, rows, by, "flag_members"), people.named(table["person"])], names=["at", "person"])
    return members.sort_by([("at", "ascending"), ("person", "ascending")]).combine_chunks()


def _places(table: pa.Table, rows: pa.Table, by: list[str], name: str) -> pa.ChunkedArray[Any]:
    """For each row of a night's file the place among `rows` of the flag or mismatch that it belongs to."""
    known = _joined(rows.combine_chunks(), by).combine_chunks()
    parts = [pc.index_in(_joined(table.slice(start, _BATCH), by), value_set=known) for start in range(0, table.num_rows, _BATCH)]
    places = pa.chunked_array([chunk for part in parts for chunk in part.chunks], pa.int32()).cast(pa.int64())
    if places.null_count or pc.count_distinct(known).as_py() != rows.num_rows:
        raise LedgerError(f"{name}.parquet does not fit the night's flags or mismatches; run the stage that writes it again.")
    return places


def _digests(cipher: Cipher, keys: list[str], cells: pa.Table, members: pa.Table | None) -> tuple[list[bytes], list[bytes]]:
    """For every flag the digest of its evidence's substance, and its edition: the digest of all that evidence and members say."""
    bounds = np.searchsorted(cells["at"].to_numpy(), np.arange(len(keys) + 1))
    living = _texts(members, ("person",)) if members is not None else []
    living_bounds = np.searchsorted(members["at"].to_numpy() if members is not None else [], np.arange(len(keys) + 1))
    substances, editions = [], []
    for first in range(0, len(keys), _KEYS):  # the texts of all cells at once would take more than everything else together
        last = min(first + _KEYS, len(keys))
        part = cells.slice(bounds[first], bounds[last] - bounds[first])
        substance = _texts(part, ("person", "dataset", "field", "value", "shows"))
        whole = _texts(part, ("seq", "person", "dataset", "snapshot", "file", "line", "field", "value", "shows"))
        for at in range(first, last):
            own = slice(bounds[at] - bounds[first], bounds[at + 1] - bounds[first])
            people = living[living_bounds[at] : living_bounds[at + 1]]
            substances.append(cipher.digest("\n".join(sorted(substance[own]))))
            editions.append(cipher.digest("\n".join([keys[at], *whole[own], "", *people])))
    return substances, editions


def _joined(table: pa.Table, columns: Iterable[str]) -> Any:
    """The columns of each row as one text."""
    texts: list[Any] = [table[name].cast(pa.string()) for name in columns]
    return pc.binary_join_element_wise(*texts, _SEPARATOR, null_handling="replace", null_replacement="")


def _texts(table: pa.Table, columns: Iterable[str]) -> list[str]:
    return _pylist(_joined(table, columns))


def _sealed(cipher: Cipher, kind: Kind, column: str, keys: list[str], rows: Sequence[Row]) -> pa.Array[Any]:
    return hexadecimal(cipher.seal_all((row[column] for row in rows), (f"{kind.table}.{column}|{key}" for key in keys)))


def _table(columns: Mapping[str, Any]) -> pa.Table:
    """A table whose empty columns are text too, as CSV has it."""
    flat = {name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()}
    return pa.table({name: values.cast(pa.string()) if values.type == pa.null() else values for name, values in flat.items()})


def _pylist(values: pa.Array[Any] | pa.ChunkedArray[Any]) -> list[Any]:
    listed: list[Any] = values.to_pylist()
    return listed
