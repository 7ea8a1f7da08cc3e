"""Verification of a dataset: numbered checks, and what they compare."""
