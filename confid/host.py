"""Hosts: where "What if:" lines, warnings, verbose lines and prompts go."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import NoneType
from typing import TYPE_CHECKING, Protocol, TextIO, runtime_checkable

from confid.errors import ConfidError, demand
from confid.store.logger import DEBUG, ERROR, INFO, WARNING, log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from logging import Logger

__all__ = [
    "ConsoleHost",
    "Host",
    "HostError",
    "LoggingHost",
    "NotebookHost",
    "RecordingHost",
    "SilentHost",
]

YES, YES_TO_ALL, NO, NO_TO_ALL, SUSPEND = range(5)

CONFIRM_CHOICES = ("&Yes", "Yes to &All", "&No", "No to A&ll", "&Suspend")
"""PowerShell's choices, the hot key behind `&`. Source: the engine's Confirm prompt."""


class HostError(ConfidError, RuntimeError):
    """There is nobody to ask."""

    error_id = "HostException"
    ends_the_call = True

    def __init__(self) -> None:
        super().__init__(
            "This call wants a confirmation and there is no terminal to ask on. Pass "
            "confirm=False, or connect with a host that answers."
        )


@runtime_checkable
class Host(Protocol):
    """The methods of a host; any object that has them can be one.

    A host may also have `write_information(text)`: it is called with what a
    call under WhatIf would do and, unless the host has `reminds = False`, with
    what is left to do after a call: mails to deliver, a new PIN to read.
    """

    def write_line(self, text: str) -> None:
        """Show a line: "What if: …"."""

    def write_warning(self, text: str) -> None:
        """Show a warning."""

    def write_error(self, text: str) -> None:
        """Show an error after which the call went on."""

    def write_verbose(self, text: str) -> None:
        """Show what a cmdlet does; called under `verbose`."""

    def prompt_for_choice(
        self, caption: str, message: str, choices: Sequence[str], default: int
    ) -> int:
        """Ask, and return the index of the choice. Raises `HostError` when nobody can answer."""


class SilentHost:
    """Shows nothing and answers nothing."""

    def write_line(self, text: str) -> None:
        """Keep quiet."""

    def write_warning(self, text: str) -> None:
        """Keep quiet."""

    def write_error(self, text: str) -> None:
        """Keep quiet."""

    def write_verbose(self, text: str) -> None:
        """Keep quiet."""

    def write_information(self, text: str) -> None:
        """Keep quiet."""

    def prompt_for_choice(
        self,
        caption: str,  # noqa: ARG002 - the host's interface
        message: str,  # noqa: ARG002 - the host's interface
        choices: Sequence[str],  # noqa: ARG002 - the host's interface
        default: int,  # noqa: ARG002 - the host's interface
    ) -> int:
        """Raise `HostError`: nobody is there."""
        raise HostError


class LoggingHost(SilentHost):
    """For services: lines go to the logger `confid`, or to the one given, each warning once.

    Warnings and errors have their level, `verbose` is DEBUG, everything else INFO. Nobody can be
    asked, so a call that wants a confirmation raises `HostError`.
    """

    reminds = False

    def __init__(self, logger: Logger | None = None) -> None:
        if logger is not None and not callable(getattr(logger, "log", None)):
            demand("logger", logger, NoneType, "a logger of the module logging")
        self._log = log if logger is None else logger.log
        self._known: set[str] = set()

    def write_line(self, text: str) -> None:
        """Log the line at INFO."""
        self._log(INFO, "%s", text)

    write_information = write_line

    def write_warning(self, text: str) -> None:
        """Log the warning, the first time that it comes."""
        if text not in self._known:
            self._known.add(text)
            self._log(WARNING, "%s", text)

    def write_error(self, text: str) -> None:
        """Log the error."""
        self._log(ERROR, "%s", text)

    def write_verbose(self, text: str) -> None:
        """Log the text at DEBUG."""
        self._log(DEBUG, "%s", text)


class RecordingHost(SilentHost):
    """Keeps all lines in `lines`, and answers prompts from `answers` (-1: the default).

    What a call under WhatIf would do is in `information`.
    """

    reminds = False

    def __init__(self, answers: Iterable[int] = ()) -> None:
        self.lines: list[str] = []
        self.information: list[str] = []
        demand("answers", answers, Iterable, "a list of indices of choices")
        self._answers = list(answers)

    def write_line(self, text: str) -> None:
        """Record the line."""
        self.lines.append(text)

    def write_warning(self, text: str) -> None:
        """Record `WARNING: ` and the text."""
        self.lines.append(f"WARNING: {text}")

    def write_information(self, text: str) -> None:
        """Record the text in `information`."""
        self.information.append(text)

    def write_error(self, text: str) -> None:
        """Record `ERROR: ` and the text."""
        self.lines.append(f"ERROR: {text}")

    def write_verbose(self, text: str) -> None:
        """Record `VERBOSE: ` and the text."""
        self.lines.append(f"VERBOSE: {text}")

    def prompt_for_choice(
        self, caption: str, message: str, choices: Sequence[str], default: int
    ) -> int:
        """Record the prompt and return the next answer; raises `HostError` without one."""
        self.lines.append(prompt_text(caption, message, choices, default))
        if not self._answers:
            raise HostError
        answer = self._answers.pop(0)
        return default if answer < 0 else answer


class ConsoleHost:
    """The terminal: lines to standard output, warnings and verbose lines to standard error."""

    reminds = False

    def write_line(self, text: str) -> None:
        """Print the line."""
        print(text)

    def write_warning(self, text: str) -> None:
        """Print `WARNING: ` and the text."""
        print(f"WARNING: {text}", file=self._aside())

    def write_information(self, text: str) -> None:
        """Print the text."""
        print(text)

    def write_error(self, text: str) -> None:
        """Print the error."""
        print(text, file=self._aside())

    def write_verbose(self, text: str) -> None:
        """Print `VERBOSE: ` and the text."""
        print(f"VERBOSE: {text}", file=self._aside())

    def prompt_for_choice(
        self, caption: str, message: str, choices: Sequence[str], default: int
    ) -> int:
        """Ask until one of the choices is typed; Enter takes the default."""
        if not self._can_ask():
            raise HostError
        keys = [_hot_key(choice) for choice in choices]
        self.write_line(prompt_text(caption, message, choices, default))
        while True:
            answer = input().strip().casefold()
            if not answer:
                return default
            for index, choice in enumerate(choices):
                if answer in (keys[index].casefold(), choice.replace("&", "").casefold()):
                    return index
            self.write_line(_choices_text(choices, default))

    @staticmethod
    def _aside() -> TextIO:
        return sys.stderr

    @staticmethod
    def _can_ask() -> bool:
        return sys.stdin is not None and sys.stdin.isatty()


class NotebookHost(ConsoleHost):
    """A notebook: all lines to the cell's output, and what is left to do after a call."""

    reminds = True

    @staticmethod
    def _aside() -> TextIO:
        return sys.stdout

    @staticmethod
    def _can_ask() -> bool:
        """Always: a notebook's front end shows an input field."""
        return True


class LastingWarning(str):
    """A warning about what stays as it is in a session: a console shows it once."""

    __slots__ = ()


def warn(host: Host, text: str, known: set[str]) -> None:
    """Show a warning; the logger has it once, unless it is among those `known`."""
    is_known = text in known
    if not (is_known and isinstance(text, LastingWarning) and isinstance(host, ConsoleHost)):
        host.write_warning(text)
    if not is_known and not isinstance(host, LoggingHost):
        known.add(text)
        log(WARNING, "%s", text)


def default_host() -> Host:
    """A notebook's host in a notebook, else the console."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return NotebookHost() if hasattr(shell, "kernel") else ConsoleHost()


def prompt_text(caption: str, message: str, choices: Sequence[str], default: int) -> str:
    """The prompt as PowerShell's console shows it."""
    return f"{caption}\n{message}\n{_choices_text(choices, default)}"


def _choices_text(choices: Sequence[str], default: int) -> str:
    shown = "  ".join(f"[{_hot_key(c)}] {c.replace('&', '')}" for c in choices)
    return f'{shown}  [?] Help (default is "{_hot_key(choices[default])}"):'


def _hot_key(choice: str) -> str:
    place = choice.index("&") + 1
    return choice[place].upper()
