"""Where everything lies, and the deployment's settings."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import uuid4

from pipelines.errors import SettingsError

PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_POLICY = PROJECT / "policies" / "ningxia-2020-52.yaml"


def date_number(day: date) -> int:
    """A date as the int yyyymmdd that engine tables use."""
    return day.year * 10000 + day.month * 100 + day.day


def month_number(day: date) -> int:
    """The month of a date as the int yyyymm that engine tables use."""
    return day.year * 100 + day.month


def number_date(number: int) -> date:
    """The date of an int yyyymmdd."""
    return date(number // 10000, number // 100 % 100, number % 100)


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Gives a path beside `target` to write to, and renames it into place when the block ends well; a failed block leaves nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{uuid4().hex[:8]}.part")
    try:
        yield beside
        beside.replace(target)
    finally:
        if beside.exists():
            beside.unlink()


@dataclass(frozen=True)
class Settings:
    """What a deployment may set, from `DOUDI_*` variables, then `doudi.toml`, then the defaults.

    `ledger_url` empty means the embedded PostgreSQL; `memory` is the engine's limit such as `2GB`, empty for the engine's default;
    `engine` is `duckdb` or a Spark master URL; `key_folder` empty means `<workspace>/keys`.
    """

    policy: Path = DEFAULT_POLICY
    schemas: Path = PROJECT / "schemas"
    expectations: Path = PROJECT / "expectations"
    ledger_url: str = ""
    key_folder: str = ""
    engine: str = "duckdb"
    memory: str = ""
    threads: int = 0


@dataclass(frozen=True)
class Workspace:
    """Paths of one deployment below `root`; the layout is in docs/design.md."""

    root: Path
    settings: Settings = field(default_factory=Settings)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def landed(self) -> Path:
        return self.root / "landed"

    @property
    def conformed(self) -> Path:
        return self.root / "conformed"

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    @property
    def warnings(self) -> Path:
        return self.root / "warnings"

    @property
    def validated(self) -> Path:
        return self.root / "validated"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger"

    @property
    def keys(self) -> Path:
        return Path(self.settings.key_folder) if self.settings.key_folder else self.root / "keys"

    def night(self, as_of: date) -> Path:
        return self.root / "nights" / as_of.isoformat()

    def other_nights(self, as_of: date) -> list[Path]:
        """The folders of the nights that were run, but for that of `as_of`; the newest first."""
        nights = self.root / "nights"
        return sorted((path for path in nights.glob("????-??-??") if path != self.night(as_of)), reverse=True)

    def reports(self, as_of: date) -> Path:
        return self.root / "reports" / as_of.isoformat()


def open_workspace(root: Path | None = None, **overrides: object) -> Workspace:
    """The workspace at `root` (else `DOUDI_WORKSPACE`, else ./workspace) with its settings; `overrides` that are not None win.

    Raises SettingsError when doudi.toml cannot be read or names an unknown setting.
    """
    folder = (root or Path(os.environ.get("DOUDI_WORKSPACE") or "workspace")).resolve()
    values: dict[str, object] = {}
    for toml in (Path("doudi.toml"), folder / "doudi.toml"):
        if toml.is_file():
            try:
                values.update(tomllib.loads(toml.read_text(encoding="utf-8")))
            except tomllib.TOMLDecodeError as error:
                raise SettingsError(f"{toml} is not valid TOML ({error}); correct that line.") from error
    known = Settings.__dataclass_fields__
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise SettingsError(f"doudi.toml sets {unknown[0]!r}, which is not a setting; known are {', '.join(known)}.")
    values.update({name: os.environ[f"DOUDI_{name.upper()}"] for name in known if os.environ.get(f"DOUDI_{name.upper()}")})
    values.update({name: value for name, value in overrides.items() if value is not None})
    for name in ("policy", "schemas", "expectations"):
        if name in values:
            values[name] = Path(str(values[name])).resolve()
    if "threads" in values:
        try:
            values["threads"] = int(str(values["threads"]))
        except ValueError as error:
            raise SettingsError("The setting threads is not a whole number; give how many threads the engine may use, 0 for all.") from error
    return Workspace(folder, Settings(**values))  # type: ignore[arg-type]  # checked against the fields above
