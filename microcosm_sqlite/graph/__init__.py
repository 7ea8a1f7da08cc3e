"""Components of a microcosm object graph."""
