"""The store contract is tested too: it fails for every store of the table of broken ones."""

from __future__ import annotations

import inspect
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from confid.testing import StoreContract
from confid.testing.contract.common import KINDS
from tests.testing.broken_stores import FAULTS, Sound, broken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confid.store import Store
    from tests.testing.broken_stores import BrokenStore

TESTS = sorted({test for _, test in FAULTS.values()})


class Contract(StoreContract):
    """The contract on stores with a fault, to be called test by test."""

    __test__ = False

    def __init__(self, fault: type[Sound], url: Callable[[], str]) -> None:
        self.fault = fault
        self.url = url

    def make_store(self, tmp_path: Path) -> BrokenStore:  # noqa: ARG002 - in memory
        """A store with the fault."""
        return broken(self.fault, self.url)


def cases(test: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """The arguments with which pytest would call a test, but for the fixtures."""
    choices = []
    for mark in getattr(test, "pytestmark", ()):
        names, values = mark.args
        names = [names] if isinstance(names, str) else names
        choices.append(
            [
                dict(zip(names, value if len(names) > 1 else [value], strict=True))
                for value in values
            ]
        )
    for chosen in itertools.product(*choices):
        yield {name: value for each in chosen for name, value in each.items()}


def hold(contract: Contract, test: str, tmp_path: Path) -> None:
    """Run a test of the contract, each of its cases on a new store."""
    method = getattr(contract, test)
    fixtures = inspect.signature(method).parameters.keys() & {"store", "tx", "tmp_path"}
    for arguments in cases(method):
        store: Store
        with contract.make_store(tmp_path) as store:
            if fixtures == {"tmp_path"}:
                method(tmp_path=tmp_path, **arguments)
                continue
            store.open(KINDS)
            if "tx" in fixtures:
                with store.transaction(write=True) as tx:
                    method(tx=tx, **arguments)
            else:
                method(store=store, **arguments)


@pytest.mark.parametrize("does", FAULTS)
def test_the_contract_notices(does: str, new_schema: Callable[[], str], tmp_path: Path) -> None:
    """Whatever a store does wrong."""
    fault, test = FAULTS[does]
    with pytest.raises((Exception, pytest.fail.Exception)):
        hold(Contract(fault, new_schema), test, tmp_path)


@pytest.mark.parametrize("test", TESTS)
def test_the_contract_holds(test: str, new_schema: Callable[[], str], tmp_path: Path) -> None:
    """For a store that is wrapped in the same way and has no fault."""
    hold(Contract(Sound, new_schema), test, tmp_path)
