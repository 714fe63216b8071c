"""The cmdlets: `from confid.cmdlets import *` gives just these."""

from confid.cmdlets.bridges import get_cs_online_dial_in_conferencing_bridge
from confid.cmdlets.dial_out import (
    get_cs_online_dial_out_policy,
    get_cs_online_dialin_conferencing_policy,
    get_cs_online_dialin_conferencing_tenant_configuration,
    grant_cs_dialout_policy,
)
from confid.cmdlets.policies import (
    get_cs_teams_audio_conferencing_policy,
    grant_cs_teams_audio_conferencing_policy,
    new_cs_teams_audio_conferencing_policy,
    remove_cs_teams_audio_conferencing_policy,
    set_cs_teams_audio_conferencing_policy,
)
from confid.cmdlets.tenant_settings import (
    get_cs_online_dial_in_conferencing_tenant_settings,
    set_cs_online_dial_in_conferencing_tenant_settings,
)
from confid.cmdlets.users import (
    disable_cs_online_dial_in_conferencing_user,
    enable_cs_online_dial_in_conferencing_user,
    get_cs_online_dial_in_conferencing_user,
    set_cs_online_dial_in_conferencing_user,
)

__all__ = [
    "disable_cs_online_dial_in_conferencing_user",
    "enable_cs_online_dial_in_conferencing_user",
    "get_cs_online_dial_in_conferencing_bridge",
    "get_cs_online_dial_in_conferencing_tenant_settings",
    "get_cs_online_dial_in_conferencing_user",
    "get_cs_online_dial_out_policy",
    "get_cs_online_dialin_conferencing_policy",
    "get_cs_online_dialin_conferencing_tenant_configuration",
    "get_cs_teams_audio_conferencing_policy",
    "grant_cs_dialout_policy",
    "grant_cs_teams_audio_conferencing_policy",
    "new_cs_teams_audio_conferencing_policy",
    "remove_cs_teams_audio_conferencing_policy",
    "set_cs_online_dial_in_conferencing_tenant_settings",
    "set_cs_online_dial_in_conferencing_user",
    "set_cs_teams_audio_conferencing_policy",
]
