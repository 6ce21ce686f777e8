"""The states a flag goes through, what brings it into them, and what a result silences (outputs.md, "Life of a flag")."""

from __future__ import annotations

OPEN, IDENTITY_CHECK, ASSIGNED, VERIFIED, CLOSED, CLEARED = "open", "identity_check", "assigned", "verified", "closed", "cleared_by_data"
STATES = (OPEN, IDENTITY_CHECK, ASSIGNED, VERIFIED, CLOSED, CLEARED)
WAITING = (OPEN, IDENTITY_CHECK)  # what lists and exports hold unless asked for more

# Events of the night.
RAISED, STILL_TRUE, CHANGED, CLEARED_BY_DATA = "raised", "still_true", "changed", "cleared_by_data"
SUSPENDED, RESUMED, REOPENED, SILENCED, WITHDRAWN = "suspended", "resumed", "reopened", "silenced", "withdrawn"
NIGHT = "night"  # the actor of those events

# Events of people, and the state that each brings.
RESULT_RECORDED = "result_recorded"
STATE_AFTER = {"assigned": ASSIGNED, RESULT_RECORDED: VERIFIED, "closed": CLOSED}

RESULT_CODES = (10, 11, 20, 30, 31, 32, 33, 34, 40, 50, 61, 62, 63, 64, 65, 70, 80, 81, 82, 90)
NEGATIVE = range(61, 91)  # such a result silences the rule for its subject …
SILENCE_DAYS = 180  # … for so long, or until the evidence says something else
