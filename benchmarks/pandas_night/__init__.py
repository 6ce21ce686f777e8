"""The same night as an analyst would write it with pandas."""
