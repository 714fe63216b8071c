"""The properties of one object of an export, whatever file it came from, checked one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confid.errors import ConfidError
from confid.roster.cells import (
    from_excel,
    guid_of,
    is_list,
    line_of,
    listed,
    plain_list,
    plain_text,
    quoted,
    switch_of,
    unflattened,
)
from confid.roster.exports import heading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar
    from uuid import UUID

    T = TypeVar("T")


class PropertyReader:
    """An object's properties by name in any casing.

    Each reader gives None where the property is absent, blank, or says
    nothing; what is wrong is noted in `problems`, with the place.
    """

    def __init__(self, place: str, facts: Mapping[str, Any], problems: list[str]) -> None:
        self.place = place
        self._facts = {heading(name): value for name, value in facts.items()}
        self._problems = problems

    def complain(self, name: str, what: str) -> None:
        """Note what is wrong with a property."""
        self._problems.append(f"{self.place}, {name}: {what}")

    def has(self, name: str) -> bool:
        """Whether the property is there, blank or not."""
        return heading(name) in self._facts

    def value(self, name: str) -> Any:
        """The value as the file has it."""
        return self._facts.get(heading(name))

    def text(self, name: str, *, is_needed: bool = False) -> str | None:
        """One line of text; one that is needed may not be blank."""
        try:
            text = plain_text(self.value(name)).strip()
        except ValueError as error:
            self.complain(name, str(error))
            return None
        before = len(self._problems)
        line_of(name, text, self.complain)
        if is_needed and not text:
            self.complain(name, "It is empty.")
        return text or None if len(self._problems) == before else None

    def guid(self, name: str) -> UUID | None:
        """A GUID."""
        return guid_of(name, self.text(name) or "", self.complain)

    def switch(self, name: str) -> bool | None:
        """True or False."""
        value = self.value(name)
        if isinstance(value, bool):
            return value
        return switch_of(name, self.text(name) or "", self.complain)

    def digits(self, name: str) -> str | None:
        """Text that is a number, without what Excel put around it."""
        try:
            return from_excel(self.text(name) or "") or None
        except ValueError as error:
            self.complain(name, str(error))
            return None

    def number(self, name: str) -> int | None:
        """A whole number."""
        text = self.digits(name)
        if text and not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - as long as any here
            self.complain(name, f"{quoted(text)} is no whole number.")
            return None
        return int(text) if text else None

    def items(self, name: str) -> list[Any] | None:
        """A list; None too where an export wrote the name of its type instead."""
        value = self.value(name)
        if value is None:
            return None
        if is_list(value):
            return [unflattened(item) for item in value]
        found = listed(self.text(name) or "")
        return [unflattened(item) for item in found] if found is not None else None

    def texts(self, name: str) -> list[str] | None:
        """A list of texts."""
        found = self.items(name)
        return None if found is None else listed(plain_list(name, found, self.complain))

    def checked(self, name: str, check: Callable[..., T], *values: object) -> T | None:
        """What a rule of confid makes of values; its error is noted."""
        try:
            return check(*values)
        except ConfidError as error:
            self.complain(name, error.message.removeprefix(f"{name}: "))
            return None
