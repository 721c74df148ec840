"""``manage.py rules_publish DRAFT``: a submitted draft is put in force from its first day, by a second person."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser

from approval_hook.errors import RulesInvalid
from approval_hook.management.commands._acting import find_user
from approval_hook.models import RuleDraft
from approval_hook.threelists.drafting import DraftRefused, publish


class Command(BaseCommand):
    """Publishes one draft."""

    help = "发布已提交的规则草案；发布人不能是起草人"

    def add_arguments(self, parser: CommandParser) -> None:
        """Which draft, who publishes, and why."""
        parser.add_argument("draft", type=int, help="草案编号")
        parser.add_argument("--by", required=True, help="发布人的用户名")
        parser.add_argument("--note", default="", help="发布说明")

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish.

        Raises:
            CommandError: the draft or the user cannot be used; nothing is published.
        """
        user = find_user(options["by"])
        draft = RuleDraft.objects.filter(pk=options["draft"]).first()
        if draft is None:
            raise CommandError(f"没有编号为 {options['draft']} 的草案。")
        try:
            made = publish(draft, user, options["note"])
        except RulesInvalid as error:
            raise CommandError("\n".join(error.problems)) from None
        except DraftRefused as error:
            raise CommandError(str(error)) from None
        except PermissionDenied:
            raise CommandError(f"用户“{options['by']}”没有发布规则的权限。") from None
        self.stdout.write(f"已发布版本“{made.revision}”，自 {made.valid_from.isoformat()} 起施行。")
