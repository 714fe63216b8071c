"""Classes that complete, and show in `help()`, only what users may use."""

from __future__ import annotations

from abc import ABCMeta
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


def _listed(cls: Any, names: Iterable[str]) -> list[str]:
    return [*cls._public, *(name for name in names if name.startswith("_"))]


class _OfPublicNames(ABCMeta):
    def __dir__(cls) -> list[str]:
        return _listed(cls, super().__dir__())


class OfPublicNames(metaclass=_OfPublicNames):
    """An object that completes its class's `_public` names. The others are the engine's own."""

    _public: ClassVar[tuple[str, ...]] = ()

    def __dir__(self) -> list[str]:
        return _listed(type(self), super().__dir__())
