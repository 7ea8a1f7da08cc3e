"""From a dataset to a smaller one that is whole: every row that is referred to is there."""
