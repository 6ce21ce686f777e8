"""As whom the embedded PostgreSQL runs. It refuses root, so root hands it to an account without privileges.

That account must reach binaries and data below folders that only root may enter. No folder is opened for it: the server alone gets the capability
to pass closed folders (and to read, not to write), and no other.
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import LedgerError

UNPRIVILEGED = "nobody"
_CAPABILITIES = {"dac_read_search": 2, "dac_override": 1}  # the first that the kernel lets us give; containers often lack the first


@dataclass(frozen=True)
class Account:
    """The user and group id that own the server's files; `prefix` is the command that becomes them, empty when we are them already."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def command(self, *words: str | Path) -> list[str]:
        """A command line that runs `words` as this account."""
        return [*self.prefix, *map(str, words)]

    def own(self, path: Path) -> None:
        """Gives a file or folder to this account."""
        if self.prefix:
            os.chown(path, self.uid, self.gid)


def server_account(owners: Sequence[Path]) -> Account:
    """The account for a server: ourselves, or for root the owner of the first of `owners` that exists and is not root's, else nobody.

    Raises LedgerError when root has no means of becoming somebody else.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise LedgerError("PostgreSQL does not run as root and setpriv is missing; install util-linux, or run doudi as another user.")
    user = _user(owners)
    given = next((name for name, number in _CAPABILITIES.items() if _permitted() >> number & 1), None)
    sets = ["-all", f"+{given}"] if given else ["-all"]
    options = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--no-new-privs")
    capabilities = tuple(f"--{name}={','.join(sets)}" for name in ("inh-caps", "ambient-caps", "bounding-set"))
    return Account(user.pw_uid, user.pw_gid, (setpriv, *options, *capabilities))


def _user(owners: Sequence[Path]) -> pwd.struct_passwd:
    for path in owners:
        if path.exists() and (uid := path.stat().st_uid):
            try:
                return pwd.getpwuid(uid)  # initdb needs a name for it
            except KeyError:
                continue
    try:
        return pwd.getpwnam(UNPRIVILEGED)
    except KeyError as error:
        raise LedgerError(
            f"PostgreSQL does not run as root and there is no user {UNPRIVILEGED}; run doudi as another user or set DOUDI_LEDGER_URL."
        ) from error


def _permitted() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapPrm:"):
            return int(line.split()[1], 16)
    return 0
