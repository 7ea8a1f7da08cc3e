"""The extraction cache: databases that cannot be opened in place."""
