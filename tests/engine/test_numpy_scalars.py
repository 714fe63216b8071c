"""A value out of a data frame counts as the Python value that it stands for, in every cmdlet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

import confid
from confid.command import bind
from confid.powershell.language.scalars import python_scalar

KEN = "ken.myer@contoso.com"

PAIRS: list[tuple[Any, Any]] = [
    (np.bool_(True), True),
    (np.bool_(False), False),
    (np.int64(6), 6),
    (np.uint8(6), 6),
    (np.float64(6.0), 6.0),
    (np.str_("Toll"), "Toll"),
    (pd.Timestamp("2026-11-28T10:00:00Z"), datetime(2026, 11, 28, 10, tzinfo=UTC)),
    (np.datetime64("2026-11-28T10:00:00.000000000"), datetime(2026, 11, 28, 10)),  # noqa: DTZ001 - it has no zone
    (pd.NA, None),
    (pd.NaT, None),
    (np.datetime64("NaT", "s"), None),
    (np.float64("nan"), None),
    (float("nan"), None),
]


def outcome(cmdlet: str, parameter: str, value: object) -> tuple[str, object]:
    """What binding comes to: the values, or the error's id."""
    try:
        return "bound", repr(bind(cmdlet, {parameter: value}).bound)
    except confid.ConfidError as error:
        return "refused", error.fully_qualified_error_id


@pytest.mark.parametrize(("given", "meant"), PAIRS, ids=repr)
def test_every_parameter_takes_the_scalars_of_numpy_and_pandas(given: Any, meant: Any) -> None:
    """What comes of them is what comes of Python's own values."""
    assert python_scalar(given) == meant
    assert type(python_scalar(given)) is type(meant)
    for command in confid.get_command():
        for parameter in command.parameters:
            pair = [outcome(command.name, parameter.name, value) for value in (given, meant)]
            assert pair[0] == pair[1], (command.name, parameter.name)


def test_a_call_takes_them() -> None:
    """Switches, counts and texts."""
    with confid.demo() as session:
        cmdlets: Any = session.cmdlets  # the types are Python's
        before = cmdlets.get_cs_online_dial_in_conferencing_user(np.str_(KEN))
        after = cmdlets.set_cs_online_dial_in_conferencing_user(
            before, reset_conference_id=np.bool_(True), allow_toll_free_dial_in=np.bool_(False)
        )
        assert after.conference_id != before.conference_id
        assert after.allow_toll_free_dial_in is False
        settings = cmdlets.set_cs_online_dial_in_conferencing_tenant_settings(
            pin_length=np.int64(7)
        )
        assert type(settings.pin_length) is int
        assert len(cmdlets.get_cs_online_user(pd.Series([KEN]))) == 1
        assert len(cmdlets.get_cs_online_user(result_size=np.int32(2))) == 2
