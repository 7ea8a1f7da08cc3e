"""Rules that every other package uses; imports nothing heavy."""
