"""Find and open installed datasets: discover, locate, extract, open.

Nothing in this room imports SQLAlchemy, microcosm or a data wheel's own code, except on the two
requests that cannot be answered otherwise: a dataset's engine, and its models.
"""
