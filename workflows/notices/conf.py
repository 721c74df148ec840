"""The setting ``NOTICES``, read at call time into a frozen, typed object.

Shape (TEMPLATES is required)::

    NOTICES = {
        "TEMPLATES": "fixtures/rules/guangdong/notices",  # shipped templates and what the law demands of them
        "OWN_TEMPLATES": ["/etc/licensing/notices"],      # the organ's own templates and details
        "FONT_DIRS": ["/etc/licensing/fonts"],            # fonts for characters that the bundled font lacks
        "VERIFY_URL": "https://licensing.example.gov.cn/verify/",   # printed on every notice
    }
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from msgspec import Struct, ValidationError, convert

from workflows.notices.errors import NoticeSettingsInvalid


class NoticeSettings(Struct, frozen=True, forbid_unknown_fields=True, rename=str.upper):
    """Where templates and fonts are, and which address a notice prints."""

    templates: str
    own_templates: tuple[str, ...] = ()
    font_dirs: tuple[str, ...] = ()
    verify_url: str = ""

    def directories(self) -> tuple[Path, ...]:
        """Directories of templates, the shipped one first."""
        return (Path(self.templates), *map(Path, self.own_templates))


def conf() -> NoticeSettings:
    """The settings in force.

    Raises:
        NoticeSettingsInvalid: a key is missing, unknown or of another shape, or a directory is not there.
    """
    try:
        found = convert(getattr(settings, "NOTICES", None), NoticeSettings)
    except ValidationError as error:
        raise NoticeSettingsInvalid(f"NOTICES: {error}") from None
    for directory in (*found.directories(), *map(Path, found.font_dirs)):
        if not directory.is_absolute() or not directory.is_dir():
            raise NoticeSettingsInvalid(f"NOTICES: {directory} is no directory; write the absolute path of one.")
    if found.verify_url and (urlsplit(found.verify_url).scheme != "https" or not urlsplit(found.verify_url).hostname):
        raise NoticeSettingsInvalid("NOTICES: VERIFY_URL must be an https address, or empty.")
    return found
