"""Look at the built pages in a real browser.

`python docs/check_site.py docs/_build/html [chromium]` counts the pages that are wider than the screen of a phone (390
px), the links to pages or places that do not exist, and the pictures without words for those who cannot see them; it
exits with 1 if there are any. It needs `pip install playwright` and a Chromium, whose path is the second argument
(without it, the one that playwright has loaded).
"""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urldefrag, urljoin

from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

WIDTH = 390


class Quiet(SimpleHTTPRequestHandler):
    """A server that does not tell what it serves."""

    def log_message(self, *args):
        """Say nothing."""


def html_pages(folder):
    """Return the pages, by their path in the folder; what the theme brings along is none."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    return sorted(name for name in names if not name.startswith("_static/"))


def broken_links(folder):
    """Return (page, link) of all links to pages, files or places that do not exist."""
    pages = {name: folder / name for name in html_pages(folder)}
    places, links = {}, []
    for name, path in pages.items():
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        places[name] = {tag["id"] for tag in soup.find_all(id=True)} | {""}
        found = [tag[key] for key in ("href", "src") for tag in soup.find_all(attrs={key: True})]
        links += [
            (name, link) for link in found if "://" not in link and not link.startswith(("mailto:", "data:"))
        ]
    broken = []
    for name, link in links:
        target, place = urldefrag(urljoin(f"/{name}", link))
        target = unquote(target.partition("?")[0]).lstrip("/") or "index.html"
        is_there = unquote(place) in places[target] if target in places else (folder / target).is_file()
        if not is_there:
            broken.append((name, link))
    return sorted(set(broken))


def looked_at(folder, chromium=None):
    """Return the pages wider than a phone with what sticks out, and (page, picture) of pictures without words."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    wide, silent = {}, []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 844})
        page.route(
            "**/*", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort()
        )
        for name in html_pages(folder):
            page.goto(f"http://127.0.0.1:{server.server_port}/{name}")
            if page.evaluate("document.documentElement.scrollWidth") > WIDTH:
                wide[name] = page.evaluate(
                    """width => [...document.querySelectorAll("body *")]
                        .filter(tag => tag.getBoundingClientRect().right > width + 1)
                        .map(tag => tag.tagName + "." + tag.className).slice(-3)""",
                    WIDTH,
                )
            pictures = page.evaluate(
                """() => [...document.querySelectorAll("article img")]
                    .filter(tag => !tag.alt && !tag.closest(".sphx-glr-thumbcontainer"))
                    .map(tag => tag.getAttribute("src"))"""
            )
            silent += [(name, picture) for picture in pictures]
        browser.close()
    server.shutdown()
    return wide, silent


def main():
    """Print what is wrong, and return whether there is any."""
    folder = Path(sys.argv[1]).resolve()
    broken = broken_links(folder)
    wide, silent = looked_at(folder, *sys.argv[2:])
    for what, found in {
        "broken internal links": broken,
        f"pages wider than {WIDTH} px": list(wide.items()),
        "pictures without words": silent,
    }.items():
        print(f"{len(found)} {what}")
        for line in found:
            print("  ", *line)
    return bool(broken or wide or silent)


if __name__ == "__main__":
    sys.exit(main())
