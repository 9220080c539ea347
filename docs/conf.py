"""Sphinx: the site that `make docs` builds. No network is needed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from wordvec import __version__

project = "wordvec"
author = "The wordvec developers"
version = release = __version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "mathml",
    "reference_pages",
]
exclude_patterns = ["_build", "_ext", "jupyter_execute", ".jupyter_cache", "**/.ipynb_checkpoints"]
source_suffix = {".md": "myst-nb"}

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"wordvec {version}"
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_end": [],
    "header_links_before_dropdown": 6,
}
html_sidebars = {"start": [], "changelog": []}
smartquotes_action = "qe"  # quotes and ellipses; a dash may begin an option: --coarse
html_show_sourcelink = False
html_math_renderer = "mathml"
highlight_language = "none"  # of code that names no language: what a command prints

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_inline"]
myst_heading_anchors = 3

# Tutorials are executed when the site is built; an error in one ends the build.
nb_execution_mode = "cache"
nb_execution_in_temp = True
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True

autosummary_generate = True
autodoc_typehints = "none"
autodoc_default_options = {"exclude-members": "__init__, __new__"}
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
suppress_warnings = ["mystnb.unknown_mime_type"]
