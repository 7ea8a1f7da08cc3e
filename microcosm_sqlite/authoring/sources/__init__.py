"""The files that rows come from, whatever their format."""
