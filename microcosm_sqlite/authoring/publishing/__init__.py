"""The checks before a dataset is published."""
