"""Doudi: nightly data matching across departments for social assistance."""
