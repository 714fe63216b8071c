"""Errors: one tree, each also the builtin that a Python caller expects, with PowerShell's id."""

from __future__ import annotations

import copy
import pickle
import re
from decimal import Decimal
from traceback import TracebackException
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid import attendant, errors, host
from confid.errors import ConfidError
from confid.mail.masking import PIECE, masked
from tests.tables import each_row
from tests.tenants import disable, set_user, tenant, upn

BUILTINS = {
    "UserNotFoundError": LookupError,
    "AmbiguousIdentityError": LookupError,
    "NotFoundError": LookupError,
    "AlreadyExistsError": ValueError,
    "InvalidOperationError": ValueError,
    "LicenseError": ValueError,
    "NotEnabledError": ValueError,
    "StaticConferenceIdError": ValueError,
    "InvalidArgumentError": ValueError,
    "RosterError": ValueError,
    "ParameterBindingError": TypeError,
    "LineError": ValueError,
    "NotConnectedError": RuntimeError,
    "ConferenceIdsExhaustedError": RuntimeError,
    "WitnessError": RuntimeError,
    "PinKeyError": RuntimeError,
    "StoreError": RuntimeError,
    "TransactionConflictError": RuntimeError,
    "CommitOutcomeUnknownError": RuntimeError,
}

MADE: list[ConfidError] = [
    errors.UserNotFoundError("ken"),
    errors.AmbiguousIdentityError("ken", ["ken.a", "ken.b"]),
    errors.NotFoundError("There is none.", target="it"),
    errors.AlreadyExistsError("It is there.", target="it"),
    errors.InvalidOperationError("In use.", target="it"),
    errors.LicenseError("No licence.", target="ken"),
    errors.NotEnabledError("ken"),
    errors.StaticConferenceIdError("Passcode", target="ken"),
    errors.InvalidArgumentError("Not so.", error_id="Other", category="InvalidData"),
    errors.RosterError("people.csv", ["row 2", "row 3"]),
    errors.ParameterBindingError("No.", error_id="NamedParameterNotFound", parameter="x"),
    errors.ConversionError("No number."),
    errors.LineError("Get-It $x", 7, "there are no variables", error_id="Other"),
    errors.NotConnectedError("Nowhere."),
    errors.ConferenceIdsExhaustedError(9_000_000),
    errors.WitnessError("Away."),
    errors.PinKeyError("Not given."),
    errors.StoreError("Broken."),
    errors.SealedError("it is a backup."),
    errors.DuplicateKeyError("user", "upn"),
    errors.TransactionConflictError("In the way."),
    errors.CommitOutcomeUnknownError("Perhaps."),
    host.HostError(),
    attendant.CallError("Not asking."),
]


@each_row(("name", "builtin"), BUILTINS.items())
def test_every_public_error_is_one_of_confids_and_a_builtin(
    name: str, builtin: type[Exception]
) -> None:
    """`except ConfidError` and `except LookupError` both catch it; `confid.<name>` names it."""
    error = getattr(confid, name)
    assert error is getattr(errors, name)
    assert issubclass(error, ConfidError)
    assert issubclass(error, builtin)
    assert name in dir(confid)


def test_no_error_is_missing_here() -> None:
    """Each class of `confid.errors` is made above, so each is held to what follows."""
    found = [value for value in vars(errors).values() if isinstance(value, type)]
    classes = {value for value in found if issubclass(value, Exception)}
    assert classes - {ConfidError, errors.SeveralErrors} <= {type(error) for error in MADE}


@each_row("error", MADE)
def test_every_error_carries_powershells_identity(error: ConfidError) -> None:
    """A category, an id of one word, and the sentence as `str`."""
    assert error.category.isidentifier()
    # The engine's own error for a host that can't ask has no category.
    assert (error.category == "NotSpecified") is isinstance(error, host.HostError)
    assert error.error_id.isidentifier()
    assert error.fully_qualified_error_id == error.error_id
    assert str(error) == error.message
    assert error.message.endswith((".", "row 3", "^"))
    assert error.also == ()


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("copier", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])  # noqa: S301 - our own
def test_every_error_crosses_a_process_boundary(error: ConfidError, copier: Any) -> None:
    """Pickled and copied it is the same: class, sentence, facts, the others beside it."""
    error.cmdlet = "Set-Thing"
    error.also = (errors.UserNotFoundError("li"),)
    try:
        again = copier(error)
        assert type(again) is type(error)
        assert (str(again), again.args) == (str(error), error.args)
        facts = {**vars(again), "also": [str(other) for other in again.also]}
        assert facts == {**vars(error), "also": [str(other) for other in error.also]}
        assert again.fully_qualified_error_id == f"{error.error_id},Set-Thing"
    finally:
        error.cmdlet, error.also = None, ()


def test_an_error_out_of_a_cmdlet_names_it() -> None:
    """`ErrorId,Cmdlet-Name`, with the target that it is about."""
    with tenant("ken"):
        with pytest.raises(ConfidError) as caught:
            disable("nobody")
        assert caught.value.fully_qualified_error_id == (
            "UserNotFound,Disable-CsOnlineDialInConferencingUser"
        )
        assert caught.value.category == "ObjectNotFound"
        assert caught.value.target == "nobody"


def test_an_error_of_many_lists_all() -> None:
    """The sentence of a call in which several failed has a line for each."""
    with tenant("ken"):
        with pytest.raises(ConfidError) as caught:
            set_user([upn("ken"), "one", "two", "three"])
        text = str(caught.value)
        assert text.startswith("3 items failed and nothing was changed:")
        assert [word for word in ("one", "two", "three") if f"'{word}'" in text] == [
            "one",
            "two",
            "three",
        ]


def test_an_error_of_very_many_is_cut() -> None:
    """A hundred are shown, cut each, and the rest counted; `also` has them all."""
    first, *others = [errors.UserNotFoundError(f"{number}" * 1000) for number in range(64_000)]
    first.also = tuple(others)
    lines = str(first).splitlines()
    assert lines[0] == "64000 items failed and nothing was changed:"
    assert lines[-1] == "  - and 63900 more"
    assert len(lines) == 102
    assert max(map(len, lines)) < 400


@pytest.mark.parametrize(
    "value", [10**5000, [10**5000], Decimal("1E+999999"), "x" * 5000, None], ids=type
)
def test_any_value_can_be_shown(value: object) -> None:
    """Cut, and without the digits that Python refuses to write."""
    assert 1 <= len(errors.shown(value, 40)) <= 40


def test_failures_of_different_kinds_are_several_errors() -> None:
    """With the identity of the first; of one kind they are that kind. Each has `errors`."""
    with tenant("ken"):
        for names, kind in (
            (["nobody", "none"], errors.UserNotFoundError),
            (["nobody", upn("ken"), 5], errors.SeveralErrors),
        ):
            collected: list[ConfidError] = []
            with pytest.raises(ConfidError) as caught:
                set_user(names, reset_conference_id=True, error_variable=collected)
            error = caught.value
            assert type(error) is kind
            assert type(error.errors[0]) is errors.UserNotFoundError
            assert error.errors[0].target == error.target == "nobody"
            assert list(error.errors) == collected
            assert str(error).startswith("2 items failed")
            again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
            assert str(again) == str(error)
            assert error.fully_qualified_error_id == error.errors[0].fully_qualified_error_id
            assert error.category == error.errors[0].category


def test_the_tree_is_drawn_as_it_is() -> None:
    """Each error of the module has its line in the drawing, under its base, with its builtin."""
    drawn: list[tuple[str, str, str]] = []
    parents = ["ConfidError"]
    for indent, name, builtin in re.findall(
        r"^ {4}([ │]*[├└]── )(\w+)(?: +also a (\w+))?$", errors.__doc__ or "", re.MULTILINE
    ):
        del parents[len(indent) // 4 :]
        drawn.append((name, parents[-1], builtin))
        parents.append(name)
    classes = [
        e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, ConfidError)
    ]
    there = [
        (
            error.__name__,
            error.__bases__[0].__name__,
            error.__bases__[1].__name__ if len(error.__bases__) > 1 else "",
        )
        for error in classes
        if error is not ConfidError
    ]
    assert sorted(drawn) == sorted(there)


def test_a_long_list_of_candidates_is_cut() -> None:
    """Ten candidates are shown and the rest counted; the attribute has them all."""
    names = [f"ken{number}@contoso.com" for number in range(25)]
    error = errors.AmbiguousIdentityError("ken", names)
    assert "and 15 more" in str(error)
    assert error.candidates == tuple(names)


@given(st.text(min_size=1), st.text(), st.text())
def test_a_secret_shows_in_nothing_but_reveal(text: str, before: str, after: str) -> None:
    """Neither in its own repr, nor in another text that it masks."""
    secret = errors.Secret(text)
    shown = [repr(secret), str(secret), f"{secret}", "{}".format(secret), repr([{1: secret}])]  # noqa: UP032 - each way
    assert {show.strip("[{1: }]") for show in shown} == {"***"}
    assert secret.reveal() == text
    pieces = masked(before + text + after, secret).split("***")
    assert len(pieces) > 1
    assert not [piece for piece in pieces if text in piece]


@given(st.text("abcXYZ01+/=", min_size=12), st.data())
def test_a_part_of_a_secret_is_masked_too(text: str, data: st.DataObject) -> None:
    """A server may cut what it repeats, or change its casing."""
    begin = data.draw(st.integers(0, len(text) - PIECE))
    end = data.draw(st.integers(begin + PIECE, len(text)))
    part = data.draw(st.sampled_from([text[begin:end], text[begin:end].upper()]))
    assert masked(f"535 ({part})", errors.Secret(text)) == "535 (***)"


def test_a_text_without_the_secret_stays_as_it_is() -> None:
    """An empty secret masks nothing."""
    assert (
        masked("535 5.7.8 Wrong password", errors.Secret("hunter2")) == "535 5.7.8 Wrong password"
    )
    assert masked("any text", errors.Secret("")) == "any text"


def test_a_traceback_with_locals_does_not_show_a_secret() -> None:
    """As `capture_locals`, Sentry and rich make one."""
    secret = errors.Secret("hunter2")
    try:
        int(repr(secret))
    except ValueError as error:
        told = "".join(TracebackException.from_exception(error, capture_locals=True).format())
    assert "secret = ***" in told
    assert "hunter2" not in told.partition("\n    secret = ")[2]
