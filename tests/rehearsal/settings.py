"""Settings of the rehearsal: the application's own, with its flow; the platform and its limits are set by each part."""

from tests.settings import *  # noqa: F403 - the rehearsal runs the real settings
from tests.settings import APPROVAL_HOOK as _REAL
from tests.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = ["tests.rehearsal.apps.RehearsalConfig", *_APPS]
APPROVAL_HOOK = {
    **_REAL,
    "FLOWS": {
        "tests.rehearsal.flows.LicensingFlow": {
            "matter": "food-business",
            "facts": "tests.rehearsal.flows.facts_of",
            "accepts": ["accept"],
            "protects": ["decide"],
        }
    },
    # The application's own flows stand aside, so that the guards in the database hold this flow's nodes only.
    "EXPECTED_MATTERS": [],
    "NOT_GATED": {**_REAL["NOT_GATED"], **dict.fromkeys(_REAL["FLOWS"], "演练不用，不办理许可")},
}
