"""The names of countries, which are the headings above their dial-in numbers."""

from __future__ import annotations

from confid.mail.languages.de_de import COUNTRIES as _DE_DE
from confid.tenant.countries import ENGLISH_NAMES, read_names

COUNTRIES = {"en-US": ENGLISH_NAMES, "de-DE": read_names(_DE_DE)}
"""Each language's names by ISO code."""
