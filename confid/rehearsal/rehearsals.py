"""`confid.rehearse`: calls on a tenant that is not touched, and what would come of them."""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any

from confid.engine.completion import OfPublicNames
from confid.engine.session import Session
from confid.errors import CommitOutcomeUnknownError, InvalidOperationError, StoreError
from confid.errors.tracebacks import ends_at_caller
from confid.powershell.formats.text_files import replacing, target_of
from confid.rehearsal.calls import RehearsedCall, rehearsed
from confid.rehearsal.outcome import Outcome, outcome_of
from confid.rehearsal.overview import as_html, as_text
from confid.rehearsal.replay import NEVER, demand_promised, demand_unchanged, replay
from confid.rehearsal.script import script_of, script_warnings
from confid.rehearsal.source import Source, source_of
from confid.store.blocks import Block
from confid.store.urls import hidden
from confid.tenant.display import Shown
from confid.tenant.pins import PinKey
from confid.tenant.results import Results

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from datetime import datetime
    from typing import Self

    from confid.rehearsal.mails import Mails
    from confid.store.base import Store
    from confid.tenant.property_changes import Changes
    from confid.tenant.records import Meeting


@ends_at_caller
def rehearse(
    source: str | os.PathLike[str] | Store | Session,
    *,
    clock: Callable[[], datetime] | None = None,
    actor: str | None = None,
    witness: str | os.PathLike[str] | Store | None = None,
    pin_key: bytes | Callable[[], bytes] | None = None,
) -> Rehearsal:
    """Rehearse calls on a tenant, which is not touched.

    `source` is a path, a URL, a store or an open session; or a folder of exports (a `.zip` will
    do), as `import_tenant` takes it. In the `with` block of what comes out, cmdlets and confid's
    own functions work on the rehearsal. IDs that are drawn in it are spent nowhere.

    `clock` and `actor` are those of `connect`; an open session brings its own. A rehearsal asks
    no witness and needs no key of PINs: `witness` and `pin_key` are for `apply`.

    Raises `StoreError` for a place that holds no tenant or can't be used, `SealedError` for a
    tenant that has moved, and what `import_tenant` raises for a folder.
    """
    key = None if pin_key is None else PinKey(pin_key)
    place = source if isinstance(source, Session) else hidden(source)
    second = hidden(witness)
    del pin_key, source, witness  # so that no traceback shows them
    return Rehearsal(source_of(place, clock=clock, actor=actor, witness=second, pin_key=key))


class Rehearsal(Shown, Block["Rehearsal"], OfPublicNames):
    """A rehearsal, from `rehearse`: a `with` block, and what would come of the calls in it.

    What it shows can be read in the block, so far, and behind it. An exception leaves the block
    as always, and stands in `errors`.
    """

    _public = (
        *("apply", "calls", "changes", "errors", "mails", "outdated", "save_script", "script"),
        *("session", "warnings"),
    )

    def __init__(self, source: Source) -> None:
        self._source = source
        self._opened = source.on_overlay()
        self._ended: Outcome | None = None
        self._lost: StoreError | None = None
        self._raised: BaseException | None = None
        self._applied: dict[str, object] = {}
        """The one call of `apply` that is under way, or came through."""

    @property
    def session(self) -> Session:
        """The session of the rehearsal."""
        return self._opened.session

    def __enter__(self) -> Self:
        self.session.__enter__()
        return self

    def leave(self, error: BaseException | None) -> None:
        """What the end of the block does; the calls of it are looked at first."""
        self._raised = error
        try:
            self._ended = outcome_of(self._opened)
        except StoreError as lost:
            # The base has changed, say: the error that left the block says so already.
            self._lost = lost
            if error is None:
                self._raised = lost
                raise
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Put the session before this one back, though this one was closed in the block."""
        self.session.__exit__(None, None, None)

    @property
    def _outcome(self) -> Outcome:
        if self._lost is not None:
            raise self._lost.with_traceback(None)
        return self._ended or outcome_of(self._opened)

    @property
    def calls(self) -> Results[RehearsedCall]:
        """The calls, in their order."""
        if self._lost is not None:
            return Results(rehearsed(call, {}) for call in self._opened.recorder.calls)
        return self._outcome.calls

    @property
    def changes(self) -> Changes:
        """Each property that differs, before and after; "new" for what will be drawn anew."""
        return self._outcome.changes

    @property
    def mails(self) -> Mails:
        """The mails that users would get, without their PINs."""
        return self._outcome.mails

    @property
    def outdated(self) -> Results[Meeting]:
        """The future meetings whose invitations would show a retired ID."""
        return self._outcome.outdated

    @property
    def errors(self) -> tuple[BaseException, ...]:
        """The errors of the calls, and the exception that left the block."""
        recorded = self._opened.recorder.calls
        found: list[BaseException] = [e for call in recorded for e in call.errors]
        raised = self._raised
        if raised and not any(c.errors and c.raised is raised for c in recorded):
            found.append(raised)
        return tuple(found)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an import and the calls warned of, and what today's module can't do."""
        return self._warnings(self._outcome)

    def _warnings(self, outcome: Outcome) -> tuple[str, ...]:
        of_calls = (warning for call in outcome.recorded for warning in call.warnings)
        said = [*self._source.remarks, *of_calls, *script_warnings(outcome)]
        return tuple(dict.fromkeys(said))

    def __str__(self) -> str:
        outcome = self._outcome
        return as_text(outcome, self.errors, self._warnings(outcome))

    def __repr__(self) -> str:
        return f"<Rehearsal on {self._source.base!r}>"

    def _repr_html_(self) -> str:
        outcome = self._outcome
        return as_html(outcome, self.errors, self._warnings(outcome))

    @ends_at_caller
    def script(self, *, era: str = "2026", guard: bool = True) -> str:
        """The calls as a PowerShell script for the MicrosoftTeams module, for the real tenant.

        It asks `ShouldProcess` before each call, so `-WhatIf` changes nothing. One failure doesn't
        stop the others; what failed is said at the end, and in the exit code. What PowerShell has
        no word for is a comment.

        `era` is "2026", whose module has no Enable- and Disable- and resets no conference ID, or
        "2019". With `guard` each person or thing is looked at first; one that isn't as the
        rehearsal saw it is left alone. Raises `InvalidArgumentError` for another era.
        """
        return script_of(self._outcome, era=era, guard=guard)

    @ends_at_caller
    def save_script(
        self, path: str | os.PathLike[str], *, era: str = "2026", guard: bool = True
    ) -> None:
        """Write the `script` to a file, in UTF-8 with the mark that Windows PowerShell needs.

        The file is written completely or not at all; `InvalidArgumentError` for one that can't be.
        """
        script = self.script(era=era, guard=guard)
        target = target_of(path, no_clobber=False)
        with replacing(target, None, "utf-8", BOM_UTF8, exclusive=False) as file:
            file.write(script)

    @ends_at_caller
    def apply(self) -> list[Any]:
        """Make the same calls on the tenant itself, all of them or none. Only once.

        IDs and PINs are drawn anew, and mails are queued. Returns what each call returned, in
        order; None for one that failed in the rehearsal, or was rolled back in it. New PINs stand
        there and nowhere else.

        Raises `InvalidOperationError` for a rehearsal that can't be applied; it is a
        `TenantChangedError` where somebody or something that calls were given or changed isn't as
        the rehearsal saw it. Raises also what the calls raise. Nothing is changed then.
        """
        mine, may_be_applied = object(), False
        try:
            self._demand_applicable(mine)
            outcome = self._outcome
            with self._source.to_change() as session, session.transaction():
                demand_unchanged(session, outcome)
                results = replay(session, outcome.recorded, drawn=outcome.drawn)
                demand_promised(session, outcome.seen, outcome.promised, drawn=outcome.drawn)
                # Before the commit, whose outcome may stay unknown.
                may_be_applied = True
        except CommitOutcomeUnknownError:
            raise
        except Exception:
            may_be_applied = False
            raise
        finally:
            if not may_be_applied and self._applied.get("by") is mine:
                self._applied.clear()
        return results

    def _demand_applicable(self, mine: object) -> None:
        if self._raised is not None:
            why = f"a {type(self._raised).__name__} ended it"
        elif self._ended is None:
            why = "its block has not ended"
        elif self._source.is_folder:
            why = "it was made on a folder of exports. Connect to a tenant, and rehearse on that"
        elif self._opened.is_sealed:
            why = "its tenant is a sealed backup; confid.restore(store) opens it"
        elif held := {NEVER[c.name]: None for c in self._ended.recorded if c.name in NEVER}:
            why = f"it holds {' and '.join(held)}"
        # One step, so that of two threads only one comes first.
        elif self._applied.setdefault("by", mine) is not mine:
            why = "it was applied already, or may have been, or is being applied"
        else:
            return
        raise InvalidOperationError(
            f"This rehearsal can't be applied: {why}.", error_id="RehearsalNotApplicable"
        )
