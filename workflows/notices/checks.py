"""Start-up checks of notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import checks

from approval_hook import clock
from approval_hook.errors import ConfigurationError, RulesInvalid
from workflows.notices.catalogue import catalogue
from workflows.notices.conf import conf
from workflows.notices.errors import NoticeRefused
from workflows.notices.facts import KINDS
from workflows.notices.fonts import font_set, require_printable
from workflows.notices.pdf import LAYOUT
from workflows.notices.templates import static_texts


def check_notices(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E101 settings and fonts, E102 templates and details of organs."""
    try:
        fonts = font_set()
    except ConfigurationError as error:
        return [checks.Error(str(error), hint="See docs/reference/settings.md.", id="workflows.E101")]
    if not LAYOUT.is_file():
        return [checks.Error(f"{LAYOUT} is missing.", hint="Install the package again.", id="workflows.E101")]
    try:
        known = catalogue()
        for kind in KINDS:
            known.template(kind, clock.today())
        texts = [(f"模板{t.kind}（{t.version}）", text) for _, t in known.templates for text in static_texts(t)]
        texts += [(f"机关资料{o.short}", text) for o in known.organs.values() for text in (o.organ, o.short, o.address)]
        require_printable(texts, fonts)
    except (RulesInvalid, NoticeRefused) as error:
        hint = "Mend the file named above; see docs/howto/notices.md."
        return [checks.Error(str(error), hint=hint, id="workflows.E102")]
    return []


def check_address(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """W101, for an installation: notices say no address to verify them at."""
    try:
        settings = conf()
    except ConfigurationError:
        return []  # check_notices reports it
    if settings.verify_url:
        return []
    text = "Notices print no address to verify them at."
    return [checks.Warning(text, hint="Set WORKFLOWS_VERIFY_URL.", id="workflows.W101")]
