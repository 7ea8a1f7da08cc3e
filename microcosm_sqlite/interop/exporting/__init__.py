"""Exports: data packages, Croissant, diagrams and files."""
