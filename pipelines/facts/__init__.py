"""As-of facts about persons and households: who is covered, deceased, severely disabled, ill, of low income, poor."""

from pipelines.facts.facts import DATASETS, Facts

__all__ = ["DATASETS", "Facts"]
