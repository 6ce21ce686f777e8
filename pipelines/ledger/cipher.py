"""Encryption of identifying values: AES-256-GCM with a fresh nonce for each value, bound to the place where the value stands.

A sealed value is key number (1 byte), nonce (12 bytes), ciphertext and tag. Keys lie in `cipher.key`, one a line as `number base64`; the last line
seals, every line opens, so a key is rotated by adding a line. The place (table, column and row key) is authenticated with the value, so a value
copied to another row or column does not open.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.errors import LedgerError
from pipelines.ledger.keys import secret

KEY_FILE = "cipher.key"
_NONCE = 12


class Cipher:
    """Seals and opens values with the deployment's keys, and makes keyed digests that tell equal content apart from changed content."""

    def __init__(self, folder: Path) -> None:
        lines = secret(folder, KEY_FILE, lambda: "1 " + base64.b64encode(os.urandom(32)).decode()).splitlines()
        try:
            self._keys = {int(number): AESGCM(base64.b64decode(key, validate=True)) for number, key in (line.split() for line in lines)}
            self._newest = int(lines[-1].split()[0])
            self._prefix = bytes([self._newest])
        except ValueError as error:
            raise LedgerError(f"The key file {folder / KEY_FILE} is damaged; restore it from the copy kept with the deployment.") from error
        self._digest_key = base64.b64decode(secret(folder, "digest.key", lambda: base64.b64encode(os.urandom(32)).decode()))

    def seal(self, value: str, place: str) -> bytes:
        """`value` sealed for `place`, such as `flags.name|<flag_id>`."""
        nonce = os.urandom(_NONCE)
        return self._prefix + nonce + self._keys[self._newest].encrypt(nonce, value.encode(), place.encode())

    def seal_all(self, values: Iterable[str | None], places: Iterable[str]) -> list[bytes | None]:
        """As `seal`, for many values; absent stays absent."""
        encrypt, prefix = self._keys[self._newest].encrypt, self._prefix
        given = list(values)
        random = os.urandom(_NONCE * len(given))  # at once: asking for each takes as long as to seal it
        nonces = (random[at : at + _NONCE] for at in range(0, len(random), _NONCE))
        return [
            None if value is None else prefix + nonce + encrypt(nonce, value.encode(), place.encode())
            for value, place, nonce in zip(given, places, nonces, strict=True)
        ]

    def open(self, sealed: bytes, place: str) -> str:
        """The value sealed for `place`. Raises LedgerError when it was altered, moved, or sealed with a key that is not there."""
        key = self._keys.get(sealed[0])
        if key is None:
            raise LedgerError(f"A value at {place} was sealed with key {sealed[0]}, which {KEY_FILE} does not hold; restore that key.")
        try:
            return key.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place.encode()).decode()
        except InvalidTag as error:
            raise LedgerError(f"A value at {place} does not open: it was altered, or the key is another; restore the ledger or its keys.") from error

    def digest(self, content: str) -> bytes:
        """16 bytes that are the same for the same content under this deployment's key, and say nothing about it to others."""
        return self.digest_all([content])[0]

    def digest_all(self, contents: Iterable[str]) -> list[bytes]:
        """As `digest`, for many contents."""
        keyed, digests = hashlib.blake2b(digest_size=16, key=self._digest_key), []
        for content in contents:
            one = keyed.copy()
            one.update(content.encode())
            digests.append(one.digest())
        return digests
