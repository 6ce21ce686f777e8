"""The embedded PostgreSQL: safe from others, shared by processes, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipelines.errors import LedgerError, SettingsError
from pipelines.ledger.database import Ledger
from pipelines.ledger.server import Server
from pipelines.workspace import PROJECT, open_workspace

_USER = """
import sys
from pathlib import Path
from pipelines.ledger.server import Server
server = Server(Path(sys.argv[1]) / "ledger", Path(sys.argv[1]) / "keys")
server.start()
print("started", flush=True)
sys.stdin.readline()
server.release()
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def own(home: Path) -> Iterator[Server]:
    server = Server(home / "ledger", home / "keys")
    server.start()
    yield server
    server.release()


def connect(server: Server) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(host=str(server.socket), user=server.user, password=server.password, dbname=server.database, autocommit=True)


def user(home: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", _USER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def postmaster(server: Server) -> int:
    return int((server.data / "postmaster.pid").read_text().splitlines()[0])


def test_product_has_no_power_over_the_server_and_nobody_else_gets_in(own: Server) -> None:
    with connect(own) as connection:
        settings = ("is_superuser", "listen_addresses", "fsync", "password_encryption")
        asked = ", ".join(f"current_setting('{name}')" for name in settings)
        assert connection.execute(f"SELECT {asked}").fetchone() == ("off", "", "on", "scram-sha-256")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("COPY (SELECT 1) TO PROGRAM 'true'")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=str(own.socket), user=own.user, password="guess", dbname=own.database)
    keys = own.folder.parent / "keys"
    for path in (own.folder, own.data, own.socket, keys):
        assert path.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in keys.iterdir())


def test_server_stops_with_its_last_user_and_starts_again(home: Path, own: Server) -> None:
    other = Server(home / "ledger", home / "keys")
    other.start()
    other.release()
    assert own.alive()
    own.release()
    assert not own.alive()
    own.start()
    assert own.alive()


def test_killed_user_leaves_no_server_behind(home: Path) -> None:
    process = user(home)
    server = Server(home / "ledger", home / "keys")
    assert server.alive()
    process.kill()
    process.wait()
    server.start()  # waits for the guard, which stops the abandoned server, or takes the server over
    assert server.alive()
    server.release()
    assert not server.alive()


def test_user_that_ends_leaves_the_server_to_the_others(home: Path) -> None:
    first = user(home)
    second = user(home)
    first.communicate("\n")
    server = Server(home / "ledger", home / "keys")
    assert server.alive()
    second.communicate("\n")
    assert not server.alive()


def test_killed_server_starts_again_though_its_number_belongs_to_another_process(home: Path, own: Server) -> None:
    with connect(own) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)")
    os.kill(postmaster(own), signal.SIGKILL)
    pid = own.data / "postmaster.pid"
    pid.write_text("\n".join([str(os.getpid()), *pid.read_text().split("\n")[1:]]))
    other = Server(home / "ledger", home / "keys")
    other.start()
    with connect(other) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)
        connection.execute("DROP TABLE kept")
    other.release()


def test_long_workspace_paths_work(tmp_path: Path) -> None:
    home = tmp_path / ("x" * 60) / ("y" * 60)
    server = Server(home / "ledger", home / "keys")
    try:
        server.start()
        assert server.alive()
    finally:
        server.release()
        if server.socket.exists():
            server.socket.rmdir()


def test_lost_password_is_said_plainly(tmp_path: Path) -> None:
    server = Server(tmp_path / "ledger", tmp_path / "keys")
    server.start()
    (tmp_path / "keys" / "ledger.admin").write_text("another\n")
    with pytest.raises(LedgerError, match="refuses our password"):
        Server(tmp_path / "ledger", tmp_path / "keys").start()
    server.release()


def test_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path)
    Ledger.open(workspace).close()
    (workspace.keys / "cipher.key").chmod(0o644)
    with pytest.raises(LedgerError, match="can be read by others"):
        Ledger.open(workspace)


@pytest.mark.parametrize(
    ("url", "error"), [("mysql://a@b/c", SettingsError), ("nonsense", SettingsError), ("postgresql://a:b@/c?host=/nowhere", LedgerError)]
)
def test_url_that_cannot_be_used_is_said_plainly(tmp_path: Path, url: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="DOUDI_LEDGER_URL"):
        Ledger.open(open_workspace(tmp_path, ledger_url=url))
