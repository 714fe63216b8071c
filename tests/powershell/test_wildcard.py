"""Wildcards match as the engine's do, and no pattern takes long."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confid.errors import ConfidError, InvalidArgumentError
from confid.powershell.language.wildcard import has_wildcards, like, matcher
from tests.powershell.rows import params
from tests.tables import each_row

bounded = settings(deadline=2000)  # milliseconds an example may take
texts = st.text(alphabet=st.characters(), max_size=60)
patterns = st.one_of(texts, st.text(alphabet="ab*?[]`-^é😀", max_size=40))


@each_row(("case", "answer"), params("wildcard"))
def test_matches_as_the_engine_does(case: Any, answer: Any) -> None:
    """Each row of wildcard.json: the match, whether the pattern is special, or the error."""
    try:
        like_it = like(case["text"], case["pattern"])
        found: Any = {"like": like_it, "special": has_wildcards(case["pattern"])}
    except ConfidError as error:
        found = {"error": {"category": error.category, "id": error.fully_qualified_error_id}}
    assert found == answer


@bounded
@given(texts, patterns)
def test_any_pattern_gives_an_answer_or_a_confid_error(text: str, pattern: str) -> None:
    """Arbitrary text and pattern: True, False or InvalidArgumentError, nothing else."""
    try:
        assert like(text, pattern) in (True, False)
    except InvalidArgumentError as error:
        assert error.target == pattern  # noqa: PT017 - most patterns raise nothing
    assert has_wildcards(pattern) in (True, False)


@bounded
@given(texts)
def test_a_text_with_backticks_before_what_is_special_matches_itself(text: str) -> None:
    """Escaping `*`, `?`, `[`, `]` and the backtick makes a pattern that the text matches."""
    escaped = "".join(f"`{c}" if c in "*?[]`" else c for c in text)
    assert like(text, escaped)
    assert not has_wildcards(escaped)


@bounded
@given(texts, texts, texts)
def test_an_asterisk_stands_for_any_text(before: str, middle: str, behind: str) -> None:
    """`before*behind` matches whatever stands between, line ends too."""
    escape = {ord(c): f"`{c}" for c in "*?[]`"}
    pattern = before.translate(escape) + "*`b" + behind.translate(escape)
    assert like(before + middle + "b" + behind, pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * 5000 + "*b",
        "*" + "a?" * 5000 + "b*",
        "*" + "?" * 10000 + "b",
        "*[a-c]?" * 3000 + "*b",
        "*" + "a" * 5000 + "b*a",
        "*[\u0000-\uffff]" * 3000 + "b",
    ],
    ids=["stars", "long", "any", "brackets", "literal", "wide"],
)
def test_a_hostile_pattern_takes_no_longer_than_its_text_is_long(pattern: str) -> None:
    """A pattern made to backtrack, against 100,000 characters, is answered at once."""
    start = time.process_time()
    assert not like("a" * 100_000, pattern)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("abc", "[^a]bc", True),
        ("bbc", "[^a]bc", False),
        ("José", "Jose*", False),
        ("Jose\u0301", "José*", True),
        ("ΟΔΟΣ", "*ος", False),  # a capital sigma isn't the one that ends words
        ("😀", "?", False),
        ("😀", "??", True),
    ],
)
def test_what_the_rows_leave_open(text: str, pattern: str, expected: bool) -> None:
    """`^` is no negation, an accent belongs to its letter, a character is a UTF-16 unit."""
    assert like(text, pattern) is expected


def test_a_case_sensitive_matcher_minds_casing() -> None:
    """What -clike uses: casing counts in literals and in brackets."""
    matches = matcher("[A-C]b*", case_sensitive=True)
    assert matches("Abx")
    assert not matches("abx")
    assert not matches("ABx")
