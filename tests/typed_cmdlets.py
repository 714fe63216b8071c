"""The types of the cmdlets for type checkers: `python -m tests.typed_cmdlets` writes them.

One overload for each thing that can come out: a record or `Results`, None under WhatIf, a
record or None where a call goes on after an error, a job. They are the methods of
`session.cmdlets`; the functions are the same methods, with a `session` that can be given.
"""

from __future__ import annotations

import functools
import json
import operator
import types
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

import confid
from confid.engine.parameters import CommonParameters, P, Unset
from confid.tenant.results import Results

if TYPE_CHECKING:
    import inspect
    from collections.abc import Iterable, Iterator

    from confid.engine.binder import CommandInfo

PACKAGE = Path(confid.__file__).parent
FUNCTIONS = PACKAGE / "cmdlets" / "__init__.pyi"
METHODS = PACKAGE / "engine" / "session_cmdlets.pyi"
WIDTH = 96
RESULTS: Any = Results
"""As a value; a type checker takes `Results[…]` for a type."""
HEADER = """\
# {what}, with their types: written by `python -m tests.typed_cmdlets` from their declarations.
# mypy: disable-error-code="overload-overlap"
# ruff: noqa
"""
STOP = 'Literal["Stop", "stop"] | None'
ANY_ACTION = "ErrorAction | None"
ALWAYS_ONE = (
    "Get-CsOnlineDialInConferencingTenantSettings",
    "Get-CsOnlineDialinConferencingTenantConfiguration",
)
"""There is one instance: it comes out without an identity too."""
NO_NARROWING = {"result_size", "properties", "what_if", "confirm", "as_job"}


class Types:
    """Types as an author writes them, and the imports that they need."""

    def __init__(self) -> None:
        self._imports: dict[str, set[str]] = {
            "typing": {"Any", "Generic", "Literal", "Never", "TypedDict", "Unpack", "overload"},
            "confid.engine.common_parameters": {"ErrorAction"},
            "collections.abc": {"Callable"},
            "confid.errors": {"ConfidError"},
        }

    def __call__(self, *hints: Any) -> str:
        """A type, or a union of several."""
        return " | ".join(dict.fromkeys(text for hint in hints for text in self._parts(hint)))

    def _parts(self, hint: Any) -> Iterator[str]:
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Annotated:
            yield from self._parts(hint.__origin__)
        elif origin in (typing.Union, types.UnionType):
            for each in inner:
                yield from self._parts(each)
        elif origin is typing.Literal:
            yield f"Literal{json.dumps(inner)}"
        elif origin:
            args = ", ".join("..." if each is ... else self(each) for each in inner)
            yield f"{self._name(origin)}[{args}]"
        else:
            yield "None" if hint is types.NoneType else self._name(hint)

    def _name(self, kind: Any) -> str:
        if kind.__module__ != "builtins":
            self._imports.setdefault(kind.__module__, set()).add(kind.__name__)
        return str(kind.__name__)

    def need(self, module: str, name: str) -> str:
        """A name of a module."""
        self._imports.setdefault(module, set()).add(name)
        return name

    def imports(self) -> Iterator[str]:
        """The lines that import what was needed."""
        for module, names in sorted(self._imports.items()):
            yield f"from {module} import {', '.join(sorted(names))}"


@attrs.frozen
class Case:
    """What comes out of a call with these parameters; `one` if that is one record, or nothing.

    `given` are the annotations of parameters that must be given, `left_out` the parameters that
    such a call can't have, `narrowing` those that can leave the record out.
    """

    returns: Any
    one: bool
    given: dict[str, str] = attrs.Factory(dict)
    optional: dict[str, str] = attrs.Factory(dict)
    left_out: frozenset[str] = frozenset()
    narrowing: frozenset[str] = frozenset()
    goes_on: bool = False


class Stub:
    """The stub of the methods of `session.cmdlets`."""

    def __init__(self) -> None:
        self.types = Types()
        self._rests: dict[tuple[str, ...], str] = {}
        self._classes: list[str] = []

    def text(self) -> str:
        """The whole file."""
        lines = [line for info in confid.get_command() for line in self._cmdlet(info)]
        return _file(
            "The cmdlets of a session",
            *self.types.imports(),
            "from typing_extensions import TypeVar",
            "",
            'Given = TypeVar("Given", default=Never)',
            "",
            "functions: dict[str, Callable[..., Any]]",
            "",
            "class _Common(TypedDict, Generic[Given], total=False):",
            "    session: Given",
            *(
                f"    {name}: {hint.__forward_arg__}"
                for name, hint in CommonParameters.__annotations__.items()
                if name not in {"error_action", "session"}
            ),
            *self._classes,
            "",
            "class Cmdlets(Generic[Given]):",
            "    def __init__(self, session: object) -> None: ...",
            *(f"    {line}" for line in lines),
        )

    def _rest(self, info: CommandInfo) -> str:
        """The class of what is taken beside the parameters of a cmdlet."""
        taken = tuple(sorted(info.accepted))
        if not taken:
            return "_Common[Given]"
        if taken not in self._rests:
            self._rests[taken] = name = f"_Common{len(self._rests) + 1}"
            self._classes.append(f"class {name}(_Common[Given], Generic[Given], total=False):")
            self._classes += [f"    {each}: {self.types(info.hints[each])}" for each in taken]
        return f"{self._rests[taken]}[Given]"

    def _cmdlet(self, info: CommandInfo) -> Iterator[str]:
        overloads = [line for case in self._cases(info) for line in self._modes(info, case)]
        for overload in overloads:
            if len(overloads) > 1:
                yield "@overload"
            yield from overload

    # What comes out, by what is given.

    def _cases(self, info: CommandInfo) -> Iterator[Case]:
        hints, returned = info.hints, info.hints["return"]
        kinds = [k for k in typing.get_args(returned) if k is not types.NoneType]
        if typing.get_origin(returned) is Results or not kinds:
            yield Case(returned, one=False)
            return
        record = [kind for kind in kinds if typing.get_origin(kind) is not Results]
        one: Any = functools.reduce(operator.or_, record)
        if "Iterable" in self.types(hints.get("identity", str)):
            yield from self._people(info, one)
        elif len(record) == len(kinds):
            yield Case(one, one=True)
        elif info.name in ALWAYS_ONE:
            yield Case(
                RESULTS[one], one=False, given={"filter": "str"}, left_out=frozenset({"identity"})
            )
            yield Case(one, one=False, left_out=frozenset({"filter"}))
        else:
            by = [name for name in ("identity", "name") if name in info.declared]
            for name in by:
                text = self.types(hints[name]).removesuffix(" | None")
                yield Case(one, one=False, given={name: text}, left_out=self._beside(info, name))
            yield Case(RESULTS[one], one=False, left_out=frozenset(by))

    def _beside(self, info: CommandInfo, name: str) -> frozenset[str]:
        """The parameters that can't stand beside one, because no set has both."""
        wanted = info.declared[name].name
        beside = {n for s in info.parameter_sets if wanted in s.parameters for n in s.parameters}
        return frozenset(python for python, p in info.declared.items() if p.name not in beside)

    def _people(self, info: CommandInfo, record: Any) -> Iterator[Case]:
        one = self.types.need("confid.engine.cmdlet", "Identity")
        many = f"{self.types.need('collections.abc', 'Iterable')}[{one}]"
        beside = self._beside(info, "identity")
        if "pass_thru" in info.declared:
            for identity, returns in ((one, record), (many, RESULTS[record])):
                given = {"identity": identity, "policy_name": "str | Record | None"}
                yield Case(
                    returns,
                    one=returns is record,
                    given={**given, "pass_thru": "Literal[True]"},
                    left_out=beside,
                    goes_on=True,
                )
            self.types.need("confid.tenant.records", "Record")
            yield Case(
                None, one=False, optional={"identity": f"{one} | {many}", "pass_thru": "bool"}
            )
            return
        if "summary_only" in info.declared:
            status, summary = typing.get_args(record)
            yield Case(
                RESULTS[summary],
                one=False,
                given={"summary_only": "Literal[True]"},
                optional={"identity": f"{one} | {many}"},
            )
            only = {"summary_only": "Literal[False]"}
            yield Case(status | None, one=False, given={"identity": one}, optional=only)
            yield Case(RESULTS[status], one=False, optional={"identity": many, **only})
            return
        lists = (not info.demands_identity and not info.declared["identity"].mandatory) or (
            info.call_set != info.tie_breaker
        )
        own = frozenset(n for n in info.declared if n not in info.accepted) - NO_NARROWING
        narrowing = (
            own - {"identity"} if not info.writes and not info.demands_identity else frozenset()
        )
        yield Case(
            record,
            one=True,
            given={"identity": one},
            left_out=beside,
            narrowing=narrowing,
            goes_on=True,
        )
        several = {"identity": many}
        yield Case(
            RESULTS[record],
            one=False,
            given={} if lists else several,
            optional=several if lists else {},
        )

    # A signature for each way in which it can come out.

    def _modes(self, info: CommandInfo, case: Case) -> Iterator[list[str]]:
        asks = info.writes and "what_if" in info.declared
        job = "as_job" in info.declared
        quiet = case.one and (asks or case.goes_on)
        exact: dict[str, str] = {"error_action": STOP} if case.goes_on else {}
        if asks:
            exact |= {"what_if": "Literal[False]", "confirm": "Literal[False] | None"}
        kept = {"as_job": "Literal[False]"} if job else {}
        returns = self.types(case.returns if case.returns is not None else types.NoneType)
        if not quiet:
            yield self._signature(info, case, kept, {}, returns)
        else:
            left = case.left_out | case.narrowing
            strict = attrs.evolve(case, left_out=left)
            yield self._signature(info, strict, {**kept, **exact}, {}, returns)
            if asks:
                yield self._signature(info, case, kept, {"what_if": "Literal[True]"}, "None")
            yield self._signature(info, case, kept, {}, f"{returns} | None")
            if job:
                yield self._job(info, strict, exact, returns)
        if job:
            yield self._job(info, case, {}, f"{returns} | None" if quiet else returns)

    def _job(
        self, info: CommandInfo, case: Case, optional: dict[str, str], returns: str
    ) -> list[str]:
        name = self.types.need("confid.engine.job", "Job")
        return self._signature(
            info, case, optional, {"as_job": "Literal[True]"}, f"{name}[{returns}]"
        )

    def _signature(
        self,
        info: CommandInfo,
        case: Case,
        optional: dict[str, str],
        given: dict[str, str],
        returns: str,
    ) -> list[str]:
        given = {**case.given, **given}
        optional = {**case.optional, **optional}
        parts = ["self"]
        starred = False
        for name, parameter in info.signature.parameters.items():
            if name in info.accepted or name in case.left_out or name == "conference_id":
                continue
            if parameter.kind is parameter.KEYWORD_ONLY and not starred:
                parts.append("*")
                starred = True
            parts.append(self._parameter(info, parameter, given.get(name), optional.get(name)))
        action = optional.get("error_action", ANY_ACTION)
        parts += [*([] if starred else ["*"]), f"error_action: {action} = None"]
        parts.append(f"**common: Unpack[{self._rest(info)}]")
        return [f"def {info.function.__name__}(", *_filled(parts), f") -> {returns}: ..."]

    def _parameter(
        self,
        info: CommandInfo,
        parameter: inspect.Parameter,
        given: str | None,
        optional: str | None,
    ) -> str:
        p: P | None = info.declared.get(parameter.name)
        must = bool(p and p.mandatory and p.sets is None) or (
            parameter.name == "identity" and info.demands_identity
        )
        text = given or optional or self.types(info.hints[parameter.name])
        if parameter.name == "identity" or (must and not given):
            text = text.removesuffix(" | None")
        if given or (must and not optional):
            return f"{parameter.name}: {text}"
        default = (
            "..."
            if isinstance(parameter.default, Unset) or parameter.name == "identity"
            else repr(parameter.default)
        )
        return f"{parameter.name}: {text} = {default}"


def _filled(parts: Iterable[str]) -> Iterator[str]:
    """Parameters, as many on a line as fit."""
    line = "   "
    for part in parts:
        if len(line) + len(part) > WIDTH:
            yield line
            line = "   "
        line += f" {part},"
    yield line


def _file(what: str, *lines: str) -> str:
    return HEADER.format(what=what) + "\n" + "\n".join(lines) + "\n"


def _functions() -> str:
    names = sorted(info.function.__name__ for info in confid.get_command())
    return _file(
        "The cmdlets",
        "from confid.engine.session import Session",
        "from confid.engine.session_cmdlets import Cmdlets",
        "",
        "_cmdlets: Cmdlets[Session | None]",
        *(f"{name} = _cmdlets.{name}" for name in names),
        "",
        "__all__ = [",
        *(f'    "{name}",' for name in names),
        "]",
    )


def stubs() -> dict[Path, str]:
    """The files, and what should be in them."""
    return {FUNCTIONS: _functions(), METHODS: Stub().text()}


def write() -> None:
    """Write the files."""
    for path, text in stubs().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
