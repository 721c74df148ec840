"""Secrets by name: settings hold names, never values.

A secret is looked up first as an environment variable of that name, then as a
file of that name in the directory ``SECRETS_DIR`` (the form container platforms
mount them in). Trailing line breaks of a file are not part of the secret.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def find_secret(name: str, directory: Path | None) -> str | None:
    """Look a secret up.

    Args:
        name: letters, digits and underscore, e.g. ``"WORKFLOWS_SECRET_KEY"``.
        directory: where secret files lie; None when the environment is the only source.

    Returns:
        The secret, or None when neither source holds it.

    Raises:
        ImproperlyConfigured: the name could not name a secret; correct the setting.
    """
    if not _NAME.fullmatch(name):
        raise ImproperlyConfigured(f"{name!r} is not the name of a secret: use letters, digits and underscore")
    value = os.environ.get(name, "")
    if value:
        return value
    if directory is not None:
        path = directory / name
        if path.is_file():
            return path.read_text(encoding="utf-8").rstrip("\r\n") or None
    return None


def read_secret(name: str, directory: Path | None) -> str:
    """Look up a secret that must exist.

    Raises:
        ImproperlyConfigured: no such secret; set the variable or put the file there.
    """
    value = find_secret(name, directory)
    if value is None:
        raise ImproperlyConfigured(f"The secret {name} is neither in the environment nor a file in SECRETS_DIR")
    return value
