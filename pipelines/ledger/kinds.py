"""Flags and mismatches go through the same life; here is where their tables differ."""

from __future__ import annotations

from dataclasses import dataclass

STANDING = (
    "state", "checked", "first_seen", "raised_on", "due", "due_provisional", "grade", "subject", "policy_version", "content", "evidence_digest",
    "edition",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """The names of one kind's tables and columns, for SQL that serves both.

    `own` are columns of the standing that only this kind has; `fixed` those that never change for a key; `texts` those that only the current row
    keeps; `reasons` say what `changed` means: a word and the columns whose difference it stands for.
    """

    name: str
    table: str
    key: str
    rule: str
    own: tuple[str, ...]
    fixed: tuple[str, ...]
    texts: tuple[str, ...]
    reasons: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def versions(self) -> str:
        return f"{self.name}_versions"

    @property
    def events(self) -> str:
        return f"{self.name}_events"

    @property
    def evidence(self) -> str:
        return f"{self.name}_evidence"

    @property
    def standing(self) -> tuple[str, ...]:
        """Every column that the current row and the versions share."""
        return (*STANDING, *self.own)


_ALIKE = (("grade", ("grade",)), ("evidence", ("evidence_digest",)))
FLAGS = Kind(
    "flag",
    "flags",
    "flag_id",
    "rule",
    own=("township", "village", "name", "link_basis", "partial", "case_id"),
    fixed=("rule", "family", "subject_kind", "token", "household_dataset", "household", "household_token", "county_code"),
    texts=("clause", "action"),
    reasons=(*_ALIKE, ("place", ("township", "village")), ("identity", ("link_basis",)), ("partial", ("partial",))),
)
MISMATCHES = Kind(
    "mismatch",
    "mismatches",
    "mismatch_id",
    '"check"',
    own=("datasets", "detail"),
    fixed=('"check"', "token", "person", "county_code"),
    texts=(),
    reasons=(*_ALIKE, ("datasets", ("datasets",)), ("detail", ("detail",))),
)
