"""Dates with weekday and masked values, as the pages show them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

from approval_hook.policy.subjects import mask_name

register = template.Library()

_WEEKDAYS = "一二三四五六日"


@register.filter
def day(value: date | datetime | None) -> str:
    """Date with weekday, e.g. 11月18日 周三; with the year when it is not this one. Empty for None."""
    if value is None:
        return ""
    local = timezone.localdate(value) if isinstance(value, datetime) else value
    this_year = local.year == timezone.localdate().year
    if (get_language() or "").startswith("zh"):
        year = "" if this_year else f"{local.year}年"
        return f"{year}{local.month}月{local.day}日 周{_WEEKDAYS[local.weekday()]}"
    return date_format(local, "D j M" if this_year else "D j M Y")


@register.filter
def moment(value: datetime | None) -> str:
    """Date with weekday and time in China, e.g. 11月18日 周三 10:24. Empty for None."""
    if value is None:
        return ""
    return f"{day(value)} {timezone.localtime(value):%H:%M}"


@register.filter
def day_or_moment(value: Any) -> Any:
    """Dates and times as above; anything else unchanged."""
    if isinstance(value, datetime):
        return moment(value)
    return day(value) if isinstance(value, date) else value


@register.filter
def one_stop(value: str) -> str:
    """Text whose sentences end with one full stop, where a quoted text brought its own."""
    while "。。" in value:
        value = value.replace("。。", "。")
    return value


@register.filter
def masked_name(value: str) -> str:
    """Name of a person with only its first character."""
    return mask_name(value)
