"""The floor: the same night written by hand as DuckDB SQL."""
