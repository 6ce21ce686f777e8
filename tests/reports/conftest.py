"""The ledger of the tests of reports is that of the ledger's own."""

from tests.ledger.conftest import ledger, server, workspace

__all__ = ["ledger", "server", "workspace"]
