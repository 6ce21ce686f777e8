"""One embedded server for all tests of the ledger, and a database of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from pipelines.ledger.database import Ledger
from pipelines.ledger.server import SUPERUSER, Server
from pipelines.workspace import Workspace, open_workspace

_NUMBERS = count()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    workspace = open_workspace(tmp_path_factory.mktemp("server"))
    Ledger.open(workspace).close()  # makes the database that the tests' own are copied from
    server = Server(workspace.ledger, workspace.keys)
    server.start()
    yield server
    server.release()


@pytest.fixture
def workspace(server: Server, tmp_path: Path) -> Workspace:
    """A workspace whose ledger is a database of its own, reached by URL."""
    name = f"test_{next(_NUMBERS)}"
    password = (server.folder.parent / "keys" / "ledger.admin").read_text().strip()
    with psycopg.connect(host=str(server.socket), user=SUPERUSER, password=password, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {server.database} OWNER {server.user}")
    return open_workspace(tmp_path, ledger_url=f"postgresql://{server.user}:{server.password}@/{name}?host={server.socket}")


@pytest.fixture
def ledger(workspace: Workspace) -> Iterator[Ledger]:
    with Ledger.open(workspace) as ledger:
        yield ledger
