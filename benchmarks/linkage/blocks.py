"""What the peers compare of the million: pairs that agree in all columns of a line. `prefix` is a number's first 14 digits, `tail` its last four."""

BLOCKED = (
    ("reading", "birth_date"), ("reading", "prefix"), ("reading", "tail"), ("reading", "county", "township"), ("reading", "phone"),
    ("county", "township", "phone"), ("county", "township", "surname", "birth_date"), ("county", "township", "surname", "prefix"),
    ("phone", "birth_date"), ("phone", "prefix"), ("birth_date", "prefix", "tail"),
)  # fmt: skip
