"""How long a night takes and how much memory, against the same work written by hand (README.md)."""
