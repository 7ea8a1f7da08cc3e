"""Data cards: one HTML page for each dataset."""
