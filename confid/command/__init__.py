"""A command by its name: look it up, bind it, run a typed line, read its help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confid.lazy import names_on_demand

if TYPE_CHECKING:
    from confid.command.lookup import bind as bind
    from confid.command.lookup import get_command as get_command
    from confid.engine.binder import Binding as Binding
    from confid.engine.cmdlet import Identity as Identity
    from confid.engine.cmdlet import ListingCmdlet as ListingCmdlet
    from confid.engine.cmdlet import UserCmdlet as UserCmdlet
    from confid.engine.cmdlet import cmdlet as cmdlet
    from confid.engine.cmdlet import listing_cmdlet as listing_cmdlet
    from confid.engine.cmdlet import user_cmdlet as user_cmdlet
    from confid.engine.invocation import Command as Command
    from confid.engine.invocation import Invocation as Invocation
    from confid.engine.invocation import Output as Output
else:
    __getattr__, __dir__ = names_on_demand(__name__)
