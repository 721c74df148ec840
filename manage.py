#!/usr/bin/env python
"""Command line of the licensing application."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run one management command."""
    if sys.argv[1:2] == ["demo"] and not {"-h", "--help"} & set(sys.argv):
        _prepare_demo()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workflows.site.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def _prepare_demo() -> None:
    """Make secrets and paths of the demonstration before the settings read them."""
    from workflows.site.demo.state import StateBusy, prepare

    try:
        prepare(os.environ)
    except StateBusy as busy:
        sys.exit(f"另一个演示正在使用 {busy}。请先停止它，或用环境变量 WORKFLOWS_STATE_DIR 指定另一个目录。")


if __name__ == "__main__":
    main()
