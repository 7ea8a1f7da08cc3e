"""Data sets, sessions and stores on SQLAlchemy."""
