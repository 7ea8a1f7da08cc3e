"""What changed between two versions of a dataset, and how to get from one to the other."""
