"""Models from existing databases."""
