"""Killed runs and two runs at once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import text

from pipelines.errors import LedgerError
from pipelines.ledger.database import PUBLISHING, Ledger
from pipelines.ledger.publish import publish
from pipelines.workspace import PROJECT
from tests.ledger.nights_on_disk import Claim, Clash, Evening, Someone, write
from tests.ledger.test_publish import everything

FIRST, SECOND = date(2020, 7, 30), date(2020, 7, 31)
EVENINGS = (
    Evening(FIRST, [Claim("MC-01", Someone(1)), Claim("MC-06", Someone(2))], [Clash("EN-01", Someone(1))]),
    Evening(SECOND, [Claim("MC-01", Someone(1), value="一级"), Claim("MC-02", Someone(3))], suspended=[("MC-06", "640323", "dibao")]),
)
_PUBLISH = """
import sys
from datetime import date
from pathlib import Path
from pipelines.ledger.database import Ledger
from pipelines.ledger.night_files import NightFiles
from pipelines.ledger.publish import publish
from pipelines.workspace import open_workspace
from tests.ledger.nights_on_disk import policy
workspace = open_workspace(Path(sys.argv[1]), ledger_url=sys.argv[2])
as_of = date.fromisoformat(sys.argv[3])
with Ledger.open(workspace) as ledger:
    publish(ledger, NightFiles(workspace.night(as_of), as_of, policy(), "1"))
"""


def publish_all(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    for evening in EVENINGS:
        publish(ledger, write(ledger.workspace, evening))
    return everything(ledger)


def empty(ledger: Ledger) -> None:
    """As before the first night."""
    with ledger.transaction() as connection:
        tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")).scalars()
        names = ", ".join(tables)
        for appended in ("flag_events", "mismatch_events", "link_review_events", "access_log"):
            connection.execute(text(f"ALTER TABLE {appended} DISABLE TRIGGER USER"))
        connection.execute(text(f"TRUNCATE {names}"))


@pytest.mark.parametrize("table", ["persons", "flags", "flag_evidence", "flag_events", "mismatch_events"])
def test_killed_publishing_leaves_nothing_and_the_next_run_is_as_if_nothing_had_been(ledger: Ledger, table: str) -> None:
    publish(ledger, write(ledger.workspace, EVENINGS[0]))
    before = everything(ledger)
    write(ledger.workspace, EVENINGS[1])
    with ledger.engine.connect() as blocker, ledger.engine.connect() as watcher:
        blocker.execute(text(f"LOCK TABLE {table} IN SHARE MODE"))  # the run stops where it first writes to the table
        url = ledger.workspace.settings.ledger_url
        process = subprocess.Popen([sys.executable, "-c", _PUBLISH, str(ledger.workspace.root), url, SECOND.isoformat()], cwd=PROJECT)
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        while not watcher.execute(waiting).scalar_one():
            assert process.poll() is None
            watcher.rollback()
        process.kill()
        process.wait()
    assert everything(ledger) == before
    again = publish_all(ledger)
    empty(ledger)
    assert publish_all(ledger) == again


def test_second_run_is_refused_while_the_first_publishes(ledger: Ledger) -> None:
    with ledger.engine.connect() as first:
        first.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PUBLISHING})
        with pytest.raises(LedgerError, match="Another run is publishing"):
            publish(ledger, write(ledger.workspace, EVENINGS[0]), wait=0.05)
    publish(ledger, write(ledger.workspace, EVENINGS[0]), wait=0.05)


def test_two_runs_at_once_publish_once(ledger: Ledger) -> None:
    night = write(ledger.workspace, EVENINGS[0])
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: publish(ledger, night), range(2)))
    assert sorted(outcome.repeated for outcome in outcomes) == [False, True]
    assert len({outcome.run_id for outcome in outcomes}) == 1
