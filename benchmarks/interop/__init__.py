"""How fast tables become frames, against the named rivals.

Run ``python -m benchmarks.interop`` in an environment with this distribution and its extras
``arrow``, ``pandas`` and ``polars``, and with the data wheel of the example.
"""
