"""One hierarchy of errors. A message is one sentence: what is wrong, where, and what to do; never a personal value."""


class DoudiError(Exception):
    """Base of every error that Doudi raises on purpose."""

    exit_status = 1


class SettingsError(DoudiError):
    """A setting, option or path cannot be used."""

    exit_status = 2


class ContractError(DoudiError):
    """A data contract in schemas/ is wrong or a dataset has none."""

    exit_status = 2


class PolicyError(DoudiError):
    """A policy file is wrong, or lacks a row that a rule needs."""

    exit_status = 2


class DeliveryError(DoudiError):
    """A delivered file cannot be used and is refused; the last good snapshot stays in force."""


class StageError(DoudiError):
    """A stage of the night failed; nothing was published."""


class LedgerError(DoudiError):
    """The ledger cannot be reached, is busy, or refuses what was asked."""
