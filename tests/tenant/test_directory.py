"""Identities: every documented form, in any casing and composition, and texts that are none."""

from __future__ import annotations

import unicodedata
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import confid
from confid.engine.session import current_session
from confid.errors import (
    AmbiguousIdentityError,
    InvalidArgumentError,
    ParameterBindingError,
    UserNotFoundError,
)
from confid.tenant.results import Results
from tests.tenants import add, contents, disable, enable, get, set_user, tenant, upn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confid.engine.session import Session

ZOE = "zoë.zürich@contoso.com"


@pytest.fixture(scope="module")
def shared() -> Iterator[Session]:
    """One tenant for the properties, which change nothing in it."""
    with tenant("ken", "pilar") as session:
        add(session, ZOE, display_name="Zoë Zürich", on_premises_sam_account_name="zoë")
        enable(ZOE, session=session, notify=False)
        yield session


def forms_of(name: str, session: Session) -> list[str]:
    """Every form in which a person of that tenant can be named."""
    with session.unit(write=False) as unit:
        user = unit.user(name)
    assert user.sip_address is not None
    assert user.distinguished_name is not None
    return [
        user.user_principal_name,
        user.sip_address,
        user.sip_address.removeprefix("sip:"),
        user.identity,
        f"{{{user.identity}}}",
        f"{user.on_premises_domain_name}\\{user.on_premises_sam_account_name}",
        user.distinguished_name,
        user.display_name,
    ]


@given(data=st.data())
def test_every_form_in_any_casing_and_composition(shared: Session, data: st.DataObject) -> None:
    """UPN, SIP with and without `sip:`, object ID, logon, DN and display name find the person."""
    name = data.draw(st.sampled_from([upn("ken"), upn("pilar"), ZOE]))
    form = data.draw(st.sampled_from(forms_of(name, shared)))
    manner = data.draw(st.sampled_from(["strip", "upper", "lower", "swapcase", "title"]))
    normal = unicodedata.normalize(
        data.draw(st.sampled_from(["NFC", "NFD"])), getattr(form, manner)()
    )
    typed = data.draw(st.sampled_from(["", " "])) + normal + data.draw(st.sampled_from(["", "\t"]))
    assert get(typed, session=shared) == get(name, session=shared)


@given(text=st.text(max_size=30))
def test_any_other_text_names_nobody(shared: Session, text: str) -> None:
    """Any text finds a user, finds none, or is refused."""
    with pytest.raises((UserNotFoundError, InvalidArgumentError)):
        get(text, session=shared)


@pytest.mark.parametrize("pattern", ["*", "ken*", "k?n.*@contoso.com", "%", "[k]en@contoso.com"])
def test_wildcards_are_letters(pattern: str) -> None:
    """An identity has no wildcards."""
    with tenant("ken"), pytest.raises(UserNotFoundError):
        get(pattern)


def test_a_distinguished_name_may_hold_a_backslash() -> None:
    """An escaped comma does not make a distinguished name a logon, nor an @ hide it."""
    with tenant() as session:
        name = r"CN=Myer\, Ken (ken@home),OU=Users,DC=contoso,DC=com"
        enable(add(session, "ken", distinguished_name=name))
        assert get(name.lower()).display_name == "Ken"


def test_an_address_with_an_equals_sign_is_no_distinguished_name() -> None:
    """`a=b@contoso.com` is a UPN like any other."""
    with tenant("a=b"):
        assert get("a=b@contoso.com").display_name == "A=B"


def test_a_display_name_counts_only_when_no_unique_form_matches() -> None:
    """A display name that is another's UPN means the other."""
    with tenant("ken") as session:
        enable(add(session, "impostor", display_name=upn("ken")))
        enable(add(session, "odd", display_name="no@body.example"))
        assert get(upn("ken")).display_name == "Ken"
        assert get("no@body.example").sip_address == "sip:odd@contoso.com"


def test_a_display_name_of_several_lists_the_candidates() -> None:
    """Two people of one display name: nobody is changed, and the error names both."""
    with tenant() as session:
        for name in ("ken.b", "ken.a", "ken.c"):
            enable(add(session, name, display_name="Ken Myer"))
        before = contents(session)
        with pytest.raises(AmbiguousIdentityError) as caught:
            set_user("ken myer", reset_conference_id=True)
        assert caught.value.candidates == (upn("ken.a"), upn("ken.b"), upn("ken.c"))
        assert upn("ken.b") in str(caught.value)
        assert contents(session) == before


def test_a_upn_that_is_anothers_sip_address_is_ambiguous() -> None:
    """An address of two people is not guessed; `sip:` says which."""
    with tenant("ken") as session:
        enable(add(session, "other", sip_address=f"sip:{upn('ken')}"))
        with pytest.raises(AmbiguousIdentityError):
            get(upn("ken"))


NO_IDENTITY: list[tuple[Callable[[], object], str]] = [
    (lambda: {"UserPrincipalName": "ken@contoso.com"}, "row"),
    (lambda: MappingProxyType({"UserPrincipalName": "ken@contoso.com"}), "row"),
    (lambda: b"ken@contoso.com", "bytes"),
    (lambda: get, "function"),
    (lambda: "", "empty"),
    (lambda: " \t", "empty"),
    (lambda: "ken\0", "NUL"),
    (lambda: "ken\ud800", "half character"),
]


@pytest.mark.parametrize(("make", "hint"), NO_IDENTITY)
@pytest.mark.parametrize("wrapped", [False, True])
def test_what_is_no_identity_is_refused_with_a_hint(
    make: Callable[[], object], hint: str, wrapped: bool
) -> None:
    """Mappings, bytes, numbers and empty texts are refused, alone and within an iterable."""
    with tenant("ken") as session:
        before = contents(session)
        value = make()
        with pytest.raises(InvalidArgumentError, match=hint):
            disable([value] if wrapped else value)
        assert contents(session) == before


def test_a_data_frame_is_refused_and_its_column_taken() -> None:
    """A DataFrame says which column to give; the column is an iterable of identities."""
    import pandas as pd  # noqa: PLC0415 - heavy, and for this test alone

    frame = pd.DataFrame({"UserPrincipalName": [upn("ken"), upn("pilar")]})
    with tenant("ken", "pilar"):
        with pytest.raises(InvalidArgumentError, match="UserPrincipalName"):
            get(frame)
        assert len(get(frame["UserPrincipalName"])) == 2


@pytest.mark.parametrize("cmdlet", [enable, disable, set_user])
def test_a_missing_identity_is_no_everybody(cmdlet: Any) -> None:
    """None, UNSET and nothing at all are errors, never all users."""
    missing, empty = "MissingMandatoryParameter", "ParameterArgumentValidationErrorEmptyString"
    with tenant("ken") as session:
        before = contents(session)
        for arguments, why in (((), missing), ((confid.UNSET,), missing), ((None,), empty)):
            with pytest.raises(ParameterBindingError) as caught:
                cmdlet(*arguments)
            assert caught.value.error_id.startswith(why)
        with pytest.raises(InvalidArgumentError, match="NoneType"):
            cmdlet([None])
        assert contents(session) == before


def test_one_in_one_out_and_an_iterable_in_results_out() -> None:
    """One identity returns one record, an iterable returns `Results`."""
    with tenant("ken", "pilar"):
        assert get(upn("ken")).display_name == "Ken"
        for several in ([upn("ken")], (upn("ken"),), {upn("ken")}, iter([upn("ken")])):
            found = get(several)
            assert isinstance(found, Results)
            assert len(found) == 1


@pytest.mark.parametrize("cmdlet", [enable, disable, set_user, get])
def test_an_empty_iterable_gives_empty_results(cmdlet: Any) -> None:
    """Nobody named: nothing done, empty `Results`."""
    with tenant("ken") as session:
        before = contents(session)
        result = cmdlet([])
        assert isinstance(result, Results)
        assert (list(result), result.errors) == ([], ())
        assert contents(session) == before


def test_a_generator_is_read_once_and_may_call_cmdlets() -> None:
    """A lazy iterable is read before the transaction, so it may use the tenant itself."""
    with tenant("ken", "pilar"):
        reads: list[str] = []

        def lazy() -> Any:
            for user in get():
                reads.append(user.display_name)
                yield user

        changed = set_user(lazy(), reset_conference_id=True)
        assert reads == ["Ken", "Pilar"]
        assert [user.display_name for user in changed] == reads


@given(choices=st.lists(st.sampled_from(range(8)), min_size=1, max_size=20))
def test_a_repeated_one_counts_once(shared: Session, choices: list[int]) -> None:
    """A person who is named several times, in any forms, is one item, in order."""
    forms = [forms_of(upn(name), shared) for name in ("pilar", "ken")]
    names = [forms[choice % 2][choice] for choice in choices]
    found = get(names, session=shared)
    changed = set_user(names, session=shared)
    order = dict.fromkeys("Ken" if choice % 2 else "Pilar" for choice in choices)
    assert [user.display_name for user in found] == list(order)
    assert list(changed) == list(found)


def test_a_repeated_one_gets_one_new_id() -> None:
    """Two forms of one person in a reset spend one ID."""
    with tenant("ken"):
        set_user([upn("ken"), "CONTOSO\\ken", "Ken", get(upn("ken"))], reset_conference_id=True)
        assert len(confid.ledger.entries(upn("ken"))) == 2


def test_a_repeated_unknown_one_fails_once() -> None:
    """The error names each failed identity once."""
    with tenant("ken"), pytest.raises(UserNotFoundError) as caught:
        get(["nobody", "nobody"])
    assert caught.value.also == ()


def test_records_are_identities() -> None:
    """A directory user, a conferencing user and a line of the ledger name their person."""
    with tenant("ken") as session:
        li = add(session, "li")
        assert enable(li).display_name == "Li"
        ken = get(upn("ken"))
        assert get(ken) == ken
        assert list(get(confid.ledger.entries("ken"))) == [ken]
        assert set_user([ken, li, ken])[1].display_name == "Li"


def test_a_record_stays_the_person_through_a_new_name() -> None:
    """A record names its person by object ID, so a changed UPN does no harm."""
    import attrs  # noqa: PLC0415 - here alone

    with tenant("ken") as session:
        ken = get(upn("ken"))
        with session.unit(write=True) as unit:
            user = unit.user(upn("ken"))
            unit.put_users([attrs.evolve(user, user_principal_name="k.myer@contoso.com")])
        assert get(ken).conference_id == ken.conference_id
        with pytest.raises(UserNotFoundError):
            disable("ken@contoso.example")


def test_a_sip_address_finds_only_whose_it_is() -> None:
    """Somebody whose user principal name reads like another's SIP address is not meant by it."""
    with confid.connect():
        confid.import_users(
            [
                {"UserPrincipalName": "old@x.com", "SipAddress": "sip:same@x.com"},
                {"UserPrincipalName": "same@x.com", "SipAddress": "sip:new@x.com"},
                {"UserPrincipalName": "both@x.com", "SipAddress": "sip:both@x.com"},
            ]
        )
        with current_session().unit(write=False) as tenant:
            assert tenant.user("sip:same@x.com").user_principal_name == "old@x.com"
            assert tenant.user("SIP:Both@x.com").user_principal_name == "both@x.com"
            with pytest.raises(AmbiguousIdentityError):
                tenant.user("same@x.com")
