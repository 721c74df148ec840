"""``manage.py platform_simulator``: a credit platform on this computer for whoever integrates."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from adapters.simulator.commandline import add_options, run
from approval_hook.errors import ConfigurationError


class Command(BaseCommand):
    """The same as ``python -m adapters.simulator``, with subjects from the start and the guide on the screen."""

    help = "模拟信用平台：打印设置片段、可试用的主体和控制接口，按 Ctrl-C 结束"
    #: It stands in for what the settings may lack still.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the options of the simulator."""
        add_options(parser)
        parser.set_defaults(tell="guide", seed=7, subjects=3000, port=8799)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until Ctrl-C.

        Raises:
            CommandError: a port, file or variable cannot be used.
        """
        try:
            run(argparse.Namespace(**options))
        except ConfigurationError as error:
            raise CommandError(str(error)) from None
