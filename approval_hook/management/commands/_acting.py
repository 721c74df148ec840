"""Who acts in a management command."""

from __future__ import annotations

import os
import pwd
import socket
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError


def find_user(name: str) -> Any:
    """The user with this name.

    Raises:
        CommandError: there is none, or the account is closed.
    """
    model = get_user_model()
    user = model._default_manager.filter(**{model.USERNAME_FIELD: name}).first()
    if user is None or not user.is_active:
        raise CommandError(f"没有可用的用户“{name}”。")
    return user


def system_user() -> str:
    """User of the operating system and host that run this command: what a shell can show, unlike the account."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name  # the environment may say anything
    except KeyError:
        name = f"uid {uid}"
    return f"{name}@{socket.gethostname()}"[:200]
