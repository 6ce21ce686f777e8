"""Person tokens: what stands for a person outside the working area (identity.md, "ID numbers").

HMAC-SHA-256 under the deployment's secret key. A plain hash would be no protection: there are only some 10⁹ plausible numbers.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.workspace import Workspace

KEY_FILE = "token.key"
KEY_BYTES = 32


class Tokens:
    """Tokens under one key; the same person has the same token every night."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of_number(self, id_number: str) -> str:
        """The token, 64 hexadecimal characters, of a person with a valid ID number of 18 characters."""
        return self._hmac(id_number)

    def of_record(self, dataset: str, natural_key: str) -> str:
        """The token of a person without a valid number: of the dataset and natural key of the person's first record."""
        return self._hmac(f"{dataset}\x1f{natural_key}")

    def _hmac(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), "sha256").hex()


def open_tokens(workspace: Workspace) -> Tokens:
    """The deployment's tokens. The key is made when there is none, readable by its owner alone.

    Raises SettingsError when the key file has not the length of a key: another key would give every person another token.
    """
    path = workspace.keys / KEY_FILE
    if not path.exists():
        _make_key(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{path} is not a token key of {KEY_BYTES} bytes; restore it from the deployment's backup of its keys.")
    return Tokens(key)


def _make_key(path: Path) -> None:
    """Writes a new key beside and links it into place, so that of two runs at once one key wins and is never seen half written."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
        with contextlib.suppress(FileExistsError):  # another run was first
            os.link(beside, path)
    finally:
        beside.unlink()
