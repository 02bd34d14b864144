"""How Sphinx builds these pages: `make docs`."""

import os
import re

import torch

import sktsad

# Examples run two at a time, one thread each.
os.environ["OMP_NUM_THREADS"] = "1"
torch.set_num_threads(1)

project = "sktsad"
author = "The sktsad developers"
copyright = author
version = release = sktsad.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples"]
templates_path = ["templates"]

html_theme = "pydata_sphinx_theme"
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}
html_sidebars = {"benchmarks": [], "sources": [], "pitfalls": [], "which_model": [], "getting_started": []}
html_show_sourcelink = False

default_role = "code"
myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath"]

autosummary_generate = True
numpydoc_show_class_members = False
autodoc_typehints = "none"  # numpydoc's sections say the types

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": "plot_",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sktsad",),
    "reference_url": {"sktsad": None},  # names in the code link to the pages here
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "parallel": 2,
}


def skip_what_others_document(app, what, name, member, skip, options):
    """Leave out what scikit-learn's and torch's base classes bring along."""
    module = getattr(getattr(member, "fget", member), "__module__", None) or ""
    return True if skip or not module.startswith("sktsad") else None


def keep_initials(app, what, name, obj, options, lines):
    """Escape an initial that a line begins with: else it is taken for a list that starts at that letter."""
    lines[:] = [re.sub(r"^((?:\.\. \[\d+\] )?[A-Z])\. ", r"\1\\. ", line) for line in lines]


def setup(app):
    """Connect what is above."""
    app.connect("autodoc-skip-member", skip_what_others_document)
    app.connect("autodoc-process-docstring", keep_initials, priority=100)  # before numpydoc moves references
