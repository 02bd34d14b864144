"""Run the Python blocks of a Markdown page, one after the other, and keep what they print and draw.

A page stays plain Markdown: its blocks are ordinary fences. The pages of the docs show what this module returns, and
tests/test_pages.py runs the same blocks with it.
"""

import os
import re
import sys
import warnings
from contextlib import ExitStack, redirect_stdout
from io import StringIO
from types import ModuleType

#: A block, after a comment `<!-- picture: ... -->` with the text for those who cannot see its picture.
BLOCK = re.compile(r"^(?:<!-- picture: (.*?) -->\n\n?)?```python\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)


def run_page(path, pictures=None):
    """Return for each block of a page what it prints, and its pictures as (path, alternative text).

    The blocks share the namespace of a module of their own, so that classes of the page can be pickled. Pictures are
    written to `pictures`.1.png and so on; without it they are closed, and None stands for their path. Warnings are
    printed with the rest, without the place in the file, unless they are errors.
    """
    os.environ.setdefault("MPLBACKEND", "Agg")
    module = ModuleType(f"page_{path.stem}")
    outputs, n_pictures = [], 0
    with ExitStack() as stack:
        stack.callback(sys.modules.pop, module.__name__)
        sys.modules[module.__name__] = module
        stack.enter_context(warnings.catch_warnings())
        warnings.showwarning = lambda message, category, *_: print(f"{category.__name__}: {message}")
        for alt, code in BLOCK.findall(path.read_text(encoding="utf-8")):
            with redirect_stdout(StringIO()) as printed:
                exec(compile(code, str(path), "exec"), vars(module))
            drawn = []
            for figure in take_figures():
                if not alt:
                    raise ValueError(
                        f"{path.name}: a block draws a picture; write <!-- picture: ... --> before it"
                    )
                n_pictures += 1
                name = pictures and f"{pictures}.{n_pictures}.png"
                if name:
                    figure.savefig(name, dpi=120, bbox_inches="tight")
                drawn.append((name, " ".join(alt.split())))
            outputs.append((printed.getvalue().rstrip(), drawn))
    return outputs


def take_figures():
    """Return the open figures of matplotlib, if it was imported, and close them."""
    if "matplotlib.pyplot" not in sys.modules:
        return []
    plt = sys.modules["matplotlib.pyplot"]
    figures = [plt.figure(number) for number in plt.get_fignums()]
    plt.close("all")
    return figures


def with_outputs(text, outputs):
    """Return the text of a page with what its blocks print and draw after each of them."""
    outputs = iter(outputs)

    def add(match):
        printed, drawn = next(outputs)
        parts = [match.group()]
        if printed:
            parts.append(f"``````{{code-block}} text\n:class: output\n\n{printed}\n``````")
        parts += [f"![{alt}]({name})" for name, alt in drawn]
        return "\n\n".join(parts)

    return BLOCK.sub(add, text)
