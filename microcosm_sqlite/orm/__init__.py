"""Datasets, sessions and stores on SQLAlchemy."""
