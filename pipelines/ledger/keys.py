"""Files of the key folder that the ledger owns: secrets that nobody but the deployment's user may read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from pipelines.errors import LedgerError


def secret(folder: Path, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
    """The text of the secret file `name`, made at first use (0600, in a 0700 folder); two processes that ask at once get the same one.

    Raises LedgerError when others may read it.
    """
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = folder / f".{name}.{secrets.token_hex(4)}"
        _write(beside, make())
        try:
            os.link(beside, path)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    if path.stat().st_mode & 0o077:
        raise LedgerError(f"The key {path} can be read by others; run chmod 600 on it, and replace it if somebody may have read it.")
    return path.read_text(encoding="ascii").strip()


def replace_secret(folder: Path, name: str, text: str) -> None:
    """Writes the secret file `name` anew, atomically."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = folder / f".{name}.{secrets.token_hex(4)}"
    _write(beside, text)
    beside.replace(folder / name)


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
