"""Settings of the licensing application.

Everything that differs between installations comes from environment variables or
secret files; see ``docs/reference/settings.md``. Values are safe without any of them:
DEBUG is off, cookies need HTTPS, and without the secret key no page is served.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from workflows.secrets import find_secret
from workflows.site.database import database_from_url


def _claims(name: str, default: bool) -> bool:
    """Read an on/off variable; anything but 0 and 1 stops the start."""
    value = os.environ.get(name, "")
    if value not in {"", "0", "1"}:
        raise ImproperlyConfigured(f"{name} must be 0 or 1")
    return default if value == "" else value == "1"


def _granted(limit: str, name: str) -> dict[str, int]:
    """Read how many queries the platform grants; without the variable there is no such limit."""
    value = os.environ.get(name, "")
    if not value:
        return {}
    if not (value.isascii() and value.isdigit() and int(value) >= 10):
        raise ImproperlyConfigured(f"{name} must be a whole number of at least 10")
    return {limit: int(value)}


def _paths(name: str) -> list[str]:
    """Read directories, separated as in PATH."""
    return [path for path in os.environ.get(name, "").split(os.pathsep) if path]


BASE_DIR = Path(__file__).resolve().parents[2]
STATE_DIR = Path(os.environ.get("WORKFLOWS_STATE_DIR", BASE_DIR / ".demo"))

# Secrets: names here, values in the environment or in files.
SECRETS_DIR: Path | None = Path(os.environ["SECRETS_DIR"]) if os.environ.get("SECRETS_DIR") else None
# Empty until the secret exists: Django then refuses on first use, while makemigrations and type checks still run.
SECRET_KEY = find_secret("WORKFLOWS_SECRET_KEY", SECRETS_DIR) or ""
WORKFLOWS_FIELD_KEY = "WORKFLOWS_FIELD_SECRET"

DEBUG = _claims("WORKFLOWS_DEBUG", default=False)
ALLOWED_HOSTS = os.environ.get("WORKFLOWS_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "viewflow",
    "viewflow.workflow",
    "workflows",
    "workflows.policydesk",
    "workflows.citizen",
    "workflows.site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "workflows.site.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "workflows.site.middleware.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "workflows.site.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "viewflow.middleware.SiteMiddleware",
    "workflows.clerk.scope.OrganScopeMiddleware",
]
# Listed above by hand: Viewflow's other middleware serves Turbo, which these pages do not use.
#: How applicants sign a promise; a class with the method of ``workflows.citizen.signing.Signing``.
WORKFLOWS_SIGNING = "workflows.citizen.signing.AccountSigning"
VIEWFLOW: dict[str, Any] = {"AUTOREGISTER": False}

ROOT_URLCONF = "workflows.site.urls"
WSGI_APPLICATION = "workflows.site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # DIRS come before any application, so Viewflow's own pages never show.
        "DIRS": [BASE_DIR / "workflows" / "clerk" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "workflows.clerk.context.officer",
            ]
        },
    }
]

if "DATABASE_URL" not in os.environ:
    STATE_DIR.mkdir(parents=True, exist_ok=True)
DATABASES = {
    "default": database_from_url(
        os.environ.get("DATABASE_URL", f"sqlite:///{STATE_DIR / 'workflows.sqlite3'}"), SECRETS_DIR
    )
    | {"ATOMIC_REQUESTS": _claims("WORKFLOWS_ATOMIC_REQUESTS", default=False)}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "clerk:home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "workflows" / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = os.environ.get("WORKFLOWS_STATIC_ROOT")  # only for collectstatic
STATICFILES_DIRS = [BASE_DIR / "workflows" / "clerk" / "static"]
# Serve the few hundred kB of own files from the packages: an installation has no collectstatic step to forget.
WHITENOISE_USE_FINDERS = True

# Only a test or demonstration on the loopback address goes without HTTPS.
_https = _claims("WORKFLOWS_HTTPS", default=True)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 8 * 60 * 60  # seconds; one working day
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_FAILURE_VIEW = "workflows.clerk.errors.csrf_failure"
SECURE_HSTS_SECONDS = 31536000 if _https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _claims("WORKFLOWS_BEHIND_PROXY", False) else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Notices: templates and fonts of the organ's own stand before the shipped ones.
NOTICES: dict[str, Any] = {
    "TEMPLATES": str(BASE_DIR / "fixtures" / "rules" / "guangdong" / "notices"),
    "OWN_TEMPLATES": _paths("WORKFLOWS_NOTICE_TEMPLATES"),
    "FONT_DIRS": _paths("WORKFLOWS_NOTICE_FONTS"),
    "VERIFY_URL": os.environ.get("WORKFLOWS_VERIFY_URL", ""),
}

_GRANTED = _granted("PER_DAY", "CREDIT_PLATFORM_PER_DAY") | _granted("PER_MINUTE", "CREDIT_PLATFORM_PER_MINUTE")

# The credit check: the flows above know nothing of it; it enters here and only here.
CREDIT_APPS: list[str] = ["approval_hook"]
INSTALLED_APPS += CREDIT_APPS
MIDDLEWARE += ["approval_hook.hosts.viewflow.middleware.HeldCaseMiddleware"]
APPROVAL_HOOK: dict[str, Any] = {
    "RULES": str(BASE_DIR / "fixtures" / "rules" / "guangdong"),
    "PLATFORMS": {
        "province": {
            "BACKEND": "adapters.gateway.GatewayPlatform",
            "OPTIONS": {
                "base_url": os.environ.get("CREDIT_PLATFORM_URL", "http://127.0.0.1:9"),
                "paasid": os.environ.get("CREDIT_PLATFORM_PAASID", "approval-hook"),
                "token_secret": "CREDIT_PLATFORM_TOKEN",
            },
            # What any platform bears. How many queries it takes, only its operator can say; a fifth is for decisions.
            "LIMITS": {
                "AT_ONCE": 8,
                "BREAKER": {"FAILURES": 5, "SECONDS": 30},
                **_GRANTED,
                **({"RESERVE": 0.2} if _GRANTED else {}),
            },
        },
        "own_register": {"BACKEND": "workflows.credit.OwnRegister"},
    },
    "FLOWS": {
        "workflows.flows.food.FoodBusinessFlow": {
            "matter": "food-business",
            "facts": "workflows.credit.food_facts",
            "accepts": ["accept"],
            "protects": ["decide"],
            "issues": ["deliver"],
        },
        "workflows.flows.ridehailing.RideHailingDriverFlow": {
            "matter": "ride-hailing-driver",
            "facts": "workflows.credit.driver_facts",
            "accepts": ["accept"],
            "protects": ["decide"],
            "issues": ["deliver"],
        },
    },
    "EXPECTED_MATTERS": ["food-business", "ride-hailing-driver"],
    "DIGEST_SECRET": "CREDIT_DIGEST_SECRET",
    "FIELD_SECRET": "CREDIT_FIELD_SECRET",
    "SECRETS_DIR": str(SECRETS_DIR) if SECRETS_DIR else None,
}
