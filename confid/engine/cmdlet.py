"""What makes a function a cmdlet: the registry, and the decorator.

A cmdlet is a typed function whose first parameter is the running `Invocation`.
The decorator takes that parameter away and does around the function what
PowerShell does around a cmdlet.
"""

from __future__ import annotations

import functools
from types import MappingProxyType
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    ParamSpec,
    Protocol,
    TypeVar,
    cast,
    overload,
)

from confid.engine.binder import CommandInfo, Gathered, registry
from confid.engine.docstrings import composed, signature_of
from confid.engine.execution import run
from confid.engine.session_cmdlets import functions
from confid.errors import ConfidError
from confid.errors.tracebacks import from_here
from confid.tenant.records import ConferencingUser, DirectoryUser, Record, UserInfo, UserState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from confid.engine.invocation import Invocation, Output
    from confid.tenant.results import Results

R = TypeVar("R", bound=Record)
Params = ParamSpec("Params")
Returned = TypeVar("Returned")

Identity = str | DirectoryUser | ConferencingUser | UserInfo | UserState
"""What names one person: a text in any documented form, or a record."""


class UserCmdlet(Protocol[Params, R]):
    """A cmdlet that takes an identity: one in, one record out; an iterable in, `Results`.

    Under WhatIf, or when a prompt is answered No, nothing comes out: None, or
    empty `Results`.
    """

    @overload
    def __call__(self, identity: Identity, *args: Params.args, **kwargs: Params.kwargs) -> R: ...  # type: ignore[overload-overlap]  # a str is one identity, not its letters
    @overload
    def __call__(
        self, identity: Iterable[Identity], *args: Params.args, **kwargs: Params.kwargs
    ) -> Results[R]: ...


class ListingCmdlet(Protocol[Params, R]):
    """A cmdlet that lists everybody when it is given no identity."""

    @overload
    def __call__(self, identity: Identity, *args: Params.args, **kwargs: Params.kwargs) -> R: ...  # type: ignore[overload-overlap]  # a str is one identity, not its letters
    @overload
    def __call__(
        self,
        identity: Iterable[Identity] | None = None,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Results[R]: ...


class cmdlet:  # noqa: N801 - a decorator
    """Make a function the cmdlet of that PowerShell name and enter it in the registry.

    `sets` names its parameter sets; `listing_set` is the one of a call that
    names nobody, where PowerShell would prompt for a name. `writes` says that
    it changes the tenant, so has ShouldProcess and a writing transaction.
    `eras` are the module's that have it, `only_2019` and `only_2026` the
    parameters that just one of them has. `also` declares the parameters that
    the body doesn't see: those that the engine obeys, and those without
    effect; `gathers` those that it sees as one value. The annotations of the
    function are read at once, so everything that they name is defined before it.
    """

    demands_identity = False
    """Whether somebody must be named."""

    def __init__(
        self,
        name: str,
        *,
        sets: tuple[str, ...] = ("__AllParameterSets",),
        default_set: str | None = None,
        listing_set: str | None = None,
        writes: bool = False,
        eras: tuple[str, ...] = ("2019", "2026"),
        only_2019: Iterable[str] = (),
        only_2026: Iterable[str] = (),
        also: Mapping[str, Any] = MappingProxyType({}),
        gathers: Mapping[str, Gathered] = MappingProxyType({}),
    ) -> None:
        self._name = name
        self._options: dict[str, Any] = {
            "sets": sets,
            "default_set": default_set or (sets[0] if len(sets) == 1 else None),
            "listing_set": listing_set,
            "writes": writes,
            "eras": eras,
            "only_2019": frozenset(only_2019),
            "only_2026": frozenset(only_2026),
            "also": also,
            "gathers": gathers,
        }

    def __call__(
        self, body: Callable[Concatenate[Invocation, Params], Returned]
    ) -> Callable[Params, Returned]:
        """Register `body`; the cmdlet."""
        return cast("Callable[Params, Returned]", self._register(body))

    def _register(self, body: Callable[..., Any]) -> Any:
        info = CommandInfo(
            self._name, body, demands_identity=self.demands_identity, **self._options
        )
        registry[self._name.lower()] = info
        also, gathers = frozenset(self._options["also"]), self._options["gathers"].items()

        def lean(command: Invocation, **bound: Any) -> Any:
            if not also.isdisjoint(bound):
                bound = {name: value for name, value in bound.items() if name not in also}
            for name, gathered in gathers:
                bound[name] = gathered.of(bound)
            return body(command, **bound)

        @functools.wraps(body)
        def call(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            try:
                return run(info, lean, args, kwargs)
            except ConfidError as error:
                # Its sentence says it; the frames inside confid say nothing to a caller.
                raise from_here(error)  # noqa: B904 - it is the very error

        call.__doc__ = composed(info)
        call.__signature__ = signature_of(info)  # type: ignore[attr-defined]  # inspect reads it
        info.function = functions[body.__name__] = call
        return call


class user_cmdlet(cmdlet):  # noqa: N801 - a decorator
    """`cmdlet`, for one whose first parameter is an identity that must be given."""

    demands_identity = True

    def __call__(  # type: ignore[override]  # the same, with a sharper type
        self,
        body: Callable[Concatenate[Invocation, Identity | Iterable[Identity], Params], Output[R]],
    ) -> UserCmdlet[Params, R]:
        """Register `body`; the cmdlet."""
        return cast("UserCmdlet[Params, R]", self._register(body))


class listing_cmdlet(cmdlet):  # noqa: N801 - a decorator
    """`cmdlet`, for one that lists everybody when it is given no identity."""

    def __call__(  # type: ignore[override]  # the same, with a sharper type
        self,
        body: Callable[Concatenate[Invocation, Identity | Iterable[Identity], Params], Output[R]],
    ) -> ListingCmdlet[Params, R]:
        """Register `body`; the cmdlet."""
        return cast("ListingCmdlet[Params, R]", self._register(body))
