"""Sphinx extension: a name of the package in the text of a page is a link to its page.

`SeriesScaler`, `LiveScorer.update` and `AlarmsPerDay(2)` in plain code style are enough. Names of other packages link
to their documentation where their inventories could be read (intersphinx): those that a block of the same page imports,
and those that the configuration names.
"""

import re

from docutils import nodes
from sphinx.addnodes import pending_xref

NAME = re.compile(r"([A-Za-z_][\w.]*)(?:\(.*\))?", flags=re.DOTALL)
IMPORT = re.compile(r"^(?:>>> )?from ([\w.]+) import (\([^)]*\)|.*)$", flags=re.MULTILINE)


def imported(doctree):
    """Return the names that the blocks of a page import, each with its full name."""
    names = {}
    for block in doctree.findall(nodes.literal_block):
        for module, listed in IMPORT.findall(block.astext()):
            names |= {name: f"{module}.{name}" for name in re.findall(r"\w+", listed.split("#")[0])}
    return names


def full_name(text, names):
    """Return the full name of what a piece of code names, or None."""
    match = NAME.fullmatch(text)
    if match is None:
        return None
    first, _, rest = match.group(1).removeprefix("sktsad.").partition(".")
    if first in names:
        return ".".join(filter(None, (names[first], rest)))
    last = match.group(1).rpartition(".")[2]
    return names[last] if match.group(1).startswith("sktsad.") and last in names else None


def link_names(app, doctree):
    """Replace the names in the text of a page by links."""
    names = app.config.name_links_other | imported(doctree) | app.config.name_links
    page = app.env.docname
    for code in list(doctree.findall(nodes.literal)):
        parents = []
        node = code.parent
        while node is not None:
            parents.append(type(node))
            node = node.parent
        if any(issubclass(kind, nodes.reference | nodes.title | pending_xref) for kind in parents):
            continue
        target = full_name(code.astext(), names)
        if target is None or page == f"generated/{target}":
            continue
        link = pending_xref("", refdomain="py", reftype="obj", reftarget=target, refdoc=page, refwarn=False)
        code.replace_self(link)
        link += code


def setup(app):
    """Connect what is above."""
    app.add_config_value("name_links", {}, "env", [dict])
    app.add_config_value("name_links_other", {}, "env", [dict])
    app.connect("doctree-read", link_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
