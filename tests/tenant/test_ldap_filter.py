"""LDAP filters: what they match, and how a wrong one is refused."""

from __future__ import annotations

import time
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confid.errors import InvalidArgumentError
from confid.tenant.ldap_filter import DEPTH_LIMIT, compile_filter
from tests.tables import each_row

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from confid.tenant.ldap_filter import Predicate

KARI = {
    "displayname": "Kari Müller",
    "department": "Finance",
    "mail": "kari@example.com",
    "title": None,
    "groups": ("Finance", "Bergen (Vest)"),
    "aliases": (),
    "conferenceid": 3542699,
    "pinlength": 9,
    "employeeid": "9",
    "enabled": True,
    "locked": False,
}


def matches(text: str, **attributes: object) -> bool:
    """Whether the filter matches Kari, or the attributes given."""
    return compile_filter(text)(attributes or KARI)


def refusal(text: str) -> str:
    """Compile a filter that is refused, and give what the refusal says."""
    with pytest.raises(InvalidArgumentError) as caught:
        compile_filter(text)
    assert caught.value.error_id == "LdapFilterInvalid"
    assert caught.value.target == text
    return str(caught.value)


def compiled_or_refusal(text: str) -> Predicate | InvalidArgumentError:
    """Compile a filter; give the error if it is refused. All else is raised."""
    try:
        return compile_filter(text)
    except InvalidArgumentError as error:
        return error


def escaped(value: str) -> str:
    """Write a value as RFC 4515, section 3, wants it."""
    return "".join(f"\\{ord(c):02x}" if c in "\0()*\\" else c for c in value)


def escaped_throughout(value: str) -> str:
    """Write a value with each of its octets escaped."""
    return "".join(f"\\{octet:02x}" for octet in value.encode())


# The examples of RFC 4515, section 4.


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("(cn=Babs Jensen)", {"cn": "Babs Jensen"}),
        ("(!(cn=Tim Howes))", {"cn": "Babs Jensen"}),
        (
            "(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))",
            {"objectclass": ("top", "person"), "cn": "Babs Jones"},
        ),
        ("(o=univ*of*mich*)", {"o": "University of Michigan"}),
        ("(seeAlso=)", {"seealso": ""}),
        (
            r"(o=Parens R Us \28for all your parenthetical needs\29)",
            {"o": "Parens R Us (for all your parenthetical needs)"},
        ),
        (r"(cn=*\2A*)", {"cn": "five * hotel"}),
        (r"(filename=C:\5cMyFile)", {"filename": r"C:\MyFile"}),
        (r"(bin=\00\00\00\04)", {"bin": "\0\0\0\4"}),
        (r"(sn=Lu\c4\8di\c4\87)", {"sn": "Lučić"}),
        (r"(1.3.6.1.4.1.1466.0=\04\02\48\69)", {"1.3.6.1.4.1.1466.0": "\4\2Hi"}),
    ],
)
def test_the_examples_of_the_rfc_are_understood(text: str, attributes: dict[str, object]) -> None:
    """The examples of RFC 4515, section 4, but for the extensible ones, match what they mean."""
    assert compile_filter(text)(attributes)
    assert not compile_filter(f"(!{text})")(attributes)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("(cn:caseExactMatch:=Fred Flintstone)", 4),
        ("(cn:=Betty Rubble)", 4),
        ("(sn:dn:2.4.6.8.10:=Barney Rubble)", 4),
        ("(o:dn:=Ace Industry)", 3),
        ("(:1.2.3:=Wilma Flintstone)", 2),
        ("(:DN:2.4.6.8.10:=Dino)", 2),
        ("cn:=Betty Rubble", 3),
        ("(memberOf:1.2.840.113556.1.4.1941:=CN=All)", 10),
    ],
)
def test_extensible_match_is_refused_by_name(text: str, column: int) -> None:
    """`:=` is refused with a sentence that says it is not supported, never misread."""
    said = refusal(text)
    assert "extensible match, :=, is not supported" in said
    assert f"column {column} " in said


# Comparisons.


def test_a_comparison_may_stand_without_parentheses() -> None:
    """`Department=Finance` works, as the cmdlet's documentation shows it."""
    assert matches("Department=Finance")
    assert matches("  displayName=K*r")
    assert not matches("Department=Sales")


def test_a_bare_value_keeps_the_space_at_its_end() -> None:
    """A value is taken to the letter, with or without parentheses around the comparison."""
    assert not matches("Department=Finance ")
    assert not matches("(Department=Finance )")


def test_names_and_text_ignore_case() -> None:
    """Attribute names and text compare without regard to case, beyond ASCII too."""
    assert matches("(DEPARTMENT=fINANCE)")
    assert matches("(displayName=KARI MÜLLER)")
    assert matches("(street=STRASSE)", street="Straße")


def test_accents_compare_however_they_are_encoded() -> None:
    """A composed letter equals the same letter with a combining accent."""
    apart = unicodedata.normalize("NFD", "Müller")
    assert matches(f"(displayName=*{apart})")
    assert matches("(sn=Müller)", sn=apart)


def test_presence_asks_for_any_value() -> None:
    """`(mail=*)` is true of an attribute with a value, whatever its type."""
    assert matches("(mail=*)")
    assert matches("(locked=*)")
    assert matches("(groups=*)")
    assert matches("(mail=**)")


@pytest.mark.parametrize("name", ["title", "aliases", "nosuch"])
@pytest.mark.parametrize("rest", ["=*", "=", "=x", "=*x*", ">=", "<=x", "~=None"])
def test_an_attribute_without_a_value_matches_a_negation_alone(name: str, rest: str) -> None:
    """Absent, None and an empty tuple match nothing, and so match every negation."""
    assert not matches(f"({name}{rest})")
    assert matches(f"(!({name}{rest}))")


def test_none_among_several_values_is_no_value() -> None:
    """None inside a list counts for nothing."""
    assert not matches("(groups=*)", groups=[None])
    assert matches("(groups=a)", groups=[None, "A"])


def test_any_of_several_values_may_match() -> None:
    """One value of a tuple or list is enough, and a negation denies all of them."""
    assert matches("(groups=finance)")
    assert matches(r"(groups=*\28vest\29)")
    assert not matches("(!(groups=finance))")
    assert not matches("(groups=Fin*Vest*)")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("K*M*r", "Kari Müller", True),
        ("K*M*r", "Kari Møller Hansen", False),
        ("*", "", True),
        ("ab*ab", "ab", False),
        ("ab*ab", "abab", True),
        ("*ab*ab*", "aba", False),
        ("a*b*b", "ab", False),
        ("a*b*b", "abb", True),
        ("*ri M*", "Kari Müller", True),
        ("*ri  M*", "Kari Müller", False),
        ("K**r", "Kari Müller", True),
        (r"K\2a*", "K*ri", True),
        (r"K\2a*", "Kari", False),
    ],
)
def test_substrings_occur_in_order_and_never_overlap(
    pattern: str, text: str, *, expected: bool
) -> None:
    """The parts between asterisks follow one another, the outer ones at the ends."""
    assert matches(f"(cn={pattern})", cn=text) is expected


def test_an_approximate_match_is_equality() -> None:
    """`~=` compares as `=` does; nothing sounds alike."""
    assert matches("(department~=FINANCE)")
    assert not matches("(department~=Finanse)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(pinLength>=10)", False),
        ("(pinLength<=10)", True),
        ("(pinLength>=9)", True),
        ("(pinLength>=-3)", True),
        ("(pinLength=09)", True),
        ("(conferenceId=3542699)", True),
        ("(conferenceId=354*)", True),
        ("(employeeId>=10)", True),  # as text: the attribute's type decides
        ("(employeeId=09)", False),
        ("(pinLength>=five)", False),
        ("(pinLength=five)", False),
        ("(department>=fi)", True),
        ("(department<=FINANCE)", True),
        ("(department<=Fi)", False),
    ],
)
def test_numbers_compare_by_size_and_text_by_its_letters(text: str, *, expected: bool) -> None:
    """An int compares with a number as a number; everything else compares as folded text."""
    assert matches(text) is expected


def test_a_number_of_any_length_is_compared() -> None:
    """Thousands of digits are no error, though Python converts no such number."""
    assert not matches(f"(pinLength={'9' * 10_000})")
    assert isinstance(matches(f"(pinLength>={'9' * 10_000})"), bool)


def test_booleans_are_true_and_false() -> None:
    """A bool compares to TRUE or FALSE, in any case, and never to a number."""
    assert matches("(&(enabled=TRUE)(enabled=true)(locked=False))")
    assert not matches("(enabled=1)")
    assert not matches("(locked=0)")


def test_an_option_belongs_to_the_name() -> None:
    """`cn;lang-de` is an attribute of its own, as RFC 4512 has options."""
    assert not matches("(department;lang-de=Finance)")
    assert matches("(cn;lang-DE=x)", **{"cn;lang-de": "x"})


# Filters of filters.


def test_white_space_may_stand_around_filters() -> None:
    """Spaces and line ends between filters are allowed; those in a value count."""
    assert matches(" ( &\n  (department=Finance)\n\t( ! (mail=x) )\r\n) ")
    assert not matches("(department= Finance)")


def test_and_or_not_nest() -> None:
    """`&`, `|` and `!` take filters of every kind."""
    assert matches("(|(department=Sales)(&(mail=*@example.com)(!(title=*))))")
    assert not matches("(&(department=Finance)(|(title=*)(nosuch=*)))")
    assert matches("(&(department=Finance))")
    assert matches("(!(!(department=Finance)))")


@pytest.mark.parametrize(("opening", "closing"), [("(!", ")"), ("(&", ")"), ("(|", ")")])
def test_nesting_has_a_limit(opening: str, closing: str) -> None:
    """The deepest filter that is allowed works; one level more is refused where it begins."""
    levels = DEPTH_LIMIT - 1
    assert matches(f"{opening * levels}(nosuch=x){closing * levels}") is (opening == "(!")
    said = refusal(f"{opening * DEPTH_LIMIT}(nosuch=x){closing * DEPTH_LIMIT}")
    assert f"column {2 * DEPTH_LIMIT + 1} " in said
    assert "at most 100 parentheses inside each other" in said


@pytest.mark.parametrize("text", ["(" * 100_000, "(!" * 100_000, "(&(a=b)" * 100_000])
def test_endless_nesting_is_refused_at_once(text: str) -> None:
    """A hundred thousand parentheses are refused as any wrong filter is."""
    assert "LdapFilter: column " in refusal(text)


def test_the_time_is_proportional_to_the_length() -> None:
    """Long filters and long values with many asterisks are done in no time."""
    start = time.perf_counter()
    assert not matches(f"(cn={'*a' * 10_000}b)", cn="a" * 100_000)
    assert not matches(f"(cn=*{'ab' * 5_000}*)", cn="a" * 100_000)
    assert not matches(f"(|{'(a=b)' * 50_000})")
    assert matches(f"(cn={escaped_throughout('x' * 100_000)})", cn="x" * 100_000)
    assert time.perf_counter() - start < 10  # far more than it takes, far less than a square


# Refusals.


@each_row(
    ("text", "column", "expected"),
    [
        ("", 1, "expected a filter such as (department=Finance), found the end"),
        ("   ", 4, "expected a filter"),
        ("()", 2, "expected the name of an attribute, found ')'"),
        ("(", 2, "expected the name of an attribute, found the end"),
        (")", 1, "expected the name of an attribute, found ')'"),
        ("*", 1, "expected the name of an attribute, found '*'"),
        ("((a=b))", 2, "expected the name of an attribute, found '('"),
        ("(=b)", 2, "expected the name of an attribute, found '='"),
        ("(a b=c)", 3, "expected =, >=, <= or ~="),
        ("(a>b)", 3, "expected =, >=, <= or ~="),
        ("Finance", 8, "expected =, >=, <= or ~="),
        ("(a=b", 5, "expected ')', found the end"),
        ("(a=b))", 6, "expected the end, as the filter is complete, found ')'"),
        ("(a=b)(c=d)", 6, "expected the end, as the filter is complete, found '('"),
        ("(a=b(c)", 5, r"expected \28 instead of a parenthesis inside a value, found '('"),
        ("a=b)", 4, r"expected \29 instead of a parenthesis inside a value, found ')'"),
        ("(a=b\0)", 5, r"expected \00 instead of a null character"),
        ("(a>=b*)", 6, r"expected \2a instead of an asterisk"),
        ("(a~=*)", 5, r"expected \2a instead of an asterisk"),
        (r"(a=b\2)", 5, "expected two hexadecimal digits behind the backslash"),
        (r"(a=\zz)", 4, "expected two hexadecimal digits behind the backslash"),
        ("(a=\\", 4, "expected two hexadecimal digits behind the backslash"),
        (r"(a=x\41\ff)", 8, "expected escaped octets that are text in UTF-8"),
        (r"(a=\c4x\8d)", 4, "expected escaped octets that are text in UTF-8"),
        ("(&)", 3, "expected '(', found ')'"),
        ("(|)", 3, "expected '(', found ')'"),
        ("(!)", 3, "expected '(', found ')'"),
        ("(!(a=b)(c=d))", 8, "expected ')', found '('"),
        ("(&(a=b)", 8, "expected ')', found the end"),
        ("(&a=b)", 3, "expected '(', found 'a'"),
        ("&(a=b)(c=d)", 1, "expected the name of an attribute, found '&'"),
        ("(ä=b)", 2, "expected the name of an attribute, found 'ä'"),
        ("(1=b)", 2, "expected the name of an attribute, found '1'"),
    ],
)
def test_a_refusal_names_the_column_and_what_was_expected(
    text: str, column: int, expected: str
) -> None:
    """The error counts columns from 1 and says what is expected there."""
    said = refusal(text)
    assert f"column {column} of " in said
    assert expected in said


def test_a_long_filter_is_quoted_in_part() -> None:
    """The error's sentence stays short, however long the filter; `target` is all of it."""
    assert len(refusal("(a=" + "x" * 10_000)) < 400


# What holds of every filter.

VALUES = st.text(max_size=20)
FILTER_LIKE = st.text(st.sampled_from("(((()))&|!=*<>~:\\2acf;-. \0é\ud800"), max_size=40)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
ANY_VALUE = (
    st.none() | st.booleans() | st.integers() | ANY_TEXT | st.lists(ANY_TEXT, max_size=4).map(tuple)
)

COMPARISONS = st.builds(
    "({}{}{})".format,
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["=", ">=", "<=", "~="]),
    VALUES.map(escaped),
) | st.sampled_from(["(a=*)", "(b=*x*)", "(c=1)", "(a>=5)"])


def _groups(filters: SearchStrategy[str]) -> SearchStrategy[str]:
    joined = st.lists(filters, min_size=1, max_size=3).map("".join)
    return joined.map("(&{})".format) | joined.map("(|{})".format) | filters.map("(!{})".format)


FILTERS = st.recursive(COMPARISONS, _groups, max_leaves=8)
ATTRIBUTES = st.dictionaries(st.sampled_from(["a", "b", "c"]), ANY_VALUE)


@given(ANY_TEXT | FILTER_LIKE | FILTER_LIKE.map("(a={})".format), ATTRIBUTES)
def test_any_text_is_a_filter_or_refused(text: str, attributes: dict[str, object]) -> None:
    """Whatever the text, there is a predicate that says yes or no, or one kind of error."""
    made = compiled_or_refusal(text)
    if isinstance(made, InvalidArgumentError):
        assert made.error_id == "LdapFilterInvalid"
        column = int(str(made).split()[2])
        assert 1 <= column <= len(text) + 1
    else:
        assert isinstance(made(attributes), bool)


@given(FILTERS, ATTRIBUTES)
def test_a_well_formed_filter_is_never_refused(text: str, attributes: dict[str, object]) -> None:
    """What the grammar makes compiles, and a filter and its negation never agree."""
    assert compile_filter(text)(attributes) is not compile_filter(f"(!{text})")(attributes)


@given(VALUES, VALUES)
def test_an_escaped_value_reads_back_as_itself(value: str, other: str) -> None:
    """Escaped as far as needed or throughout, a value equals itself in every kind of match."""
    for written in (escaped(value), escaped_throughout(value)):
        assert matches(f"(a={written})", a=value)
        assert matches(f"a={written}", a=value)
        assert matches(f"(&(a>={written})(a<={written}))", a=value)
        assert matches(f"(a={written}*)", a=value)
        assert matches(f"(a=*{written})", a=value)
        assert matches(f"(a=*{written}*)", a=(other, value))


@given(FILTERS, FILTERS, ATTRIBUTES)
def test_de_morgan_holds(one: str, two: str, attributes: dict[str, object]) -> None:
    """Not both is either not, and not either is both not, whatever is absent."""

    def holds(text: str) -> bool:
        return compile_filter(text)(attributes)

    assert holds(f"(!(&{one}{two}))") is holds(f"(|(!{one})(!{two}))")
    assert holds(f"(!(|{one}{two}))") is holds(f"(&(!{one})(!{two}))")


@given(st.lists(st.text(st.sampled_from("ab"), max_size=3), min_size=2), st.data())
def test_a_text_made_of_the_parts_matches_them(parts: list[str], data: st.DataObject) -> None:
    """Parts with anything between them are found, one behind the other."""
    gaps = [data.draw(st.text(st.sampled_from("ab"), max_size=3)) for _ in parts[1:]]
    text = parts[0] + "".join(gap + part for gap, part in zip(gaps, parts[1:], strict=True))
    assert matches(f"(a={'*'.join(parts)})", a=text)
