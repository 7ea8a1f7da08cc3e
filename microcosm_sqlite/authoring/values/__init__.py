"""What a text or a value of a source becomes in a column."""
