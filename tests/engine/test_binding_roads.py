"""Calls whose names and types alone say how they bind, bind as the binder has it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import confid
from confid.engine.binder import CommandInfo, bind_arguments, bound_unchanged, is_chosen_id
from confid.engine.parameters import UNSET

values = st.sampled_from([True, False, "", "x", "conf", 7, None, UNSET, ["a"], b"x"])


@st.composite
def calls(draw: st.DrawFn) -> tuple[CommandInfo, list[Any], dict[str, Any]]:
    """A cmdlet, values by place, and values by names: its own in any form, and others."""
    info = draw(st.sampled_from(confid.get_command()))
    own = [name for p in info.parameters for name in (p.python_name, p.name, *p.aliases)]
    names = st.sampled_from([*own, "error_action", "notify", "passcode", "bogus"])
    placed = draw(st.lists(values, max_size=2))
    return info, placed, draw(st.dictionaries(names, values, max_size=4))


@given(calls())
def test_what_is_bound_unchanged_is_bound_so_by_the_binder(
    call: tuple[CommandInfo, list[Any], dict[str, Any]],
) -> None:
    """The short road is taken only where the long one comes to the same."""
    info, placed, named = call
    types = tuple(map(type, (*placed, *named.values())))
    if not bound_unchanged(info, len(placed), tuple(named), types):
        return
    if "" in (*placed, *named.values()):
        return
    arguments = {**dict(zip(info.places, placed, strict=False)), **named}
    assert len(arguments) == len(placed) + len(named)
    assert not any(map(is_chosen_id, arguments))
    for name in info.own:
        arguments.pop(name, None)
    _, bound = bind_arguments(info, arguments, default_set=info.call_set)
    assert bound == arguments
    assert bound.keys().isdisjoint({"what_if", "confirm", "as_job"})
