"""What the messages say, one table a language; `pick` finds the one for a reader.

Another language is another table with the same keys and the same `{places}`:
given to `deliver(languages=…)`, or here. `direction` is how its script runs.
"""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING

import attrs

from confid.errors import InvalidArgumentError
from confid.mail.languages.countries import COUNTRIES
from confid.mail.languages.de_de import SENTENCES as GERMAN
from confid.mail.languages.en_us import SENTENCES as ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "en-US"

SENTENCES: Mapping[str, Mapping[str, str]] = {DEFAULT: ENGLISH, "de-DE": GERMAN}
"""Language (BCP 47) to key to sentence."""

_COUNTRY = "country."


@attrs.frozen
class Language:
    """A language that messages can be written in."""

    tag: str
    table: Mapping[str, str] = attrs.field(repr=False)

    def say(self, key: str, **places: str) -> str:
        """The sentence of that key, its places filled. A key that isn't there is a KeyError."""
        return self.table[key].format(**places)

    def country(self, code: str | None) -> str:
        """A country's name by its ISO code; in English for one that the language has none for."""
        if code is None:
            return self.say("country.none")
        named = self.table.get(_COUNTRY + code) or COUNTRIES.get(self.tag, {}).get(code)
        return named or COUNTRIES[DEFAULT].get(code, code)


def pick(tag: str | None, tables: Mapping[str, Mapping[str, str]] = SENTENCES) -> Language:
    """The language for a reader's preferred one: that one, else its sister, else en-US."""
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
    """The tables of `SENTENCES` with these added, or laid over those of the same language.

    Raises `InvalidArgumentError` for a language with a sentence too few, and
    for a sentence or a `{place}` that there isn't.
    """
    tables = dict(SENTENCES)
    for tag, given in languages.items():
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
    for key, sentence in table.items():
        if key not in ENGLISH and not key.startswith(_COUNTRY):
            return f"{key!r} is no sentence of a message."
        try:
            unknown = _places(sentence) - _places(ENGLISH.get(key, ""))
        except ValueError as error:
            return f"{key!r} can't be read: {error}."
        if unknown:
            return f"{key!r} has no place {{{unknown.pop()}}}."
    return None


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}
