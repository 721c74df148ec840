"""Two publishers at the same moment, each with a PostgreSQL session of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from approval_hook.models import RuleDraft, RuleRevision
from approval_hook.rulebook import LoadedRules
from approval_hook.threelists.drafting import DraftRefused, publish
from tests.integration.postgres.test_workers import together
from tests.integration.test_rule_drafts import a_day, base, someone, submitted

__all__ = ["base"]

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def _tried(draft: RuleDraft, by: Any) -> str:
    try:
        publish(draft, by)
    except DraftRefused as error:
        return error.message
    return "published"


def test_one_draft_is_published_once(base: LoadedRules, tmp_path: Path) -> None:
    """The row of the draft is the lock: the second waits for it and finds the draft published."""
    author = someone("author", "author_rules")
    draft = submitted(base, author)
    people = [someone(f"publisher-{n}", "publish_rules") for n in range(2)]
    copies = [RuleDraft.objects.get(pk=draft.pk) for _ in people]
    said = together(*(lambda d=d, p=p: _tried(d, p) for d, p in zip(copies, people, strict=True)))
    assert sorted(said) == ["published", "草案现为“已发布”，不能这样处理。"]
    assert RuleRevision.objects.filter(origin="published").count() == 1


@pytest.mark.parametrize("changes", [{"revision": "r-3"}, {"days": 31}])
def test_two_drafts_for_one_name_or_day_publish_once(base: LoadedRules, changes: dict[str, Any]) -> None:
    """The unique constraint decides; the other one stays submitted, with a clear message."""
    author = someone("author", "author_rules")
    days = changes.pop("days", 30)
    drafts = [submitted(base, author), submitted(base, author, valid_from=a_day(base, days), **changes)]
    people = [someone(f"publisher-{n}", "publish_rules") for n in range(2)]
    said = together(*(lambda d=d, p=p: _tried(d, p) for d, p in zip(drafts, people, strict=True)))
    assert sorted(m == "published" for m in said) == [False, True]
    assert sorted(RuleDraft.objects.values_list("state", flat=True)) == ["published", "submitted"]
    assert RuleRevision.objects.filter(origin="published").count() == 1
