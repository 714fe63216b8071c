"""The site: `python -m sphinx -W docs docs/_build/html`, with the extra `docs`."""

from __future__ import annotations

import ast
import inspect
import os
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.pycode import ModuleAnalyzer

import confid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

project = "confid"
copyright = "the authors of confid"  # noqa: A001 - Sphinx's name for it
version = release = confid.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "jupyter_execute", "examples/tenant", "**/.ipynb_checkpoints"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
# A name that `confid` and its home both have is the same: either page will do.
suppress_warnings = ["ref.python"]

nb_execution_mode = os.environ.get("CONFID_DOCS_NOTEBOOKS", "force")
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_default_options = {
    "members": True,
    "show-inheritance": True,
}
python_maximum_signature_line_length = 80
python_use_unqualified_type_names = True
add_module_names = False
default_role = "code"

html_theme = "furo"
html_title = "confid"
html_static_path = ["_static"]
html_css_files = ["confid.css"]
html_copy_source = False
html_show_sphinx = False
templates_path: list[str] = []

ROOT = Path(__file__).parent.parent
ROOT_PAGES = {"project/changelog", "project/contributing", "project/security"}
"""Pages whose text stands beside README.md."""
LINK = re.compile(r"\[([^\]]*)\]\((?:\.\./)*([\w/-]+\.\w+)(#[^)]*)?\)")


def values(module: str) -> Iterator[str]:
    """The entries of a module's public values; `automodule` has those of functions and classes."""
    package = import_module(module)
    homes = {
        alias.name: node.module
        for node in ast.walk(ast.parse(inspect.getsource(package)))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for name in getattr(package, "__all__", ()):
        value = getattr(package, name)
        if inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value):
            continue
        comments = ModuleAnalyzer.for_module(homes.get(name, module)).find_attr_docs()
        text = comments.get(("", name), [])
        yield f".. py:data:: {name}\n   :module: {module}\n"
        yield from (f"   {line}" for line in marked_up(text))
        yield ""


def lead_to_the_site(app: Sphinx, page: str, source: list[str]) -> None:
    """Take the pages beside README.md in, and turn links to files beside docs/ into links here."""
    del app
    up = "../" * page.count("/")
    if page in ROOT_PAGES:
        name = page.rpartition("/")[2].upper()
        source[0] = (ROOT / f"{name}.md").read_text(encoding="utf-8")

    def link(found: re.Match[str]) -> str:
        text, path, anchor = found[1], found[2], found[3] or ""
        if path == "README.md":
            return f"[{text}]({up}{'explanation/design.md#the-rooms' if anchor else 'index.md'})"
        if f"project/{path.removesuffix('.md').lower()}" in ROOT_PAGES:
            return f"[{text}]({up}project/{path.lower()}{anchor})"
        if page in ROOT_PAGES:
            inside = path.removeprefix("docs/")
            if inside != path:
                return f"[{text}]({up}{inside}{anchor})"
            return f"`{path}`" if text == path else f"{text} (`{path}`)"
        return found[0]

    source[0] = LINK.sub(link, source[0])
    module = page.rpartition("/")[2]
    if page.startswith("reference/api/confid"):
        source[0] += "\n".join(["", "```{eval-rst}", *values(module), "```", ""])


CODE = re.compile(r"`([^`]+)`")
PARAMETER = re.compile(r"    (\w+) \((.*?)\): (.*)")


def plain(text: str) -> str:
    """A line of a docstring in reStructuredText: code between backticks, all else as it stands."""
    parts = CODE.split(text)
    parts[0::2] = [re.sub(r"([*_|\\])", r"\\\1", part) for part in parts[0::2]]
    parts[1::2] = [f"``{part.strip()}``" for part in parts[1::2]]
    return "".join(parts)


def marked_up(lines: list[str]) -> Iterator[str]:
    """A docstring of confid in reStructuredText: what is indented is a list, a session or code."""
    heading, inside = "", ""
    for line in lines:
        if not line.startswith("    "):
            if inside:
                yield ""
            heading, inside = line or heading, ""
            yield plain(line)
            continue
        if not inside:
            is_session = line.lstrip().startswith(">>>")
            inside = "list" if heading == "Parameters:" else "session" if is_session else "code"
            yield from ("", "::", "") if inside == "code" else ("",)
        if inside != "list":
            yield line
        elif found := PARAMETER.match(line):
            yield f"- ``{found[1]}`` ({plain(found[2])}): {plain(found[3])}"
        else:
            yield (
                f"  {plain(line.strip())}"
                if line.startswith("     ")
                else f"- {plain(line.strip())}"
            )


def mark_up(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Replace the lines of a docstring; those that Python wrote itself say nothing."""
    del app, what, name, thing, options
    written = [line for line in lines if not line.startswith("Alias for field number")]
    lines[:] = list(marked_up(written))


def own_signature(*event: Any) -> tuple[str, str] | None:
    """The signature that a cmdlet shows in `help()`, in place of all that its binder reads."""
    _app, _what, _name, thing, _options, arguments, returned = event
    own = getattr(thing, "__signature__", None)
    if not isinstance(own, inspect.Signature) or arguments is None:
        return None
    shown = str(own.replace(return_annotation=own.empty))
    return re.sub(r": '([^']*)'", r": \1", shown), returned


def without_object(app: Sphinx, page: Any) -> None:
    """Leave out that a class has no base."""
    del app
    for node in list(page.findall(lambda node: node.astext() == "Bases: object")):
        if node.parent:
            node.parent.remove(node)


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this."""
    app.connect("source-read", lead_to_the_site)
    app.connect("autodoc-process-docstring", mark_up)
    app.connect("autodoc-process-signature", own_signature)
    app.connect("doctree-read", without_object)
    return {"parallel_read_safe": True}
