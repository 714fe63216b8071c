"""Whether the site holds together: `python -m tests.site FOLDER`, after it was built there.

Every link and anchor inside it leads somewhere, no page loads anything from elsewhere, and every
public name is described.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

from tests.api_page import PACKAGES, public_names


@attrs.define
class Page:
    """What a page has: anchors, links, and what a browser loads with it."""

    anchors: set[str] = attrs.Factory(set)
    links: set[str] = attrs.Factory(set)
    loaded: set[str] = attrs.Factory(set)


class Reader(HTMLParser):
    """Reads a page."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element names."""
        given = {name: value for name, value in attrs if value}
        self.page.anchors.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a" and "href" in given:
            self.page.links.add(given["href"])
        elif tag == "link" and given.get("rel") in {"stylesheet", "icon"} and "href" in given:
            self.page.loaded.add(given["href"])
        elif "src" in given:
            self.page.loaded.add(given["src"])


def read(path: Path) -> Page:
    """A page of the site."""
    page = Page()
    Reader(page).feed(path.read_text(encoding="utf-8"))
    return page


def faults(site: Path) -> list[str]:
    """What doesn't hold together, a line each."""
    pages = {path: read(path) for path in site.rglob("*.html")}
    found = [] if pages else ["there is no page"]
    for path, page in pages.items():
        name = path.relative_to(site)
        for link in sorted(page.links | page.loaded):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.loaded and parts.scheme != "data":
                    found.append(f"{name} loads {link}")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                found.append(f"{name}: {link} is not there")
            elif (
                parts.fragment
                and target in pages
                and unquote(parts.fragment) not in pages[target].anchors
            ):
                found.append(f"{name}: {link} has no such anchor")
    named = {anchor for page in pages.values() for anchor in page.anchors}
    for package in PACKAGES:
        names = [f"{package}.{name}" for name in public_names(import_module(package))]
        found.extend(
            f"{name} is described nowhere" for name in names if not named & {name, f"module-{name}"}
        )
    return found


if __name__ == "__main__":
    lines = faults(Path(sys.argv[1]))
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.exit(bool(lines))
