"""Datasets in other people's tools: frames, clusters, browsers, pages and exchange formats.

Everything that reads rows here reads them through one reader, :mod:`.reader`, which hands out
Arrow; the rest turns Arrow into what each tool likes best. Each module needs the extra that it
is named after, and says so in one sentence where that is missing.
"""
