"""What an import tells: of columns, of rows that were skipped, of people, and as warnings."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import attrs

from confid.errors import listed
from confid.roster.cells import quoted
from confid.tenant.display import Shown, html_text
from confid.tenant.records import DirectoryUser, LicenseState
from confid.tenant.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confid.ids.conference_id import ConferenceId

NOT_KNOWN = "no column of a roster"
UNCHANGED = "as before"

EXPORT = (
    "Get-CsOnlineUser | Select-Object UserPrincipalName, DisplayName, Identity, SipAddress, "
    "WindowsEmailAddress, UsageLocation, Department, @{n='AssignedPlan';e={($_.AssignedPlan | "
    "Where-Object CapabilityStatus -eq 'Enabled').Capability -join ';'}} | "
    "Export-Csv users.csv -NoTypeInformation"
)
"""The line of PowerShell that exports a roster with its plans."""


@attrs.frozen
class RosterReport(Shown):
    """What became of a roster.

    `read` says what each column was read as, `unused` why a column was not
    used. `skipped` has the rows that `bad_rows="skip"` left out, each with
    what is wrong with it. `outcomes` says what would become of each person;
    it is filled under `what_if` only.
    """

    read: dict[str, str] = attrs.Factory(dict)
    unused: dict[str, str] = attrs.Factory(dict)
    warnings: tuple[str, ...] = ()
    skipped: dict[str, str] = attrs.Factory(dict)
    outcomes: dict[str, str] = attrs.Factory(dict)

    def __str__(self) -> str:
        columns = [f"{name}: read as {meaning}" for name, meaning in self.read.items()]
        columns += [f"{name}: not used: {why}" for name, why in self.unused.items()]
        parts = {
            "Columns": columns,
            "Rows that were skipped": [f"{row}, {why}" for row, why in self.skipped.items()],
            "What would become of people": [f"{who}: {it}" for who, it in self.outcomes.items()],
            "Warnings": self.warnings,
        }
        return "\n".join(
            "\n  ".join([f"{part}:", *lines]) for part, lines in parts.items() if lines
        )

    def also(self, other: RosterReport) -> RosterReport:
        """This report, and what another one says of other columns."""
        read = {**self.read, **other.read}
        unused = {**self.unused, **other.unused}
        return RosterReport(read, {n: why for n, why in unused.items() if n not in read})

    @property
    def surprising(self) -> dict[str, str]:
        """The unused columns that somebody may have meant to be used, and why they are not."""
        portal = any(" " in name.strip() for name in (*self.read, *self.unused))
        return {n: w for n, w in self.unused.items() if portal or w != NOT_KNOWN}


class ReportedUsers(Results[DirectoryUser]):
    """Directory users, and a `report` of what became of them and their roster."""

    __slots__ = ("report",)

    def __init__(self, users: Iterable[DirectoryUser], report: RosterReport) -> None:
        super().__init__(users)
        self.report: RosterReport = report

    def _repr_html_(self) -> str:
        return super()._repr_html_() + html_text(str(self.report))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        super()._repr_pretty_(printer, cycle)
        printer.text("" if cycle else f"\n{self.report}")


class Remark(enum.StrEnum):
    """What is worth a warning; `{}` stands for what the rows or columns have."""

    SAYS_NOTHING = (
        "{}: Export-Csv wrote the name of a type in place of a list, which says neither that there "
        "is a licence nor that there is none, so what was on file stays. This exports the plans: "
        + EXPORT.replace("{", "{{").replace("}", "}}")
    )
    UNKNOWN_LICENCE = (
        "Licences that aren't known here say neither yes nor no, so what was on file stays: {}. "
        "licences={{…}} names products that contain audio conferencing."
    )
    WITHOUT_PRIMARY = (
        "ProxyAddresses: There is no primary address (SMTP: in capitals), so the one on file "
        "stays: {}."
    )
    LOCATION = "UsageLocation is to be an ISO 3166 code of two letters, as DE for Germany: {}."
    DELETED = "Deleted accounts (SoftDeletionTimestamp) have no licence and were left out: {}."
    NEXT_PAGE = (
        "A page of Microsoft Graph (@odata.nextLink) was imported, and the people on the pages "
        "behind it were not: {}. Get-MgUser -All gives them all."
    )
    UNUSED = "Columns that were not used: {}."
    NO_HEADING = "columns: The roster has no heading {}."
    BY_SIP_ADDRESS = (
        "The export doesn't say the user principal names of people who are new here; they came in "
        "under their SIP addresses: {}. An export of Get-CsOnlineUser puts that right."
    )
    ELSEWHERE = (
        "People are on a bridge, or have a number, that this tenant has not, and got the default "
        "one: {}. confid.import_tenant(folder) takes the bridges along."
    )
    IMPOSSIBLE_ID = (
        "A conference ID is 7 digits, 1000000 to 9999999; people came in without one where the "
        "roster has another: {}."
    )
    BARRED_ID = (
        "People who may not have a conference ID (no licence, or another provider) have one in the "
        "roster; it was recorded as retired: {}."
    )
    SKIPPED = "Rows at fault were skipped: {}."


class Remarks:
    """What is worth a warning when the rows have been taken over."""

    def __init__(self) -> None:
        self._noted: dict[Remark, dict[str, dict[str, None]]] = {}

    def note(self, remark: Remark, what: str, place: str = "") -> None:
        """Note something, and the row in which it stands."""
        places = self._noted.setdefault(remark, {}).setdefault(what, {})
        if place:
            places[place] = None

    def warnings(self) -> Iterator[str]:
        """A sentence for each kind of remark."""
        for remark in Remark:
            if found := self._noted.get(remark):
                named = [
                    f"{what} ({listed(list(places), limit=3)})" if places else what
                    for what, places in found.items()
                ]
                yield remark.format(listed(named))


def outcome(
    before: DirectoryUser | None, after: DirectoryUser, conference_id: ConferenceId | None
) -> str:
    """What an import makes of a person, in words; `conference_id` is one that comes in."""
    if before is None:
        state = after.license_state.value
        said = [f"new, {'licence unknown' if state == 'unknown' else state}"]
    else:
        changed = [
            name
            for name, attribute in DirectoryUser.powershell_properties()
            if getattr(before, attribute) != getattr(after, attribute)
        ]
        said = [f"changes {', '.join(changed)}"] if changed else []
        if before.license_state is not after.license_state:
            loses = after.license_state is LicenseState.UNLICENSED
            said.append("loses the licence" if loses else "gets a licence")
    if conference_id is not None:
        said.append(f"conference ID {conference_id} comes in")
    return "; ".join(said) or UNCHANGED


def row_of(place: str, name: str) -> str:
    """A row and whom it is about, as a warning names them."""
    return f"{place}: {quoted(name)}"
