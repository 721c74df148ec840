"""Rules in words, for templates."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext

from approval_hook.policy.rules import LegalBasis
from approval_hook.threelists import words
from workflows.policydesk import wording

register = template.Library()


@register.filter
def doc(basis: LegalBasis) -> str:
    """The document of a basis as it is cited."""
    return wording.document(basis)


@register.filter
def rank(basis: LegalBasis) -> str:
    """The rank of the document of a basis."""
    return wording.basis_type(basis)


@register.filter
def effect_word(value: str) -> str:
    """What a measure does."""
    return wording.word(words.EFFECTS, value)


@register.filter
def kind_word(value: str) -> str:
    """Sanction or incentive."""
    return wording.word(words.KINDS, value)


@register.filter
def finding_word(value: Any) -> str:
    """What kind of thing an analysis found."""
    return wording.word(wording.FINDINGS, value)


@register.filter
def grade_word(value: Any) -> str:
    """How grave a finding is."""
    return wording.word(wording.GRADES, value)


@register.filter
def in_words(value: Any) -> str:
    """A Chinese word of the core in the reader's language."""
    return gettext(str(value)) if value else ""
