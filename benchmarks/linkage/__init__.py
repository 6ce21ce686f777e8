"""Linking by likeness against other tools: the FEBRL sets, and a million records against a million people. Run by `python -m benchmarks.linkage`."""
