"""A script of a rehearsal, run: as much of PowerShell as stands in one, by a grammar not ours."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import attrs
import tree_sitter
import tree_sitter_powershell

from confid.engine.binder import registry
from confid.powershell.lines.parser import Argument, parse_line
from confid.tenant.records import Record
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
_DOUBLED = re.compile("(['‘’‚‛])\\1")  # noqa: RUF001 - each of them ends a text there
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def parsed(script: str) -> Node:
    """The tree of a script, which has no fault, and shows a reader all that stands in it."""
    root = PARSER.parse(script.encode()).root_node
    faults = [node for node in nodes(root) if node.type == "ERROR" or node.is_missing]
    assert not faults, [(node.start_point, node.text) for node in faults]
    assert not _HIDDEN.search(script.replace("\n", ""))
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


Cmdlet = Callable[[str, dict[str, Any]], object]
"""It gets a name and parameters, and returns what comes out."""


def run(source: str, cmdlet: Cmdlet, *, what_if: bool = False) -> Script:
    """The script after it has run; it calls `cmdlet` with names and parameters."""
    script = Script(cmdlet, what_if=what_if)
    try:
        script.run(parsed(source))
    except _LeaveError as left:
        script.code = int(str(left))
    return script


def calls(source: str) -> list[tuple[str, dict[str, Any]]]:
    """The calls that are made, Get- aside, where none of them does anything."""
    made: list[tuple[str, dict[str, Any]]] = []

    def cmdlet(name: str, given: dict[str, Any]) -> object:
        if not name.startswith("Get-"):
            made.append((name, given))
        return Thing()

    run(source, cmdlet)
    return made


def perform(
    source: str, *, what_if: bool = False
) -> tuple[Script, list[tuple[str, dict[str, Any]]]]:
    """The script after it has run on the current session's tenant, and the calls that it made."""
    made: list[tuple[str, dict[str, Any]]] = []

    def cmdlet(name: str, given: dict[str, Any]) -> object:
        made.append((name, given))
        info = registry[name.lower()]
        names = {"erroraction": "error_action"} | {n: p for n, (p, _) in info.by_name.items()}
        return info.function(**{names[name.lower()]: value for name, value in given.items()})

    return run(source, cmdlet, what_if=what_if), made


class _LeaveError(Exception):
    """`return`, or `exit` with a code."""


@attrs.define
class Thing:
    """An object that a cmdlet returned, whose properties can be set."""

    record: Any = None
    properties: dict[str, Any] = attrs.Factory(dict)

    def changed(self) -> Any:
        """The record that the properties make."""
        names = {f.metadata.get("powershell"): f.name for f in attrs.fields(type(self.record))}
        before = self.record.__powershell__()
        new = {names[n]: as_record(v) for n, v in self.properties.items() if v != before[n]}
        return attrs.evolve(self.record, **new)


def as_record(value: Any) -> Any:
    """What a script has in its hands, as a cmdlet takes it."""
    return value.changed() if isinstance(value, Thing) and value.record else value


class Script:
    """A running script. What it said is in `warnings`, what ShouldProcess was asked in `asked`."""

    def __init__(self, cmdlet: Cmdlet, *, what_if: bool) -> None:
        self._cmdlet = cmdlet
        self._what_if = what_if
        self._frames: list[dict[str, Any]] = [{}]
        self._functions: dict[str, Node] = {}
        self.warnings: list[str] = []
        self.asked: list[str] = []
        self.code = 0

    # Statements.

    def run(self, node: Node) -> list[Any]:
        """What a statement, or all of a block, puts out."""
        if node.type in ("comment", "param_block"):
            return []
        if node.type in _BLOCKS:
            return [out for child in node.named_children for out in self.run(child)]
        if node.type in ("pipeline", "pipeline_chain"):
            return self.run(node.named_children[0])
        if statement := getattr(self, f"_run_{node.type}", None):
            return list(statement(node))
        return _several(self.value(node))

    def _run_function_statement(self, node: Node) -> list[Any]:
        name, block = node.named_children
        self._functions[text(name).lower()] = block
        return []

    def _run_if_statement(self, node: Node) -> list[Any]:
        condition, block, *others = node.named_children
        more = others[0].named_children if others else []
        clauses = [(condition, block), *((c.named_children[0], c.named_children[1]) for c in more)]
        return next((self.run(block) for asked, block in clauses if self.value(asked)), [])

    def _run_foreach_statement(self, node: Node) -> Iterator[Any]:
        variable, items, block = node.named_children
        for item in _several(self.value(items)):
            self._frames[-1][_name(variable)] = item
            yield from self.run(block)

    def _run_try_statement(self, node: Node) -> list[Any]:
        block, catches = node.named_children
        try:
            return self.run(block)
        except (_LeaveError, AssertionError):
            raise
        except Exception as error:  # noqa: BLE001 - as `catch` does
            self._frames[-1]["_"] = str(error)
            return self.run(catches.named_children[0].named_children[-1])

    def _run_flow_control_statement(self, node: Node) -> list[Any]:
        raise _LeaveError(*(self.value(n) for n in node.named_children))

    def _run_assignment_expression(self, node: Node) -> list[Any]:
        left, kind, source = node.named_children
        place, new = _innermost(left), self.value(source)
        if text(kind) == "+=":
            old = self.value(place)
            new = [*old, new] if isinstance(old, list) else old + new
        if place.type == "variable":
            self._frames[-1][_name(place)] = new
        else:
            of, member = place.named_children
            owner = self.value(of)
            key = self.value(member) if place.type == "element_access" else text(member)
            (owner.properties if isinstance(owner, Thing) else owner)[key] = new
        return []

    # Expressions.

    def value(self, node: Node) -> Any:
        """What an expression is."""
        if expression := getattr(self, f"_of_{node.type}", None):
            return expression(node)
        if node.type.endswith("_statement"):
            return _one(self.run(node))
        signs = [c for c in node.children if not c.is_named or c.type == "comparison_operator"]
        if signs:
            first, last = node.named_children[0], node.named_children[-1]
            return _OPERATORS[text(signs[0])](self.value(first), lambda: self.value(last))
        (inner,) = node.named_children
        return self.value(inner)

    def _of_variable(self, node: Node) -> Any:
        name = _name(node)
        return next((f[name] for f in reversed([_KEYWORDS, *self._frames]) if name in f), None)

    def _of_decimal_integer_literal(self, node: Node) -> int:
        return int(text(node))

    def _of_string_literal(self, node: Node) -> str:
        source = text(node)
        if not source.startswith("'"):
            return str(self.value(node.named_children[0]))
        found = _DOUBLED.sub(r"\1", source[1:-1])
        # As the grammar sees it, and as our own parser does.
        ((argument,),) = (command.elements for command in parse_line(f"Get-Thing {source}"))
        assert isinstance(argument, Argument)
        assert argument.value == found
        return found

    def _of_expandable_string_literal(self, node: Node) -> str:
        source, at, parts = node.text or b"", 1, []
        for child in node.named_children:
            parts.append(source[at : child.start_byte - node.start_byte].decode())
            parts.append(as_text(self.value(child)))
            at = child.end_byte - node.start_byte
        return "".join([*parts, source[at:-1].decode()])

    def _of_member_access(self, node: Node) -> Any:
        of, member = node.named_children
        inner, owner = _innermost(member), self.value(of)
        name = self.value(inner) if inner.type == "variable" else text(inner)
        if name == "Count":
            return len(owner)
        if name == "Keys":
            return list(owner)
        if isinstance(owner, Thing):
            owner = owner.properties
        elif isinstance(owner, Record):
            owner = owner.__powershell__()
        found = owner.get(name) if isinstance(owner, dict) else None
        return list(found) if isinstance(found, tuple) else found

    def _of_element_access(self, node: Node) -> Any:
        of, key = node.named_children
        return self.value(of).get(self.value(key))

    def _of_invokation_expression(self, node: Node) -> bool:
        assert text(node).startswith("$PSCmdlet.ShouldProcess($target.Name, '")
        self.asked.append(self._frames[0]["target"]["Name"])
        return not self._what_if

    def _of_cast_expression(self, node: Node) -> str:
        kind, number = node.named_children
        assert text(kind) == "[char]"
        return chr(int(text(number), 16))

    def _of_array_expression(self, node: Node) -> list[Any]:
        return self.run(node.named_children[0]) if node.named_children else []

    def _of_array_literal_expression(self, node: Node) -> Any:
        items = [self.value(child) for child in node.named_children]
        return items if "," in map(text, node.children) else items[0]

    def _of_hash_literal_expression(self, node: Node) -> dict[str, Any]:
        entries = [n.named_children for body in node.named_children for n in body.named_children]
        return {text(name): self.value(value) for name, value in entries}

    def _of_script_block_expression(self, node: Node) -> Node:
        return node.named_children[0]

    def _of_parenthesized_expression(self, node: Node) -> Any:
        return self.value(node.named_children[0])

    _of_sub_expression = _of_parenthesized_expression

    def _of_expression_with_unary_operator(self, node: Node) -> Any:
        if node.children[0].is_named:
            return self.value(node.named_children[0])
        assert text(node).startswith("-")
        return -self.value(node.named_children[0])

    # Commands.

    def _of_command(self, node: Node) -> Any:
        name, *elements = node.named_children
        if name.type == "command_invokation_operator":
            return self._scope(self.value(elements[0]), {})
        given, called = list(self._arguments(elements)), text(name).lower()
        if called in self._functions:
            block = self._functions[called]
            parameters = next(n for n in nodes(block) if n.type == "param_block")
            names = [_name(n) for n in nodes(parameters) if n.type == "variable"]
            return self._scope(block, dict(zip(names, (v for _, v in given), strict=True)))
        if called == "write-warning":
            self.warnings.append(given[0][1])
        if called in ("write-warning", "write-host", "write-progress", "set-strictmode"):
            return None
        assert called in registry, called
        arguments = {n: as_record(v) for n, v in given if n}
        result: Any = self._cmdlet(text(name), arguments)
        one = isinstance(result, Record) and not isinstance(result, Results)
        return Thing(result, dict(result.__powershell__())) if one else result

    def _scope(self, block: Node, variables: dict[str, Any]) -> Any:
        self._frames.append(variables)
        try:
            return _one(self.run(block))
        except _LeaveError:
            return None
        finally:
            self._frames.pop()

    def _arguments(self, elements: list[Node]) -> Iterator[tuple[str, Any]]:
        given = [n for e in elements for n in e.named_children if n.type != "command_argument_sep"]
        while given:
            argument, name = given.pop(0), ""
            if argument.type == "command_parameter":
                name = text(argument).strip("-:")
                if not given or given[0].type == "command_parameter":
                    yield name, True
                    continue
                argument = given.pop(0)
            bare = argument.type == "generic_token"
            yield name, text(argument) if bare else self.value(argument)


def as_text(value: object) -> str:
    """A value in a text."""
    if isinstance(value, list):
        return " ".join(map(as_text, value))
    return "" if value is None else str(value)


def _name(variable: Node) -> str:
    return text(variable).lstrip("$").lower()


def _innermost(node: Node) -> Node:
    """The last of the nodes that stand for the same text."""
    while len(node.named_children) == 1 and text(node.named_children[0]) == text(node):
        node = node.named_children[0]
    return node


def _one(found: list[Any]) -> Any:
    return found[0] if len(found) == 1 else found or None


def _several(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [] if found is None else [found]


def _whole(found: Any) -> Any:
    """A text whose characters are whole, where PowerShell has halves of them."""
    if not isinstance(found, str):
        return found
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _equal(left: Any, right: Callable[[], Any]) -> bool:
    other = right()
    return left is other if None in (left, other) else str(left).lower() == str(other).lower()


_BLOCKS: Final = (
    *("program", "statement_list", "statement_block", "script_block", "script_block_body"),
)
_KEYWORDS: Final = {"true": True, "false": False, "null": None}
_OPERATORS: Final[dict[str, Callable[[Any, Callable[[], Any]], Any]]] = {
    "-or": lambda left, right: left or right(),
    "-eq": _equal,
    "-ne": lambda left, right: not _equal(left, right),
    "-join": lambda left, right: right().join(map(as_text, left)),
    "-replace": lambda left, right: re.sub(right()[0], right()[1], left, flags=re.IGNORECASE),
    "+": lambda left, right: _whole(left + right()),
    "*": lambda left, right: operator.mul(left, right()),
    "/": lambda left, right: operator.truediv(left, right()),
}
