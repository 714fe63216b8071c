"""Data frames as rosters: pandas and polars say the same, whatever types their columns have."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pytest

import confid
from confid.errors import RosterError
from confid.roster import import_users
from tests.tenants import get, tenant

if TYPE_CHECKING:
    from collections.abc import Iterator

KIM, LEE = "kim@fabrikam.com", "lee@fabrikam.com"
GUID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(autouse=True)
def _tenant() -> Iterator[None]:
    """An empty tenant."""
    with tenant():
        yield


def of_pandas(**columns: Any) -> Any:
    """A frame of pandas."""
    return pd.DataFrame({"UserPrincipalName": [KIM, LEE], **columns})


def of_polars(**columns: Any) -> Any:
    """A frame of polars."""
    made = {
        name: pl.Series(values, dtype=pl.Object)
        if any(isinstance(each, UUID) for each in values)
        else pl.Series(list(values), dtype=pl.Categorical)
        if isinstance(values, pd.Categorical)
        else values
        for name, values in columns.items()
    }
    return pl.DataFrame({"UserPrincipalName": [KIM, LEE], **made})


both = pytest.mark.parametrize("frame", [of_pandas, of_polars])


@both
def test_blanks_are_blanks(frame: Any) -> None:
    """None, NaN, NaT and NA clear, where a blank cell does."""
    import_users(frame(City=["Ulm", "Bern"], Mail=[KIM, LEE], Licenses=["SPE_E5", "SPE_E5"]))
    kim, lee = import_users(
        frame(
            City=[None, "Bern"],
            Mail=[None, None],
            Licenses=[None, None],
            SoftDeletionTimestamp=[None, None],
            ConferenceId=[3_542_699, None],
        )
    )
    assert (kim.city, lee.city) == (None, "Bern")
    assert (kim.mail, kim.is_licensed) == (KIM, True)
    assert [user.conference_id for user in get()] == [3_542_699]


@both
def test_values_of_every_type_are_read(frame: Any) -> None:
    """Categories, dates, GUIDs, numbers, lists and structs."""
    plan = {"servicePlanId": "3e26ee1f-8a5f-4d52-aee2-b81ce45c8f40", "capabilityStatus": "Enabled"}
    kim, lee = import_users(
        frame(
            ObjectId=[UUID(GUID), None],
            UsageLocation=pd.Categorical(["DE", "FR"]),
            Department=[12, 13],
            Title=[12.5, 1.0],
            City=[date(2026, 11, 28), date(2026, 11, 29)],
            Country=[datetime(2026, 11, 28, tzinfo=UTC), None],
            AssignedPlans=[[plan], []],
            Groups=[["a", "b"], []],
            ProxyAddresses=[["smtp:k@x.com", "SMTP:kim@x.com"], []],
            ConferenceId=[3_542_699, 3_542_700],
            AllowTollFreeDialIn=[False, True],
        )
    )
    assert (kim.identity, kim.usage_location, lee.usage_location) == (GUID, "DE", "FR")
    assert (kim.department, kim.title, lee.title, kim.city) == ("12", "12.5", "1", "2026-11-28")
    assert str(kim.country).startswith("2026-11-28 00:00:00")
    assert (kim.groups, lee.groups, kim.mail) == (("a", "b"), (), "kim@x.com")
    assert (kim.is_licensed, lee.is_licensed) == (True, False)
    assert [user.allow_toll_free_dial_in for user in get()] == [False]


@both
def test_a_deleted_account_is_one_with_a_date(frame: Any) -> None:
    """NaT is none."""
    when = datetime(2026, 11, 28)  # noqa: DTZ001 - as frames have them
    users = import_users(frame(SoftDeletionTimestamp=[when, None]))
    assert [user.user_principal_name for user in users] == [LEE]


@both
def test_empty_frames_are_rosters_of_nobody(frame: Any) -> None:
    """With columns or without."""
    assert not import_users(frame()[:0])
    assert not import_users(type(frame())())


@pytest.mark.parametrize(
    "source",
    [
        of_pandas().convert_dtypes(),
        of_pandas(City=["Ulm", "Bern"]).set_index("UserPrincipalName"),
        of_polars().lazy(),
        pl.DataFrame({"UserPrincipalName": pl.Series([KIM, LEE], dtype=pl.Enum([KIM, LEE]))}),
        [{"UserPrincipalName": np.str_(KIM)}, {"UserPrincipalName": np.array([LEE])[0]}],
    ],
    ids=["nullable", "named index", "lazy", "enum", "mappings"],
)
def test_other_tables_are_taken(source: Any) -> None:
    """Whatever holds the rows."""
    assert [user.user_principal_name for user in import_users(source)] == [KIM, LEE]


def test_cells_of_arrays_and_decimals_are_read() -> None:
    """As frames out of databases and Parquet have them."""
    rows = of_pandas(
        Licenses=[np.array(["SPE_E5"]), np.array([])],
        ConferenceId=[Decimal(3_542_699), Decimal("NaN")],
    )
    kim, lee = import_users(rows)
    assert (kim.is_licensed, lee.is_licensed) == (True, False)
    assert [user.conference_id for user in get()] == [3_542_699]


def test_a_column_that_stands_twice_is_refused() -> None:
    """Pandas would leave one out."""
    frame = pd.DataFrame([[KIM, "a", "b"]], columns=["UserPrincipalName", "City", "City"])
    with pytest.raises(RosterError, match="twice"):
        import_users(frame)


@pytest.mark.parametrize("way", [list, pd.DataFrame, pl.DataFrame, lambda users: users.to_pandas()])
def test_results_of_one_tenant_are_a_roster_of_another(way: Any) -> None:
    """As records, and as either frame."""
    with confid.demo() as session:
        users = session.cmdlets.get_cs_online_user()
        rows = way(users)
    came = import_users(rows)
    assert [u.user_principal_name for u in came] == [u.user_principal_name for u in users]
    assert [u.is_licensed for u in came] == [u.is_licensed for u in users]
    assert not came.report.warnings
