"""Sphinx extension: the pages show what their Python blocks print and draw.

Pages that have changed since the last build run before it, two at a time, and their outputs are kept in
`docs/generated/pages`. `-D run_pages=0` builds without running anything new.
"""

import hashlib
import json
from pathlib import Path

from joblib import Parallel, delayed
from run_blocks import BLOCK, run_page, with_outputs
from sphinx.errors import ExtensionError

FOLDER = Path("generated", "pages")


def outputs_file(source, path):
    """Return the file for the outputs of a page, whose name is a different one for every text of its blocks."""
    text = path.read_text(encoding="utf-8")
    blocks = json.dumps(BLOCK.findall(text))
    name = "-".join(path.relative_to(source).with_suffix("").parts)
    return (
        source
        / FOLDER
        / f"{name}.{hashlib.sha256(blocks.encode()).hexdigest()[:12]}.json"
    )


def keep_outputs(source, path):
    """Run a page, and write its outputs to a file."""
    file = outputs_file(source, path)
    name = file.name.partition(".")[0]
    for old in file.parent.glob(f"{name}.*"):
        old.unlink()
    try:
        outputs = run_page(path, file.parent / name)
    except Exception as error:
        where = path.relative_to(source)
        raise ExtensionError(f"A block of {where} fails: {error}") from error
    file.write_text(json.dumps(outputs), encoding="utf-8")


def run_pages(app):
    """Run the pages whose blocks have changed."""
    source = Path(app.srcdir)
    pages = [
        path
        for path in sorted(source.rglob("*.md"))
        if BLOCK.search(path.read_text(encoding="utf-8"))
    ]
    changed = [path for path in pages if not outputs_file(source, path).exists()]
    if not app.config.run_pages or not changed:
        return
    (source / FOLDER).mkdir(parents=True, exist_ok=True)
    Parallel(n_jobs=2)(delayed(keep_outputs)(source, path) for path in changed)


def show_outputs(app, docname, text):
    """Put the outputs of a page after its blocks."""
    source = Path(app.srcdir)
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".md" or not (file := outputs_file(source, path)).exists():
        return
    outputs = json.loads(file.read_text(encoding="utf-8"))
    pictures = [
        (
            printed,
            [
                ("/" + Path(name).relative_to(source).as_posix(), alt)
                for name, alt in drawn
            ],
        )
        for printed, drawn in outputs
    ]
    text[0] = with_outputs(text[0], pictures)


def setup(app):
    """Connect what is above."""
    app.add_config_value("run_pages", True, "env", [bool, int, str])
    app.connect("builder-inited", run_pages)
    app.connect("source-read", show_outputs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
