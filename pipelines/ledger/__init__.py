"""The ledger: what the nights published, in PostgreSQL, and what people did with it."""
