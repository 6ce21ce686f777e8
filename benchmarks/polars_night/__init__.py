"""The best night by hand that we could make with anything on one machine: Polars reads and cleans, DuckDB joins."""
