"""Conversion of the texts and values of a source to the values of a column."""
