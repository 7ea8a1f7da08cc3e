"""Datasets in other tools: frames, clusters, browsers, pages and exchange formats.

Rows are read as Arrow, by :mod:`.reader`, and then converted to what each tool expects. A module
for one tool needs the extra of the same name, and its import says so where that is missing.
"""
