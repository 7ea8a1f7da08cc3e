"""Compare two versions of a dataset, and describe how to get from one to the other."""
