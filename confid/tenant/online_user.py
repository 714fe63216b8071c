"""Directory users as Get-CsOnlineUser shows them."""

from __future__ import annotations

import attrs

from confid.tenant.records import DirectoryUser, Record, prop


@attrs.frozen(kw_only=True, str=False)
class OnlineUser(DirectoryUser):
    """A directory user as Get-CsOnlineUser shows them, with the policies granted to them.

    Those are the ones granted to the user directly, without `Tag:`; None where there is none.
    """

    feature_types: tuple[str, ...] = prop("FeatureTypes", default=())
    teams_audio_conferencing_policy: str | None = prop("TeamsAudioConferencingPolicy", default=None)
    online_dial_out_policy: str | None = prop("OnlineDialOutPolicy", default=None)


@attrs.frozen(kw_only=True, str=False)
class SelectedUser(OnlineUser):
    """A directory user that shows and exports only the `selected` properties.

    The attributes are all there, so it names its person and can be read like any other.
    """

    selected: tuple[str, ...] = attrs.field(repr=False)

    def __powershell__(self) -> dict[str, object]:
        """The selected properties, in the order of all."""
        properties = Record.__powershell__(self)
        return {name: value for name, value in properties.items() if name in self.selected}
