"""From a finished wheel to several: shards of one that is too large, and columnar twins."""
