"""Sphinx configuration."""

from html import escape
from importlib.metadata import version as installed_version
from pathlib import Path

from docutils import nodes

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
html_static_path = ["_static"]

# What `docs/prepare_try_it.py` fetched and built; without it, the page says what is missing.
TRY_IT = Path(__file__).parents[1] / "build" / "try-it"
if TRY_IT.is_dir():
    html_extra_path = [str(TRY_IT)]


def describe(app, pagename, templatename, context, doctree):
    """Give each page a description for search engines and previews: its first paragraph."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else ()
    text = next((" ".join(found.astext().split()) for found in paragraphs), "")
    if text:
        text = escape(text if len(text) <= 160 else f"{text[:157].rsplit(' ', 1)[0]} ...")
        title = escape(str(context.get("title", project)))
        context["metatags"] = (
            f'{context.get("metatags", "")}\n<meta name="description" content="{text}">'
            f'\n<meta property="og:title" content="{title}">'
            f'\n<meta property="og:description" content="{text}">\n'
        )


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
