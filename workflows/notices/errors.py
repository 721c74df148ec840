"""What can go wrong with a notice. No personal data in any text."""

from __future__ import annotations

from approval_hook.errors import ApprovalHookError, CaseInvalid, ConfigurationError, RulesInvalid


class NoticeRefused(CaseInvalid):
    """The notice cannot be issued; nothing was issued. Field, message and remedy are in Chinese."""


class CharactersMissing(NoticeRefused):
    """No configured font holds a character of the notice, so it would print as a box; nothing was issued."""


class TemplatesInvalid(RulesInvalid):
    """A template, the list of compulsory contents or the details of an organ are unsound; nothing of them is used."""


class NoticeSettingsInvalid(ConfigurationError):
    """The setting NOTICES is wrong."""


#: What an organ's own change to its directories can bring about at any time. It stops no step and no page of a case.
UNUSABLE = (RulesInvalid, ConfigurationError)


class PrintingFailed(ApprovalHookError):
    """The notice could not be printed; it stays issued, and its page stays readable."""


class NoticeTampered(ApprovalHookError):
    """What is kept of the notice is not what was issued; restore it from backup."""
