"""Sphinx configuration."""

import logging
import os
import re
from html import escape, unescape
from importlib.metadata import version as installed_version
from pathlib import Path

from docutils import nodes

# A library of the theme sets up logging at INFO when it is imported, unless somebody has done so.
logging.basicConfig(level=logging.WARNING)

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
html_static_path = ["_static", "images/social.png"]
html_baseurl = os.environ.get("DOCS_URL", "")  # where the pages are published

# What `docs/prepare_try_it.py` fetched and built; without it, the page says what is missing.
TRY_IT = Path(__file__).parents[1] / "build" / "try-it"
if TRY_IT.is_dir():
    html_extra_path = [str(TRY_IT)]


TAG = re.compile("<[^>]+>")
SUMMARY = "Datasets as wheels: verified SQLite files that pip installs and Python finds by name."


def describe(app, pagename, templatename, context, doctree):
    """Give each page what search engines and previews show: title, first paragraph, picture."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else ()
    # What stands in a table, a list or a note is no description.
    whole = (found for found in paragraphs if isinstance(found.parent, nodes.section))
    text = next((" ".join(found.astext().split()) for found in whole), SUMMARY)
    text = text if len(text) <= 160 else f"{text[:157].rsplit(' ', 1)[0]} ..."
    picture = "_static/social.png"
    properties = {
        "og:type": "website",
        "og:site_name": project,
        "og:title": unescape(TAG.sub("", context.get("title") or project)),
        "og:description": text,
        # Where nobody said what the address will be, it is relative, which few previews follow.
        "og:image": f"{html_baseurl}{picture}" if html_baseurl else context["pathto"](picture, 1),
        "og:image:alt": SUMMARY,
    }
    tags = [
        f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items()
    ]
    tags += [
        f'<meta name="description" content="{escape(text)}">',
        '<meta name="twitter:card" content="summary_large_image">',
    ]
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags, ""])


# What screen readers and keyboards need, and the theme leaves out.
ACCESSIBLE = {
    'role="heading">': 'role="heading" aria-level="2">',
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
}


def make_accessible(app, pagename, templatename, context, doctree):
    """Let keys scroll what is wider than a page, and give the captions of menus a level."""
    for name in {"body", "furo_navigation_tree"} & context.keys():
        for written, better in ACCESSIBLE.items():
            context[name] = context[name].replace(written, better)


def setup(app):
    """Called by Sphinx."""
    if TRY_IT.is_dir():
        app.tags.add("try_it")
    app.connect("html-page-context", describe)
    app.connect("html-page-context", make_accessible, priority=900)  # behind the theme
