"""Sphinx configuration."""

from importlib.metadata import version as installed_version

project = "microcosm-sqlite"
author = "the microcosm-sqlite authors"
copyright = "the microcosm-sqlite authors; Apache-2.0"
release = installed_version(project)
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
nitpicky = False

html_theme = "furo"
html_title = f"microcosm-sqlite {release}"
html_copy_source = False
