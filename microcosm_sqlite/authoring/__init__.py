"""Authoring: from sources to a verified, reproducible data wheel.

`ProjectSettings` says what to build, `build_dataset` builds it. The hatchling hook, the command
line and `graph.sqlite_builder` all come through here.
"""
