"""What a night does to flags and mismatches, as set-based SQL over temporary tables; serves both kinds.

`tonight` is what the night says, `prior` what the night before published, `present` what this night has published so far (it may be published
again), `outcome` what it publishes now. Versions are spells of nights, so an earlier night can be published, or published again, without a change to
what later nights published: its own night is cut out of the spells that span it.

Parameters: `as_of`, `previous` and `next` (the published nights around it, null for none), `run`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from pipelines.ledger import states
from pipelines.ledger.kinds import Kind
from pipelines.ledger.models import FOREVER

Parameters = Mapping[str, Any]
_WORK = "\n".join(f"WHEN '{kind}' THEN '{state}'" for kind, state in states.STATE_AFTER.items())
_WORK_KINDS = ", ".join(f"'{kind}'" for kind in states.STATE_AFTER)
_UNWITHDRAWN = "NOT EXISTS (SELECT FROM {events} w WHERE w.withdraws = e.event_id)"
_DATES = re.compile(":(as_of|previous|next)")  # cast, for an absent one has no type of its own
_DECIDED = ("state", "checked", "first_seen", "raised_on", "due", "due_provisional")  # what the night does not say but the ledger decides
_IN_HAND = f"('{states.ASSIGNED}', '{states.VERIFIED}')"


def begin(connection: Connection, kind: Kind, parameters: Parameters) -> None:
    """Makes the temporary tables: an empty `tonight`, `prior` and `present`."""
    standing = ", ".join(f"v.{name}" for name in kind.standing)
    told = ", ".join((kind.key, *_told(kind)))
    fixed = ", ".join(name for name in (*kind.fixed, *kind.texts))
    _run(connection, f"""
        CREATE TEMP TABLE {kind.name}_tonight ON COMMIT DROP AS
            SELECT {told}, {fixed}, state AS data_state, true AS checked FROM {kind.table} WITH NO DATA;
        ALTER TABLE {kind.name}_tonight ALTER checked SET DEFAULT true;
        CREATE TEMP TABLE {kind.name}_prior ON COMMIT DROP AS
            SELECT v.{kind.key}, s.{kind.rule} AS rule, s.county_code, s.token, {standing}, v.last_checked
            FROM {kind.versions} v JOIN {kind.table} s USING ({kind.key}) WHERE v.from_night <= :previous AND v.until_night > :previous;
        CREATE TEMP TABLE {kind.name}_present ON COMMIT DROP AS
            SELECT v.* FROM {kind.versions} v WHERE v.from_night <= :as_of AND v.until_night > :as_of
    """, parameters)  # fmt: skip
    _index(connection, kind, "prior", "present")


def carry(connection: Connection, kind: Kind, parameters: Parameters) -> None:
    """Takes over what a suspended rule said the night before, unchecked. A check of halves (EN-07) is suspended only for the datasets named."""
    _index(connection, kind, "tonight")
    copied = _told(kind)
    half = ""
    if kind.rule == '"check"':
        half = """AND (string_to_array(s.dataset, ';') && string_to_array(p.datasets, ';') OR NOT EXISTS (
            SELECT FROM denominators d WHERE d.run_id = :run AND d."check" = s.rule AND d.county_code = s.county_code))"""
    _run(connection, f"""
        INSERT INTO {kind.name}_tonight ({kind.key}, {kind.rule}, county_code, token, data_state, checked, {", ".join(copied)})
        SELECT p.{kind.key}, p.rule, p.county_code, p.token, p.state, false, {", ".join(f"p.{name}" for name in copied)} FROM {kind.name}_prior p
        WHERE NOT EXISTS (SELECT FROM {kind.name}_tonight t WHERE t.{kind.key} = p.{kind.key}) AND EXISTS (
            SELECT FROM suspensions s WHERE s.run_id = :run AND s.rule = p.rule AND s.county_code = p.county_code {half})
    """, parameters)  # fmt: skip
    _index(connection, kind, "tonight")


def decide(connection: Connection, kind: Kind, parameters: Parameters) -> None:
    """Makes `outcome`: tonight's rows with their state, first night, due date, and the event that each makes (`happened`; null for none)."""
    taken = [name for name in kind.standing if name not in _DECIDED]
    waiting = f"state <> was_state AND state IN {states.WAITING} AND was_state IN {states.WAITING}"
    _run(connection, f"""
        CREATE TEMP TABLE {kind.name}_outcome ON COMMIT DROP AS
        WITH {_work(kind)}, {_results(kind)}, {_earlier(kind)}, {_facts(kind)}, {_judged(kind)}
        SELECT {kind.key}, {", ".join(taken)}, state, checked, first_seen, last_checked, new,
            CASE WHEN new OR reopens THEN :as_of ELSE old_raised END AS raised_on,
            CASE WHEN new OR reopens THEN due ELSE old_due END AS due,
            CASE WHEN new OR reopens THEN due_provisional ELSE old_provisional END AS due_provisional,
            CASE WHEN reopens THEN '{states.REOPENED}'
                WHEN new AND silent THEN '{states.SILENCED}'
                WHEN new THEN '{states.RAISED}'
                WHEN NOT checked THEN CASE WHEN was_checked THEN '{states.SUSPENDED}' END
                WHEN differs <> '' OR {waiting} THEN '{states.CHANGED}'
                WHEN content <> old_content THEN '{states.STILL_TRUE}' END AS happened,
            CASE WHEN reopens THEN CASE WHEN other_evidence THEN 'evidence' ELSE 'time' END
                WHEN new THEN CASE WHEN returned AND NOT silent THEN 'returned' END
                WHEN NOT checked THEN NULL
                WHEN differs <> '' THEN differs
                WHEN {waiting} THEN 'identity' END AS reason,
            NOT new AND checked AND NOT was_checked AS resumed,
            CASE WHEN reopens OR (new AND silent) THEN result_code END AS result_code
        FROM judged
    """, parameters)  # fmt: skip
    _index(connection, kind, "outcome")


def _work(kind: Kind) -> str:
    """The state into which people brought a key since the night before."""
    return f"""work AS (
        SELECT DISTINCT ON ({kind.key}) {kind.key}, CASE kind {_WORK} END AS state FROM {kind.events}
        WHERE run_id IS NULL AND kind IN ({_WORK_KINDS}) AND as_of <= :as_of AND (:previous IS NULL OR as_of > :previous)
        ORDER BY {kind.key}, as_of DESC, event_id DESC)"""


def _results(kind: Kind) -> str:
    """The latest result for a rule and subject, in whatever county, known by the night."""
    return f"""results AS (
        SELECT DISTINCT ON (s.{kind.rule}, s.token) s.{kind.rule} AS rule, s.token, e.evidence_digest, e.verified_on, e.result_code,
            e.result_code BETWEEN {states.NEGATIVE.start} AND {states.NEGATIVE.stop - 1} AS negative
        FROM {kind.events} e JOIN {kind.table} s USING ({kind.key})
        WHERE e.run_id IS NULL AND e.kind = '{states.RESULT_RECORDED}' AND e.as_of <= :as_of
        ORDER BY s.{kind.rule}, s.token, e.as_of DESC, e.event_id DESC)"""


def _earlier(kind: Kind) -> str:
    """When a key that the night before had not was first seen, if ever."""
    return f"""earlier AS (
        SELECT v.{kind.key}, min(v.first_seen) AS first_seen FROM {kind.versions} v JOIN {kind.name}_tonight t USING ({kind.key})
        WHERE v.from_night < :as_of AND NOT EXISTS (SELECT FROM {kind.name}_prior p WHERE p.{kind.key} = v.{kind.key})
        GROUP BY v.{kind.key})"""


def _facts(kind: Kind) -> str:
    """Tonight's rows beside what was: `before` is the state by the night before and people's work since; `silent` whether a negative result holds."""
    differs = ", ".join(
        f"CASE WHEN ({', '.join(f'p.{name}' for name in columns)}) IS DISTINCT FROM ({', '.join(f't.{name}' for name in columns)}) THEN '{word}' END"
        for word, columns in kind.reasons
    )
    return f"""known AS (
        SELECT t.*, p.{kind.key} IS NULL AS new, coalesce(w.state, p.state) AS before, p.state AS was_state, p.checked AS was_checked,
            p.due AS old_due, p.due_provisional AS old_provisional, p.raised_on AS old_raised, p.content AS old_content,
            coalesce(p.first_seen, earlier.first_seen, :as_of) AS first_seen, earlier.{kind.key} IS NOT NULL AS returned,
            CASE WHEN NOT t.checked THEN coalesce(p.last_checked, :previous) END AS last_checked,
            r.result_code, coalesce(r.negative, false) AS negative, r.evidence_digest IS DISTINCT FROM t.evidence_digest AS other_evidence,
            coalesce(r.negative AND r.evidence_digest = t.evidence_digest AND :as_of < r.verified_on + {states.SILENCE_DAYS}, false) AS silent,
            concat_ws(' ', {differs}) AS differs
        FROM {kind.name}_tonight t LEFT JOIN {kind.name}_prior p USING ({kind.key}) LEFT JOIN work w USING ({kind.key})
        LEFT JOIN earlier USING ({kind.key}) LEFT JOIN results r ON r.rule = t.{kind.rule} AND r.token = t.token)"""


def _judged(kind: Kind) -> str:
    """Whether a silenced one reopens, and the state that all this comes to."""
    reopens = f"checked AND negative AND NOT silent AND (new OR before = '{states.CLOSED}')"
    return f"""judged AS (
        SELECT known.*, coalesce({reopens}, false) AS reopens,
            CASE WHEN NOT checked OR before IN {_IN_HAND} THEN before
                WHEN before = '{states.CLOSED}' THEN CASE WHEN {reopens} THEN data_state ELSE before END
                WHEN new AND silent THEN '{states.CLOSED}'
                ELSE data_state END AS state
        FROM known)"""


def keep_versions(connection: Connection, kind: Kind, parameters: Parameters) -> None:
    """Cuts this night out of the spells that say something else about it, and adds what it says now; `altered` names the keys concerned."""
    told = ["state", "checked", "first_seen", "raised_on", "due", "content", *(["case_id"] if "case_id" in kind.own else [])]
    mine, theirs = (", ".join(f"{side}.{name}" for name in told) for side in ("o", "v"))
    standing = ", ".join(kind.standing)
    _run(connection, f"""
        CREATE TEMP TABLE {kind.name}_altered ON COMMIT DROP AS
            SELECT {kind.key} FROM {kind.name}_outcome o FULL JOIN {kind.name}_present v USING ({kind.key})
            WHERE o.content IS NULL OR v.content IS NULL OR ({mine}) IS DISTINCT FROM ({theirs});
        UPDATE {kind.versions} v SET until_night = :as_of FROM {kind.name}_altered a
            WHERE v.{kind.key} = a.{kind.key} AND v.from_night < :as_of AND v.until_night > :as_of;
        DELETE FROM {kind.versions} v USING {kind.name}_altered a WHERE v.{kind.key} = a.{kind.key} AND v.from_night = :as_of;
        INSERT INTO {kind.versions} ({kind.key}, {standing}, last_checked, from_night, until_night)
            SELECT {kind.key}, {standing}, last_checked, :next, until_night
            FROM {kind.name}_present v JOIN {kind.name}_altered a USING ({kind.key}) WHERE v.until_night > :next;
        INSERT INTO {kind.versions} ({kind.key}, {standing}, last_checked, from_night, until_night)
            SELECT {kind.key}, {standing}, last_checked, :as_of, coalesce(:next, DATE '{FOREVER}')
            FROM {kind.name}_outcome JOIN {kind.name}_altered USING ({kind.key}) ORDER BY {kind.key};
        CREATE INDEX ON {kind.name}_altered ({kind.key});
        ANALYZE {kind.name}_altered ({kind.key})
    """, parameters)  # fmt: skip


def keep_current(connection: Connection, kind: Kind, parameters: Parameters) -> None:
    """Brings the current rows up to date: by the latest night whole; by an earlier one only with keys that were never seen."""
    columns = (*kind.standing, *kind.fixed, *kind.texts)
    taken = {name: f"{'t' if name in (*kind.fixed, *kind.texts) else 'o'}.{name}" for name in columns}
    altered = f"""{kind.name}_outcome o JOIN {kind.name}_tonight t USING ({kind.key}) JOIN {kind.name}_altered USING ({kind.key})"""
    insert = f"""INSERT INTO {kind.table} ({kind.key}, {", ".join(columns)}, last_seen)
        SELECT {kind.key}, {", ".join(taken.values())}, :as_of FROM {altered}
        WHERE o.checked AND NOT EXISTS (SELECT FROM {kind.table} f WHERE f.{kind.key} = o.{kind.key}) ORDER BY {kind.key}"""
    if parameters["next"] is not None:
        _run(connection, insert.replace("o.state,", f"'{states.CLEARED}',", 1), parameters)
        return
    updates = ", ".join(f"{name} = {taken[name]}" for name in columns)
    _run(connection, f"""
        UPDATE {kind.table} f SET {updates}, last_seen = :as_of FROM {altered} WHERE f.{kind.key} = o.{kind.key} AND o.checked;
        {insert};
        UPDATE {kind.table} f SET state = o.state, checked = o.checked
            FROM {kind.name}_outcome o JOIN {kind.name}_altered USING ({kind.key}) WHERE f.{kind.key} = o.{kind.key} AND NOT o.checked;
        UPDATE {kind.table} f SET last_seen = :as_of FROM {kind.name}_outcome o
            WHERE f.{kind.key} = o.{kind.key} AND o.checked AND f.last_seen <> :as_of;
        UPDATE {kind.table} f SET state = '{states.CLEARED}', checked = true
            FROM (SELECT {kind.key} FROM {kind.name}_prior UNION SELECT {kind.key} FROM {kind.name}_present) known
            WHERE f.{kind.key} = known.{kind.key} AND f.state NOT IN ('{states.CLEARED}', '{states.CLOSED}')
            AND NOT EXISTS (SELECT FROM {kind.name}_outcome o WHERE o.{kind.key} = f.{kind.key});
        UPDATE {kind.table} f SET state = w.state
            FROM (SELECT DISTINCT ON ({kind.key}) {kind.key}, CASE kind {_WORK} END AS state FROM {kind.events}
                WHERE run_id IS NULL AND kind IN ({_WORK_KINDS}) AND as_of > :as_of ORDER BY {kind.key}, as_of DESC, event_id DESC) w
            WHERE f.{kind.key} = w.{kind.key}
    """, parameters)  # fmt: skip


def _told(kind: Kind) -> list[str]:
    """What tonight's rows hold of the standing; `due` is when a key would be due that is first published tonight."""
    return [name for name in kind.standing if name not in ("state", "checked", "first_seen", "raised_on")]


def gone(connection: Connection, kind: Kind) -> list[str]:
    """The keys that the night before had and this one has no more."""
    found = connection.execute(text(f"""
        SELECT p.{kind.key} FROM {kind.name}_prior p
        WHERE NOT EXISTS (SELECT FROM {kind.name}_outcome o WHERE o.{kind.key} = p.{kind.key}) ORDER BY 1"""))  # fmt: skip
    return list(found.scalars())


def elsewhere(connection: Connection, kind: Kind) -> dict[str, str]:
    """Why a key is gone, as far as tonight's new ones tell: its subject is now `moved` to another county, or under an `other_rule`."""
    found = connection.execute(text(f"""
        SELECT p.{kind.key}, bool_or(t.{kind.rule} = p.rule) AS moved FROM {kind.name}_prior p
        JOIN {kind.name}_tonight t ON t.token = p.token JOIN {kind.name}_outcome n ON n.{kind.key} = t.{kind.key} AND n.new
        WHERE NOT EXISTS (SELECT FROM {kind.name}_outcome o WHERE o.{kind.key} = p.{kind.key}) GROUP BY 1"""))  # fmt: skip
    return {row[0]: "moved" if row[1] else "other_rule" for row in found}


def append_events(connection: Connection, kind: Kind, parameters: Parameters) -> None:
    """Appends the night's events. Published again, a night appends only those that are new, and withdraws those that no longer hold."""
    happened = f"{kind.key}, kind, coalesce(reason, '') AS reason, coalesce(result_code, 0) AS result_code"
    _run(connection, f"""
        CREATE TEMP TABLE {kind.name}_fresh ON COMMIT DROP AS
            SELECT {kind.key}, happened AS kind, reason, result_code FROM {kind.name}_outcome WHERE happened IS NOT NULL
            UNION ALL SELECT {kind.key}, '{states.RESUMED}', NULL, NULL FROM {kind.name}_outcome WHERE resumed
            UNION ALL SELECT {kind.key}, '{states.CLEARED_BY_DATA}', reason, NULL FROM {kind.name}_gone;
        CREATE TEMP TABLE {kind.name}_told ON COMMIT DROP AS
            SELECT e.event_id, e.{kind.key}, e.kind, e.reason, e.result_code FROM {kind.events} e
            WHERE e.as_of = :as_of AND e.run_id IS NOT NULL AND e.withdraws IS NULL AND {_UNWITHDRAWN.format(events=kind.events)};
        INSERT INTO {kind.events} ({kind.key}, as_of, kind, reason, result_code, actor, at, run_id)
            SELECT {kind.key}, :as_of, kind, nullif(reason, ''), nullif(result_code, 0), '{states.NIGHT}', now(), :run FROM (
                SELECT {happened} FROM {kind.name}_fresh EXCEPT SELECT {happened} FROM {kind.name}_told) AS added ORDER BY 1, 3;
        INSERT INTO {kind.events} ({kind.key}, as_of, kind, reason, actor, at, run_id, withdraws)
            SELECT {kind.key}, :as_of, '{states.WITHDRAWN}', 'published_again', '{states.NIGHT}', now(), :run, event_id
            FROM {kind.name}_told
            WHERE ({kind.key}, kind, coalesce(reason, ''), coalesce(result_code, 0)) NOT IN (SELECT {happened} FROM {kind.name}_fresh)
            ORDER BY event_id
    """, parameters)  # fmt: skip


def counts(connection: Connection, kind: Kind) -> dict[str, int]:
    """How many stand after the night (`standing`, and of these `unchecked` and `identity_check`), how many are `new`, and the events by kind."""
    row = connection.execute(text(f"""
        SELECT count(*), count(*) FILTER (WHERE NOT checked), count(*) FILTER (WHERE state = '{states.IDENTITY_CHECK}'), count(*) FILTER (WHERE new),
            count(*) FILTER (WHERE checked AND NOT new) FROM {kind.name}_outcome"""))  # fmt: skip
    found = dict(zip(("standing", "unchecked", states.IDENTITY_CHECK, "new", states.STILL_TRUE), row.one(), strict=True))
    events = connection.execute(text(f"SELECT kind, count(*) FROM {kind.name}_fresh WHERE kind <> '{states.STILL_TRUE}' GROUP BY 1 ORDER BY 1"))
    return {**found, **{row[0]: row[1] for row in events}}


def _index(connection: Connection, kind: Kind, *names: str) -> None:
    for name in names:
        connection.execute(text(f"CREATE INDEX IF NOT EXISTS {kind.name}_{name}_key ON {kind.name}_{name} ({kind.key})"))
        connection.execute(text(f"ANALYZE {kind.name}_{name} ({kind.key})"))


def _run(connection: Connection, statements: str, parameters: Parameters) -> None:
    for statement in statements.split(";\n"):
        used = {name: parameters[name] for name in parameters if f":{name}" in statement}
        connection.execute(text(_DATES.sub(r"CAST(\g<0> AS date)", statement)), used)
