"""How Sphinx builds these pages: `make docs`."""

import inspect
import os
import re
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from urllib.request import urlopen

import torch

import sktsad

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

# Examples and pages run two at a time, one thread each.
os.environ["OMP_NUM_THREADS"] = "1"
torch.set_num_threads(1)

# A study leaves memory behind, so that joblib starts a new worker: that is meant.
warnings.filterwarnings("ignore", message="A worker stopped", module="joblib")

project = "sktsad"
author = "The sktsad developers"
copyright = author
version = release = sktsad.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "sphinx_codeautolink",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "sphinxext.opengraph",
    "name_links",
    "page_outputs",
]
exclude_patterns = [
    "_build",
    "examples",
    "extensions",
    "sg_execution_times.rst",
    "gallery/sg_execution_times.rst",
]
templates_path = ["templates"]

html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "github_url": "https://github.com/sktsad/sktsad",
    "logo": {
        "text": "sktsad",
        "image_light": "static/logo.svg",
        "image_dark": "static/logo.svg",
        "alt_text": "",
    },
}
html_sidebars = {
    page: []
    for page in (
        "index",
        "benchmarks",
        "sources",
        "pitfalls",
        "which_model",
        "getting_started",
        "without_labels",
        "with_labels",
        "glossary",
        "changelog",
    )
}
html_show_sourcelink = False
html_static_path = ["static"]
html_css_files = ["style.css"]
html_favicon = "static/logo.svg"
html_baseurl = ogp_site_url = "https://sktsad.readthedocs.io/en/stable/"
ogp_image = "_images/index.1.png"
ogp_image_alt = (
    "A server's load over three and a half days, with alarms and labelled events"
)
# a picture drawn for every page would double the build
ogp_social_cards = {"enable": False}

default_role = "code"
myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath"]

autosummary_generate = True
numpydoc_show_class_members = False
autodoc_typehints = "none"  # numpydoc's sections say the types
toc_object_entries_show_parents = "hide"

copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_selector = "div:not(.output):not(.sphx-glr-script-out) > div.highlight > pre"


def answers(url):
    """Return whether the inventory of a project can be read."""
    try:
        with urlopen(url + "objects.inv", timeout=5):
            return True
    except OSError:
        return False


# Links to other packages, as far as the network reaches: without it the pages build all the same.
OTHERS = {
    "python": "https://docs.python.org/3/",
    "numpy": "https://numpy.org/doc/stable/",
    "pandas": "https://pandas.pydata.org/docs/",
    "sklearn": "https://scikit-learn.org/stable/",
    "imblearn": "https://imbalanced-learn.org/stable/",
    "skorch": "https://skorch.readthedocs.io/en/stable/",
    "torch": "https://docs.pytorch.org/docs/stable/",
    "matplotlib": "https://matplotlib.org/stable/",
}
with ThreadPoolExecutor(len(OTHERS)) as pool:
    reached = dict(zip(OTHERS, pool.map(answers, OTHERS.values()), strict=True))
intersphinx_mapping = {
    name: (url, None) for name, url in OTHERS.items() if reached[name]
}
intersphinx_timeout = 5

# Each public name and the room whose page has it; code imports most of them from `sktsad` itself.
ROOMS = [
    import_module(f"sktsad.{path.parent.name}")
    for path in Path(sktsad.__file__).parent.glob("[!_]*/__init__.py")
]
name_links = {
    name: f"{room.__name__}.{name}"
    for room in ROOMS
    for name in room.__all__
    if callable(getattr(room, name))
} | {
    name: f"sktsad.{name}"
    for name in sktsad.__all__
    if inspect.isfunction(vars(sktsad).get(name))
}
name_links_other = {
    "DataFrame": "pandas.DataFrame",
    "MultiIndex": "pandas.MultiIndex",
    "GridSearchCV": "sklearn.model_selection.GridSearchCV",
    "Pipeline": "sklearn.pipeline.Pipeline",
    "StandardScaler": "sklearn.preprocessing.StandardScaler",
    "TimeSeriesSplit": "sklearn.model_selection.TimeSeriesSplit",
    "TunedThresholdClassifierCV": "sklearn.model_selection.TunedThresholdClassifierCV",
    "cross_val_score": "sklearn.model_selection.cross_val_score",
}
codeautolink_inventory_map = {
    f"sktsad.{name}": full for name, full in name_links.items()
}
codeautolink_concat_default = True  # a block knows the names of those before it
# blocks of docstrings lose their `# doctest:` on the way
suppress_warnings = ["codeautolink.match_block"]

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": "plot_",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sktsad",),
    "abort_on_example_error": True,
    "capture_repr": (),  # what is printed, not what a last line happens to return
    "download_all_examples": False,
    "remove_config_comments": True,  # which picture stands for a study
    "show_memory": False,
    "parallel": 2,
}


def list_sources_that_have_pages(app):
    """Leave modules that have no page of their source out of the list of sources."""
    modules = getattr(app.env, "_viewcode_modules", {})
    for name in [name for name, entry in modules.items() if not entry]:
        del modules[name]
    return []


def skip_what_others_document(app, what, name, member, skip, options):
    """Leave out what scikit-learn's and torch's base classes bring along."""
    module = getattr(getattr(member, "fget", member), "__module__", None) or ""
    return True if skip or not module.startswith("sktsad") else None


def keep_initials(app, what, name, obj, options, lines):
    """Escape an initial that a line begins with: else it is taken for a list that starts at that letter."""
    lines[:] = [
        re.sub(r"^((?:\.\. \[\d+\] )?[A-Z])\. ", r"\1\\. ", line) for line in lines
    ]


def leave_code_to_the_gallery(app, docname, text):
    """Let the gallery alone link the names in its code: it knows what they are, and two cannot."""
    if docname.startswith("gallery/plot_"):
        text[0] = f".. autolink-skip:: file\n\n{text[0]}"


def setup(app):
    """Connect what is above."""
    app.connect("html-collect-pages", list_sources_that_have_pages, priority=100)
    app.connect("source-read", leave_code_to_the_gallery)
    app.connect("autodoc-skip-member", skip_what_others_document)
    # before numpydoc moves references
    app.connect("autodoc-process-docstring", keep_initials, priority=100)
