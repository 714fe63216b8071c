"""Messages by the caller's own Jinja2 templates, from a folder or a mapping.

They run in Jinja2's immutable sandbox: a template reads what it is given, and
reaches no Python object behind it. It never has the PIN, only a mark
(`confid.mail.content.PIN_MARK`) in its place.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from confid.errors import ConfidError, InvalidArgumentError, shown
from confid.tenant.text import is_text

if TYPE_CHECKING:
    from typing import TypeAlias

    import jinja2

    from confid.mail.content import Content

    TemplateSource: TypeAlias = str | os.PathLike[str] | Mapping[str, str]

PARTS = ("subject", "txt", "html")
"""The endings of template names: the part of a message that the template makes."""

ANY = "message"
"""The name of a template for every event."""


class TemplateError(ConfidError, ValueError):
    """A template that can't be read, or that failed. The message stays pending."""

    category = "InvalidData"
    error_id = "MailTemplate"

    def __init__(self, name: str, problem: str, *, line: int | None = None) -> None:
        where = name if line is None else f"{name}, line {line}"
        super().__init__(f"The template {where}: {problem}", target=name)


@attrs.frozen
class Templates:
    """Templates that were all read."""

    _environment: jinja2.Environment = attrs.field(repr=False)
    names: frozenset[str]

    def render(
        self, part: str, content: Content, events: tuple[str, ...], *, body: str
    ) -> str | None:
        """A part of a message, made by the most specific template; None without one.

        The order: events and language, events, language, any message. Raises
        `TemplateError`.
        """
        event = "+".join(events)
        for stem in (f"{event}.{content.language}", event, f"{ANY}.{content.language}", ANY):
            if (name := f"{stem}.{part}") in self.names:
                return self._render(name, content, events, body)
        return None

    def _render(self, name: str, content: Content, events: tuple[str, ...], body: str) -> str:
        import jinja2  # noqa: PLC0415 - an extra, and costs 60 ms

        try:
            text = self._environment.get_template(name).render(
                message=content, events=events, body=body
            )
            text.encode()
        except jinja2.TemplateSyntaxError as error:
            problem = TemplateError(name, str(error.message), line=error.lineno)
        except (jinja2.UndefinedError, jinja2.exceptions.SecurityError) as error:
            problem = TemplateError(name, f"{str(error.message).rstrip('.')}.")
        except Exception as error:  # noqa: BLE001 - a template can raise anything
            problem = TemplateError(name, f"it raised {type(error).__name__}.")
        else:
            return text
        # Outside of `except`: its frames show personal data.
        raise problem from None


def read_templates(source: TemplateSource) -> Templates:
    """Read all templates of a folder or a mapping.

    HTML is escaped, and an unknown or forbidden name is an error. Raises `TemplateError`
    for a template that can't be read, `InvalidArgumentError` for a source
    without templates, `ModuleNotFoundError` without the `templates` extra.
    """
    try:
        import jinja2.sandbox  # noqa: PLC0415 - an extra, and costs 60 ms
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "templates= needs Jinja2: pip install 'confid[templates]'.", name="jinja2"
        ) from None
    if not isinstance(source, str | os.PathLike | Mapping):
        raise InvalidArgumentError(f"templates={shown(source)}: give a folder or a mapping.")
    if isinstance(source, Mapping) and not all(map(is_text, [*source, *source.values()])):
        raise InvalidArgumentError("templates= takes names and texts, and something else is in it.")
    loader = (
        jinja2.DictLoader(source)
        if isinstance(source, Mapping)
        else jinja2.FileSystemLoader(os.fspath(source))
    )
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=lambda name: not (name or "").endswith((".subject", ".txt")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    try:
        names = [n for n in environment.list_templates() if n.rpartition(".")[2] in PARTS]
    except ValueError:  # a path with a NUL
        names = []
    if not names:
        where = "The mapping" if isinstance(source, Mapping) else repr(os.fspath(source))
        raise InvalidArgumentError(
            f"{where:.80} has no templates: their names end in .{', .'.join(PARTS)}.",
            target=None if isinstance(source, Mapping) else source,
        )
    for name in names:
        try:
            environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            raise TemplateError(name, str(error.message), line=error.lineno) from None
        except (OSError, UnicodeError, jinja2.TemplateError) as error:
            raise TemplateError(name, f"it can't be read: {error}.") from None
    return Templates(environment, frozenset(names))
