"""A user's script, right calls and wrong ones.

mypy looks at it with the rest of the tests, and says so when an ignored line is right; pyright's
answer is `test_types`.
"""

from __future__ import annotations

from typing import assert_type

import confid
from confid import cmdlets
from confid.cmdlets import get_cs_online_dial_in_conferencing_bridge as get_bridge
from confid.cmdlets import get_cs_online_dial_in_conferencing_user as get_user
from confid.cmdlets import get_cs_online_user
from confid.cmdlets import grant_cs_teams_audio_conferencing_policy as grant
from confid.cmdlets import set_cs_online_dial_in_conferencing_user as set_user
from confid.engine.job import Job

User = confid.ConferencingUser
KEN, LI = "ken.myer@contoso.com", "li.lei@contoso.com"


def right(session: confid.Session, *, quiet: bool) -> None:
    """What comes out is what a script can use at once."""
    ken = get_user(KEN)
    assert_type(ken, User)
    assert_type(get_user(), confid.Results[User])
    assert_type(get_user([KEN, ken]), confid.Results[User])
    assert_type(get_user(KEN, ldap_filter="Department=Finance"), User | None)
    assert_type(set_user(ken, reset_conference_id=True, tenant=None, force=True), User)
    assert_type(set_user(KEN, reset_conference_id=True, error_action="continue"), User | None)
    assert_type(set_user(KEN, reset_conference_id=True, confirm=quiet), User | None)
    assert_type(set_user(get_user(), reset_leader_pin=True), confid.Results[User])
    assert_type(set_user([KEN, LI], error_action="SilentlyContinue"), confid.Results[User])
    assert_type(set_user(KEN, reset_conference_id=True, as_job=True), Job[User])
    assert_type(set_user([KEN], as_job=True).receive(), confid.Results[User])
    assert_type(set_user(KEN, as_job=True, error_action="ignore").receive(), User | None)
    assert_type(session.cmdlets.set_cs_online_dial_in_conferencing_user(KEN, notify=False), User)
    assert_type(session.cmdlets.get_cs_online_user(filter="City -eq 'Oslo'")[0].city, str | None)
    assert_type(get_bridge(), confid.Results[confid.Bridge])
    assert_type(get_bridge(name="Conference Bridge").is_default, bool)
    assert_type(grant(KEN, "EMEA", pass_thru=True).display_name, str)
    assert_type(set_user(KEN, service_number=get_bridge(name="B").default_service_number), User)
    states = cmdlets.get_cs_online_dial_in_conferencing_user_state(license_state=["Licensed"])
    assert_type(states, confid.Results[confid.UserState])
    set_user(KEN, reset_conference_id=True, what_if=True)
    session.preferences.error_action = "SilentlyContinue"


def wrong(session: confid.Session) -> None:
    """Nothing of this is for a running program."""
    set_user(KEN, reset_conferenceid=True)  # type: ignore[call-overload]
    set_user(KEN, reset_conference_id="yes")  # type: ignore[call-overload]
    set_user(KEN, conference_id=1234567)  # type: ignore[call-overload]
    set_user(KEN, error_action="contine")  # type: ignore[call-overload]
    set_user(KEN, True)  # type: ignore[call-overload]
    set_user()  # type: ignore[call-overload]
    set_user(None, reset_conference_id=True)  # type: ignore[call-overload]
    get_user(identity=None)  # type: ignore[call-overload]
    _ = set_user(KEN, as_job=True).conference_id  # type: ignore[attr-defined]
    _ = set_user(KEN, error_action="continue").conference_id  # type: ignore[union-attr]
    _ = set_user([KEN, LI]).conference_id  # type: ignore[attr-defined]
    _ = get_user(KEN).conferenceid  # type: ignore[attr-defined]
    get_bridge(KEN, name="B")  # type: ignore[call-overload]
    get_cs_online_user(result_size=[1])  # type: ignore[call-overload]
    cmdlets.get_cs_meeting_migration_status(state="Pendng")  # type: ignore[call-overload]
    session.preferences.error_action = "Contine"  # type: ignore[assignment]
    session.cmdlets.get_cs_nobody()  # type: ignore[attr-defined]
    session.cmdlets.get_cs_online_user(session=session)  # type: ignore[call-overload]
    session.cmdlets.get_cs_online_user(force=True)  # type: ignore[call-overload]
