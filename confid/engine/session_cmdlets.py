"""`session.cmdlets`: the cmdlets, each with a session given. Their types are in the stub beside."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


functions: dict[str, Callable[..., Any]] = {}
"""Every cmdlet by its name in Python; importing `confid.cmdlets` fills it."""


class Cmdlets:
    """The cmdlets as attributes."""

    def __init__(self, session: object) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = functions.get(name)
        if function is None:
            raise AttributeError(f"There is no cmdlet {name}.", name=name, obj=self)
        session = self._session

        def with_session(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            return function(*args, session=session, **kwargs)

        functools.update_wrapper(with_session, function)
        signature = inspect.signature(function)
        own = [p for p in signature.parameters.values() if p.name != "session"]
        with_session.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]  # inspect reads it
        return with_session

    def __dir__(self) -> list[str]:
        return sorted(functions)
