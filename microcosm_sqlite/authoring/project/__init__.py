"""The declarations of a dataset project: its settings and its models."""
