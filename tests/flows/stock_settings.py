"""Settings of a host as Viewflow's quickstart makes it: its own pages, and the gate in ``HumanFlow`` while GATED=1."""

import os

from tests.settings import *  # noqa: F403 - secrets, database and rules of the suite
from tests.settings import APPROVAL_HOOK as _REAL

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "viewflow",
    "viewflow.workflow",
    "tests.flows.apps.TestFlowsConfig",
    "approval_hook",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "viewflow.middleware.SiteMiddleware",
    "viewflow.middleware.HotwireTurboMiddleware",
    "approval_hook.hosts.viewflow.middleware.HeldCaseMiddleware",
]
ROOT_URLCONF = "tests.flows.stock_urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATICFILES_DIRS = []
_GATE = {"matter": "food-business", "facts": "tests.flows.facts.facts_of", "protects": ["decide"]}
APPROVAL_HOOK = {
    **_REAL,
    "PLATFORMS": {
        name: {"BACKEND": "tests.flows.stock_settings.Mute", "OPTIONS": {}} for name in ("province", "own_register")
    },
    "FLOWS": {"tests.flows.flows.HumanFlow": _GATE} if os.environ.get("GATED") == "1" else {},
}


class Mute:
    """A platform that never answers, so that a case waits at its gate."""

    remote = True

    def __init__(self, name: str) -> None:
        """Keep the name."""
        self.name = name

    def query(self, query: object, *, timeout: float) -> object:
        """Give no answer."""
        from approval_hook.errors import PlatformUnavailable

        raise PlatformUnavailable
