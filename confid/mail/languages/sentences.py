"""The sentences of messages, one table for each language; `pick` finds a reader's language.

A table has the keys and `{places}` of `en_us`. More tables are given to
`deliver(languages=…)`, or added here. `direction` is that of the script.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

import attrs

from confid.errors import InvalidArgumentError, shown
from confid.mail.languages.countries import COUNTRIES
from confid.mail.languages.de_de import SENTENCES as GERMAN
from confid.mail.languages.en_us import SENTENCES as ENGLISH
from confid.tenant.text import is_text

DEFAULT = "en-US"

SENTENCES: Mapping[str, Mapping[str, str]] = {DEFAULT: ENGLISH, "de-DE": GERMAN}
"""The tables of sentences by language (BCP 47)."""

_COUNTRY = "country."


@attrs.frozen
class Language:
    """A language that messages can be written in."""

    tag: str
    table: Mapping[str, str] = attrs.field(repr=False)

    def say(self, key: str, **places: str) -> str:
        """The sentence with that key, its places filled. Raises `KeyError` for an unknown key."""
        return self.table[key].format(**places)

    def country(self, code: str | None) -> str:
        """A country's name by its ISO code; the English one if the language has none."""
        if code is None:
            return self.say("country.none")
        named = self.table.get(_COUNTRY + code) or COUNTRIES.get(self.tag, {}).get(code)
        return named or COUNTRIES[DEFAULT].get(code, code)


def pick(tag: str | None, tables: Mapping[str, Mapping[str, str]] = SENTENCES) -> Language:
    """A reader's language: the exact one, else another variant of it, else en-US."""
    wanted = (tag or "").strip().replace("_", "-").casefold()
    primary = wanted.partition("-")[0]
    for fits in (wanted.__eq__, lambda known: known.partition("-")[0] == primary):
        for known, table in tables.items():
            if fits(known.casefold()):
                return Language(known, table)
    return Language(DEFAULT, tables[DEFAULT])


def with_languages(
    languages: Mapping[str, Mapping[str, str]],
) -> Mapping[str, Mapping[str, str]]:
    """The tables of `SENTENCES` together with these, which replace or extend them.

    Raises `InvalidArgumentError` for a language with a missing sentence, for
    a sentence or a `{place}` that messages don't have, and for anything else
    than mappings of texts.
    """
    tables = dict(SENTENCES)
    if not isinstance(languages, Mapping):
        raise InvalidArgumentError(f"languages={shown(languages)}: give a mapping.")
    for tag, given in languages.items():
        if not (isinstance(tag, str) and isinstance(given, Mapping)):
            raise InvalidArgumentError(
                f"languages: {shown(tag)}: give a language's tag, and a mapping of its sentences."
            )
        table = {**SENTENCES.get(tag, {}), **given}
        if problem := _problem(table):
            raise InvalidArgumentError(f"languages: {tag!r}: {problem}", target=tag)
        tables[tag] = table
    return tables


def _problem(table: Mapping[str, str]) -> str | None:
    if missing := [key for key in ENGLISH if key not in table]:
        return f"there is no sentence for {missing[0]!r}, nor for {len(missing) - 1} others."
    if table["direction"] not in ("ltr", "rtl"):
        return "'direction' is 'ltr' or 'rtl'."
    return next(filter(None, (_wrong(key, sentence) for key, sentence in table.items())), None)


def _wrong(key: object, sentence: object) -> str | None:
    if not isinstance(key, str) or (key not in ENGLISH and not key.startswith(_COUNTRY)):
        return f"{shown(key)} is no sentence of a message."
    if not is_text(sentence):
        return f"{key!r} is no text."
    try:
        unknown = _places(sentence) - _places(ENGLISH.get(key, ""))
    except ValueError as error:
        return f"{key!r} can't be read: {error}."
    return f"{key!r} has no place {{{unknown.pop()}}}." if unknown else None


def _places(sentence: str) -> set[str]:
    """The places of a sentence, together with whatever formats one: `name`, `name!r`, `name:>9`."""
    return {
        f"{name}{'!' if conversion else ''}{conversion or ''}{':' if spec else ''}{spec}"
        for _, name, spec, conversion in Formatter().parse(sentence)
        if name is not None
    }
