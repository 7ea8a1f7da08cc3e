"""What a dataset project says of itself: its settings and its models."""
