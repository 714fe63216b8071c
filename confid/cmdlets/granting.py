"""What the Grant- cmdlets share: the users, group or tenant, and the records returned."""

from confid.engine.invocation import Invocation, Output
from confid.engine.parameters import UNSET, is_given
from confid.errors import InvalidArgumentError, NotFoundError, ParameterBindingError, shown
from confid.tenant.online_user import OnlineUser
from confid.tenant.policies import GLOBAL, Family, identity_of, name_of
from confid.tenant.records import DirectoryUser
from confid.tenant.text import is_one_line

MOST_RANKS = 2**31 - 1
"""The largest rank: an Int32, as the parameter is."""


def grant_policy(
    command: Invocation,
    family: Family,
    policy_name: object,
    *,
    identity: object,
    to_tenant: bool,
    pass_thru: bool,
    group: str | None = None,
    rank: int | None = None,
) -> Output[OnlineUser]:
    """Grant users, a group or the tenant a policy of that family; None takes theirs back.

    Returns the users with `pass_thru`, else None. Raises
    `ParameterBindingError` when it isn't said what is granted or to whom.
    """
    try:
        _demand_one(command, identity, to_tenant=to_tenant, group=group)
        name = _wanted(command, family, policy_name, to_tenant=to_tenant)
    except (NotFoundError, ParameterBindingError) as error:
        if _is_person(command, policy_name):
            first = "policy" if family is Family.AUDIO_CONFERENCING else "person"
            error.message += (
                f" {policy_name} is a person: on a line of {command.name} the {first} is first; "
                "-Identity and -PolicyName say which is which."
            )
            error.args = (error.message,)
        raise
    policies = command.tenant.policies
    if is_given(identity):
        users = command.users(identity)
        if users:
            policies.to_users(family, users, name)
        found = command.output(identity, policies.online_users(users))
        return found if pass_thru else None
    if group is not None:
        group = _group(group)
        _check_rank(rank, name)
        if command.should_process(group):
            policies.to_group(family, group, name, rank)
    elif command.should_process(GLOBAL):
        policies.to_tenant(family, name)
    return None


def _is_person(command: Invocation, policy_name: object) -> bool:
    """Whether what was given for a policy names a person, as happens by place."""
    return isinstance(policy_name, str) and isinstance(
        command.tenant.find_users([policy_name])[0], DirectoryUser
    )


def _demand_one(
    command: Invocation, identity: object, *, to_tenant: bool, group: str | None
) -> None:
    """One of the three must be said, and just one."""
    said = [is_given(identity), group is not None, to_tenant].count(True)
    if said == 0:
        raise ParameterBindingError(
            f"{command.name}: say to whom: an Identity, or Global for the whole tenant.",
            error_id="MissingMandatoryParameter",
            parameter="Identity",
        )
    if said > 1:
        raise ParameterBindingError(
            f"{command.name}: Identity and Global can't be given together.",
            error_id="AmbiguousParameterSet",
        )


def _wanted(
    command: Invocation, family: Family, policy_name: object, *, to_tenant: bool
) -> str | None:
    """The name of the policy to grant as it is written; None takes back what was granted."""
    if policy_name is UNSET:
        raise ParameterBindingError(
            f"{command.name}: PolicyName must be given; None takes the policy back.",
            error_id="MissingMandatoryParameter",
            parameter="PolicyName",
        )
    if policy_name is None:
        return None
    name = command.tenant.policies.demand(family, name_of(policy_name, parameter="PolicyName"))
    if name == GLOBAL and not to_tenant:
        raise InvalidArgumentError(
            f"PolicyName: {identity_of(name)} applies to everybody without another "
            "policy and isn't granted. policy_name=None takes back what was granted.",
            target=name,
            error_id="GlobalPolicyNotGranted",
        )
    return None if name == GLOBAL else name


def _group(group: str) -> str:
    name = group.strip()
    if not name or not is_one_line(name):
        raise InvalidArgumentError(
            f"Group: {shown(group)} is no group's name: that is one line, not empty.",
            target=group,
            error_id="GroupNameInvalid",
        )
    return name


def _check_rank(rank: int | None, name: str | None) -> None:
    if rank is None:
        return
    if name is None:
        raise InvalidArgumentError(
            "Rank goes with a policy; policy_name=None takes the group's policy back.",
            target=rank,
            error_id="RankWithoutPolicy",
        )
    if not 1 <= rank <= MOST_RANKS:
        raise InvalidArgumentError(
            f"Rank: {rank} is no rank; the first one is 1.", target=rank, error_id="RankOutOfRange"
        )
