"""Opening the ledger: the embedded PostgreSQL or one by URL, brought to the newest schema."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import URL, Connection, Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError

from pipelines.errors import LedgerError, SettingsError
from pipelines.ledger.cipher import Cipher
from pipelines.ledger.server import Server
from pipelines.workspace import Workspace

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0003"  # the newest script under migrations/versions; a test compares
MIGRATING, PUBLISHING, LOGGING = 5_200_001, 5_200_002, 5_200_003  # advisory locks


class Ledger:
    """An open ledger. Use as a context manager, or `close` it."""

    def __init__(self, workspace: Workspace, engine: Engine, cipher: Cipher, server: Server | None) -> None:
        self.workspace = workspace
        self.engine = engine
        self.cipher = cipher
        self._server = server

    @classmethod
    def open(cls, workspace: Workspace) -> Self:
        """The ledger of a workspace: PostgreSQL at `settings.ledger_url`, else the embedded one in `workspace.ledger`, which is started if need be.

        Its schema is made or migrated to the newest. Raises SettingsError for a URL that is none of PostgreSQL, LedgerError when nothing answers.
        """
        server = None
        cipher = Cipher(workspace.keys)
        if workspace.settings.ledger_url:
            url = _external(workspace.settings.ledger_url)
        else:
            server = Server(workspace.ledger, workspace.keys)
            server.start()
            url = URL.create("postgresql+psycopg", server.user, server.password, database=server.database, query={"host": str(server.socket)})
        engine = create_engine(url, hide_parameters=True, connect_args={"connect_timeout": 10, "application_name": "doudi"})
        ledger = cls(workspace, engine, cipher, server)
        try:
            _upgrade(engine)
        except OperationalError as error:
            ledger.close()
            reason = str(error.orig).strip().splitlines()[0]
            raise LedgerError(f"The ledger {url.render_as_string()} cannot be reached ({reason}); start it or correct DOUDI_LEDGER_URL.") from error
        except BaseException:
            ledger.close()
            raise
        return ledger

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work is committed when the block ends well, and undone otherwise."""
        with self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Ends the connections; the embedded server stops with its last user."""
        self.engine.dispose()
        if self._server is not None:
            self._server.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def current_user() -> str:
    """Who acts, for events and the access log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _external(setting: str) -> URL:
    try:
        url = make_url(setting)
    except ArgumentError as error:
        raise SettingsError("DOUDI_LEDGER_URL is no URL; write it as postgresql://user:password@host/database.") from error
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise SettingsError(f"DOUDI_LEDGER_URL names {url.get_backend_name()}; the ledger needs PostgreSQL: postgresql://user:password@host/database.")
    return url.set(drivername="postgresql+psycopg")


def _upgrade(engine: Engine) -> None:
    """Brings the schema to HEAD; Alembic, which is slow to import, only comes in when there is something to do."""
    with engine.begin() as connection:
        if _version(connection) == HEAD:
            return
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        from alembic import command
        from alembic.config import Config

        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version
