"""From a night's files to rows for the ledger: tokens, stable ids, digests, due dates, sealed values."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import LedgerError
from pipelines.identity.tokens import Tokens
from pipelines.ledger.cipher import Cipher
from pipelines.ledger.kinds import FLAGS, MISMATCHES, Kind
from pipelines.ledger.night_files import NightFiles

_SEPARATOR = "\x1f"
_RECORD = "record:"
_CODED = (
    "rule", "check", "county_code", "side", "dataset", "file", "field", "shows", "family", "subject_kind", "household_dataset", "township", "village",
    "grade", "state", "link_basis", "clause", "action", "datasets", "detail",
)  # fmt: skip
_OF_FLAGS = ("rule", "family", "subject_kind", "household_dataset", "county_code", "clause", "action", "township", "village", "link_basis")
_OF_MISMATCHES = ("check", "county_code", "datasets", "detail")
_KEYS = 5_000
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
    people: People


@dataclass(frozen=True)
class People:
    """The night's persons.parquet: tokens of the persons that it names, as text and, in the same order, as bytes."""

    persons: pa.Array[Any]
    tokens: pa.Array[Any]
    raw: pa.Array[Any]

    @classmethod
    def of(cls, night: NightFiles) -> People:
        """Raises LedgerError when persons.parquet is missing."""
        table = night.read("persons").select(["person", "token"]).combine_chunks()
        tokens = table["token"].combine_chunks()
        return cls(table["person"].combine_chunks(), tokens, raw(tokens))

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
    table = night.read("flags", _CODED)
    households = _household_tokens(tokens, table)
    subjects = zip(listed(table["subject_kind"]), households, listed(people.named(table["person"])), strict=True)
    named = [str(household if kind == "household" else person) for kind, household, person in subjects]
    keys = _keys(table, "rule", named)
    order = _order(keys)
    table, keys = table.take(order), _ordered(keys, order)
    by = ["rule", "subject", "county_code"]
    cells = _cells(night, "evidence", table, by, people)
    members = _members(night, table, by, people)
    substance, editions = _digests(cipher, keys, cells, members)
    said = ("state", "grade", "township", "village", "link_basis", "partial", "name", "household", "clause", "action", "subject")
    columns = {
        "flag_id": pa.array(keys, pa.string()),
        **{name: table[name] for name in _OF_FLAGS},
        "partial": pc.coalesce(table["partial"], pa.scalar(False)),
        "token": raw(pa.array(_ordered(named, order), pa.string())),
        "household_token": raw(pa.array(_ordered(households, order), pa.string())),
        "household": _sealed(cipher, FLAGS, "household", keys, table),
        "name": _sealed(cipher, FLAGS, "name", keys, table),
        **_common(night, cipher, FLAGS, keys, table, said, substance, editions),
    }
    return Staged(FLAGS, pa.table(columns), keys, editions, cells, members, people)


def stage_mismatches(night: NightFiles, people: People, tokens: Tokens, cipher: Cipher) -> Staged:
    """The night's mismatches; `mismatch_id` as for flags."""
    table = night.read("mismatches").sort_by([("check", "ascending"), ("county_code", "ascending"), ("subject", "ascending")])
    persons = listed(people.named(table["person"]))
    named = _mismatch_tokens(tokens, table, persons)
    keys = _keys(table, "check", named)
    order = _order(keys)
    table, keys = table.take(order), _ordered(keys, order)
    cells = _cells(night, "mismatch_evidence", table, ["check", "subject", "county_code"], people)
    substance, editions = _digests(cipher, keys, cells, None)
    said = ("state", "grade", "datasets", "detail", "subject")
    columns = {
        "mismatch_id": pa.array(keys, pa.string()),
        **{name: table[name] for name in _OF_MISMATCHES},
        "token": raw(pa.array(_ordered(named, order), pa.string())),
        "person": raw(pa.array(_ordered(persons, order), pa.string())),
        **_common(night, cipher, MISMATCHES, keys, table, said, substance, editions),
    }
    nobody = pa.table({"at": pa.array([], pa.int64()), "person": pa.array([], pa.string())})
    return Staged(MISMATCHES, pa.table(columns), keys, editions, cells, nobody, people)


def flag_key(rule: str, token: str, county_code: str) -> str:
    """The stable id of a flag or mismatch, such as MC-01-0123456789abcdef."""
    return f"{rule}-{hashlib.sha256(f'{rule}|{token}|{county_code}'.encode()).hexdigest()[:16]}"


def listed(values: pa.Array[Any] | pa.ChunkedArray[Any]) -> list[Any]:
    """The values of Python, absent ones as None."""
    plain = values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values
    found: list[Any] = plain.to_pylist()
    return found


def raw(tokens: Any) -> Any:
    """Tokens as bytes."""
    return pa.array([None if token is None else bytes.fromhex(token) for token in listed(tokens)], pa.binary())


def told(columns: Iterable[Any], absent: str = "") -> Any:
    """The columns of each row as one text."""
    texts: list[Any] = list(columns)
    return pc.binary_join_element_wise(*texts, _SEPARATOR, null_handling="replace", null_replacement=absent)


def _keys(table: pa.Table, rule: str, named: list[str]) -> list[str]:
    return [flag_key(*words) for words in zip(listed(table[rule]), named, listed(table["county_code"]), strict=True)]


def _household_tokens(tokens: Tokens, table: pa.Table) -> list[str | None]:
    households = zip(listed(table["household_dataset"]), listed(table["household"]), strict=True)
    return [None if number is None else tokens.of_record(f"household:{dataset}", number) for dataset, number in households]


def _mismatch_tokens(tokens: Tokens, table: pa.Table, persons: Sequence[str | None]) -> list[str]:
    """A person's mismatch bears the person's token; any other subject (a grant, a pair) one of its own text.

    A record's is made of dataset, person and the record's place among that person's, for file and line change with every delivery.
    """
    named: list[str] = []
    place: Counter[tuple[str, ...]] = Counter()
    for subject, check, county, person in zip(*(listed(table[name]) for name in ("subject", "check", "county_code")), persons, strict=True):
        if subject.startswith(_RECORD) and person is not None:
            dataset = subject.split(":", 2)[1]
            among = (check, county, dataset, person)
            named.append(tokens.of_record(f"{_RECORD}{dataset}", f"{person}{_SEPARATOR}{place[among]}"))
            place[among] += 1
        elif subject.startswith("person:") and "|" not in subject and person is not None:
            named.append(person)
        else:
            named.append(tokens.of_record("subject", subject))
    return named


def _common(
    night: NightFiles,
    cipher: Cipher,
    kind: Kind,
    keys: list[str],
    table: pa.Table,
    said: Sequence[str],
    substance: list[bytes],
    editions: list[bytes],
) -> dict[str, Any]:
    version = night.policy.version
    graded = list(zip(listed(table["grade"]), listed(table[kind.rule.strip('"')]), strict=True))
    due = {pair: night.policy.due_date(night.as_of, *pair) for pair in set(graded)}
    words = [pa.scalar(version), pa.array([edition.hex() for edition in editions], pa.string()), *(_word(table[name]) for name in said)]
    return {
        "data_state": table["state"],
        "grade": table["grade"],
        "subject": _sealed(cipher, kind, "subject", keys, table),
        "policy_version": pa.repeat(version, len(keys)),
        "content": pa.array(cipher.digest_all(listed(told(words, "None"))), pa.binary()),
        "evidence_digest": pa.array(substance, pa.binary()),
        "edition": pa.array(editions, pa.binary()),
        "due": pa.array([due[pair][0] for pair in graded], pa.date32()),
        "due_provisional": pa.array([due[pair][1] for pair in graded], pa.bool_()),
    }


def _word(values: pa.ChunkedArray[Any]) -> Any:
    return pc.if_else(values, "True", "False") if pa.types.is_boolean(values.type) else values.cast(pa.string())


def _order(keys: list[str]) -> pa.Array[Any]:
    """The places of the keys in their order."""
    return pc.sort_indices(pa.array(keys, pa.string()))


def _ordered(values: Sequence[_Value], order: pa.Array[Any]) -> list[_Value]:
    places: list[int] = listed(order)
    return [values[at] for at in places]


def _cells(night: NightFiles, name: str, rows: pa.Table, by: list[str], people: People) -> pa.Table:
    """A night's evidence as `Staged.cells` is."""
    table = night.read(name, coded=(*_CODED, "subject"))
    table = table.append_column("at", _places(table, rows, by, name)).drop_columns(by)
    table = table.set_column(table.column_names.index("person"), "person", people.coded(table["person"]))
    order = np.lexsort((table["seq"].to_numpy(), table["at"].to_numpy()))
    return table.take(pa.array(order, pa.int64())).combine_chunks()


def _members(night: NightFiles, rows: pa.Table, by: list[str], people: People) -> pa.Table:
    """A night's flag members as `Staged.members` is."""
    table = night.read("flag_members", coded=by)
    members = pa.table([_places(table, rows, by, "flag_members"), people.named(table["person"])], names=["at", "person"])
    return members.sort_by([("at", "ascending"), ("person", "ascending")]).combine_chunks()


def _places(table: pa.Table, rows: pa.Table, by: list[str], name: str) -> pa.Array[Any]:
    """For each row of a night's file the place among `rows` of the flag or mismatch that it belongs to."""
    belongs, known = np.zeros(table.num_rows, np.int64), np.zeros(rows.num_rows, np.int64)
    for column in by:
        values: Any = pc.unique(rows[column].cast(pa.string()))
        belongs = belongs * len(values) + _codes(table[column], values, name)
        known = known * len(values) + _codes(rows[column], values, name)
    places = pc.index_in(pa.array(belongs), value_set=pa.array(known))
    if places.null_count or len(np.unique(known)) != rows.num_rows:
        raise _misfit(name)
    return places.cast(pa.int64())


def _codes(values: pa.ChunkedArray[Any], known: pa.Array[Any], name: str) -> np.ndarray[Any, Any]:
    """The place of every value among the known ones. Raises LedgerError for one that is not."""
    coded: Any = values.combine_chunks()
    if not pa.types.is_dictionary(coded.type):
        coded = coded.dictionary_encode()
    codes = pc.index_in(coded.dictionary, value_set=known).take(coded.indices)
    if codes.null_count:
        raise _misfit(name)
    return np.asarray(codes)


def _misfit(name: str) -> LedgerError:
    return LedgerError(f"{name}.parquet does not fit the night's flags or mismatches; run the stage that writes it again.")


def _digests(cipher: Cipher, keys: list[str], cells: pa.Table, members: pa.Table | None) -> tuple[list[bytes], list[bytes]]:
    """For every flag the digest of its evidence's substance, and its edition: the digest of all that evidence and members say."""
    substances, editions = [], []
    for first in range(0, len(keys), _KEYS):  # the texts of all cells at once would take more than everything else together
        some = keys[first : first + _KEYS]
        own = _between(cells, first, len(some))
        substance = _with_texts(own, ("person", "dataset", "field", "value", "shows")).sort_by([("at", "ascending"), ("text", "ascending")])
        whole = _with_texts(own, ("seq", "person", "dataset", "snapshot", "file", "line", "field", "value", "shows"))
        living = _with_texts(_between(members, first, len(some)), ("person",)) if members is not None else whole.slice(0, 0)
        substances += cipher.digest_all(lines or "" for lines in _lines(substance, first, len(some)))
        parts = zip(some, _lines(whole, first, len(some)), _lines(living, first, len(some)), strict=True)
        editions += cipher.digest_all("\n".join(part for part in (key, lines, "", people) if part is not None) for key, lines, people in parts)
    return substances, editions


def _between(rows: pa.Table, first: int, count: int) -> pa.Table:
    """The rows whose `at` is one of `count` from `first` on."""
    start, end = np.searchsorted(rows["at"].to_numpy(), [first, first + count])
    return rows.slice(start, end - start)


def _lines(texts: pa.Table, first: int, count: int) -> list[str | None]:
    """For each of `count` places from `first` on its texts as lines, None where it has none."""
    bounds = np.searchsorted(texts["at"].to_numpy(), np.arange(first, first + count + 1))
    lines: Any = pc.binary_join(pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), texts["text"].combine_chunks()), "\n")
    return [text if any_ else None for text, any_ in zip(listed(lines), (bounds[1:] > bounds[:-1]).tolist(), strict=True)]


def _with_texts(rows: pa.Table, columns: Iterable[str]) -> pa.Table:
    """`at` and `text`, what the columns say."""
    return pa.Table.from_arrays([rows["at"], _texts(rows, columns)], names=["at", "text"])


def _texts(table: pa.Table, columns: Iterable[str]) -> Any:
    return told(table[name].cast(pa.string()) for name in columns)


def _sealed(cipher: Cipher, kind: Kind, column: str, keys: list[str], table: pa.Table) -> pa.Array[Any]:
    return pa.array(cipher.seal_all(listed(table[column]), (f"{kind.table}.{column}|{key}" for key in keys)), pa.binary())
