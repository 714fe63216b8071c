"""The cmdlets: `from confid.cmdlets import *` gives just these."""

from confid.cmdlets.bridges import (
    get_cs_online_dial_in_conferencing_bridge,
    set_cs_online_dial_in_conferencing_bridge,
)
from confid.cmdlets.default_numbers import set_cs_online_dial_in_conferencing_user_default_number
from confid.cmdlets.dial_out import (
    get_cs_online_dial_out_policy,
    get_cs_online_dialin_conferencing_policy,
    get_cs_online_dialin_conferencing_tenant_configuration,
    grant_cs_dialout_policy,
)
from confid.cmdlets.directory import get_cs_online_user
from confid.cmdlets.migration import get_cs_meeting_migration_status, start_cs_ex_meeting_migration
from confid.cmdlets.policies import (
    get_cs_teams_audio_conferencing_policy,
    grant_cs_teams_audio_conferencing_policy,
    new_cs_teams_audio_conferencing_policy,
    remove_cs_teams_audio_conferencing_policy,
    set_cs_teams_audio_conferencing_policy,
)
from confid.cmdlets.service_numbers import (
    get_cs_online_dial_in_conferencing_languages_supported,
    get_cs_online_dial_in_conferencing_service_number,
    register_cs_online_dial_in_conferencing_service_number,
    set_cs_online_dial_in_conferencing_service_number,
    unregister_cs_online_dial_in_conferencing_service_number,
)
from confid.cmdlets.tenant_settings import (
    get_cs_online_dial_in_conferencing_tenant_settings,
    remove_cs_online_dial_in_conferencing_tenant_settings,
    set_cs_online_dial_in_conferencing_tenant_settings,
)
from confid.cmdlets.user_info import (
    get_cs_online_dial_in_conferencing_user_info,
    get_cs_online_dial_in_conferencing_user_state,
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
    "get_cs_meeting_migration_status",
    "get_cs_online_dial_in_conferencing_bridge",
    "get_cs_online_dial_in_conferencing_languages_supported",
    "get_cs_online_dial_in_conferencing_service_number",
    "get_cs_online_dial_in_conferencing_tenant_settings",
    "get_cs_online_dial_in_conferencing_user",
    "get_cs_online_dial_in_conferencing_user_info",
    "get_cs_online_dial_in_conferencing_user_state",
    "get_cs_online_dial_out_policy",
    "get_cs_online_dialin_conferencing_policy",
    "get_cs_online_dialin_conferencing_tenant_configuration",
    "get_cs_online_user",
    "get_cs_teams_audio_conferencing_policy",
    "grant_cs_dialout_policy",
    "grant_cs_teams_audio_conferencing_policy",
    "new_cs_teams_audio_conferencing_policy",
    "register_cs_online_dial_in_conferencing_service_number",
    "remove_cs_online_dial_in_conferencing_tenant_settings",
    "remove_cs_teams_audio_conferencing_policy",
    "set_cs_online_dial_in_conferencing_bridge",
    "set_cs_online_dial_in_conferencing_service_number",
    "set_cs_online_dial_in_conferencing_tenant_settings",
    "set_cs_online_dial_in_conferencing_user",
    "set_cs_online_dial_in_conferencing_user_default_number",
    "set_cs_teams_audio_conferencing_policy",
    "start_cs_ex_meeting_migration",
    "unregister_cs_online_dial_in_conferencing_service_number",
]
