"""PowerShell scripts, read by a grammar that isn't ours: their literals and the calls in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import tree_sitter
import tree_sitter_powershell

from confid.engine.binder import registry
from confid.powershell.lines.parser import Argument, parse_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
_DOUBLED = re.compile("(['‘’‚‛])\\1")  # noqa: RUF001 - each of them ends a text there
_ASKED = r"(?:else)?if \(\$PSCmdlet\.ShouldProcess\(\$target\.Name, '[\w-]+'\)\)"
_KEYWORDS = {"$true": True, "$false": False, "$null": None}


def parsed(script: str) -> Node:
    """The tree of a script, which has no fault."""
    root = PARSER.parse(script.encode()).root_node
    faults = [node for node in nodes(root) if node.type == "ERROR" or node.is_missing]
    assert not faults, [(node.start_point, node.text) for node in faults]
    return root


def nodes(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    for child in node.children:
        yield from nodes(child)


def text(node: Node | None) -> str:
    """The source of a node."""
    assert node is not None
    assert node.text is not None
    return node.text.decode()


def value(node: Node) -> Any:
    """The value of a literal: of a text as the grammar sees it, and as our own parser does."""
    source = text(node)
    inner = [child for child in node.children if child.is_named]
    if node.type == "string_literal" and source.startswith("'"):
        found = _DOUBLED.sub(r"\1", source[1:-1])
        ((argument,),) = (command.elements for command in parse_line(f"Get-Thing {source}"))
        assert isinstance(argument, Argument)
        assert argument.value == found
        return found
    if node.type == "variable":
        return _KEYWORDS[source.lower()]
    if node.type in ("integer_literal", "decimal_integer_literal"):
        return int(source)
    if node.type == "array_literal_expression" and len(inner) > 1:
        return [value(each) for each in inner]
    if node.type == "array_expression":
        items = [value(each) for each in inner]
        return items[0] if len(items) == 1 and isinstance(items[0], list) else items
    assert len(inner) == 1, (node.type, source)
    return value(inner[0])


def literals(root: Node) -> list[str]:
    """The texts between single quotes."""
    return [
        value(node)
        for node in nodes(root)
        if node.type == "string_literal" and text(node).startswith("'")
    ]


def calls(root: Node) -> Iterator[tuple[str, dict[str, Any]]]:
    """The calls of cmdlets that aren't Get-, each for each of its targets, without ErrorAction."""
    lists = dict(_lists(root))
    for node in nodes(root):
        if node.type != "command":
            continue
        name = text(node.child_by_field_name("command_name"))
        if name.lower() not in registry or name.startswith("Get-"):
            continue
        assert is_asked_about(node), text(node)
        arguments = dict(_arguments(node))
        assert arguments.pop("ErrorAction") == "Stop"
        if arguments.get("Identity") != "$target.Name":
            yield name, arguments
            continue
        for target in lists[_looped(node)]:
            yield name, {**arguments, "Identity": target}


def is_asked_about(node: Node) -> bool:
    """Whether a command is in a block that `$PSCmdlet.ShouldProcess` guards."""
    at: Node | None = node
    while at is not None and at.type not in ("if_statement", "elseif_clause"):
        at = at.parent
    return bool(re.match(_ASKED, text(at)))


def _arguments(command: Node) -> Iterator[tuple[str, Any]]:
    elements = command.child_by_field_name("command_elements")
    assert elements is not None
    given = [child for child in elements.children if child.type != "command_argument_sep"]
    while given:
        name = text(given.pop(0))
        assert name.startswith("-"), name
        bare = name.rstrip(":").removeprefix("-")
        if not given or (given[0].type == "command_parameter" and not name.endswith(":")):
            yield bare, True
            continue
        argument = given.pop(0)
        source = text(argument)
        if argument.type == "generic_token" or source in ("$target.Name", "$instance"):
            yield bare, source
        else:
            yield bare, value(argument)


def _lists(root: Node) -> Iterator[tuple[str, list[str]]]:
    for node in nodes(root):
        if node.type == "assignment_expression" and text(node).startswith("$targets"):
            name = text(node).partition(" ")[0]
            entries = [n for n in nodes(node) if n.type == "hash_entry"]
            yield (
                name,
                [
                    value(next(c for c in entry.children if c.type == "pipeline"))
                    for entry in entries
                    if text(entry).startswith("Name =")
                ],
            )


def _looped(node: Node) -> str:
    at: Node | None = node
    while at is not None and at.type != "foreach_statement":
        at = at.parent
    found = re.match(r"foreach \(\$target in (\$targets\d+)\)", text(at))
    assert found
    return found[1]
