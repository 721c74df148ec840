"""``manage.py credit_raw_reply CASE``: which replies of a case are kept in full, and one of them in the clear."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localtime

from approval_hook.errors import ConfigurationError
from approval_hook.logs import get_logger
from approval_hook.management.commands._acting import find_user, system_user
from approval_hook.management.commands._tables import lines
from approval_hook.models import RawReply

_HEADINGS = ("编号", "来源", "收到时间", "摘要", "状态")


class Command(BaseCommand):
    """Lists without opening; opening takes a person and a reason, and both are logged."""

    help = "列出一件办件加密留存的答复原文；给出编号、经办人和理由时，把其中一份解密写入新文件，并登记日志。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Case number; what to open, for whom, why, and where to."""
        parser.add_argument("case_no", help="办件号")
        parser.add_argument("--open", type=int, metavar="编号", help="要打开的答复原文")
        parser.add_argument("--by", help="打开人的账号")
        parser.add_argument("--reason", help="理由，至少四个字")
        parser.add_argument("--to", type=Path, metavar="文件", help="写入的新文件，只有本人可读")

    def handle(self, *args: Any, **options: Any) -> None:
        """List, or open one."""
        kept = (
            RawReply.objects.filter(reply__inquiry__case_no=options["case_no"])
            .select_related("reply__inquiry")
            .order_by("pk")
        )
        if options["open"] is not None:
            self._open(kept, options)
            return
        rows = [
            (
                str(raw.pk),
                raw.source,
                localtime(raw.reply.answered_at).isoformat(" ", "seconds"),
                raw.digest[:16],
                "已删除" if raw.sealed is None else "加密留存",
            )
            for raw in kept
        ]
        if not rows:
            raise CommandError(f"办件 {options['case_no']} 没有留存的答复原文；规则集未要求留存的，只有摘要。")
        for line in lines([_HEADINGS, *rows]):
            self.stdout.write(line)

    def _open(self, kept: Any, options: dict[str, Any]) -> None:
        reason = (options["reason"] or "").strip()
        if not options["by"] or options["to"] is None or len(reason) < 4:
            raise CommandError("打开答复原文须写明 --by 账号、--reason 理由（至少四个字）和 --to 新文件。")
        by = find_user(options["by"])
        raw = kept.filter(pk=options["open"]).first()
        if raw is None:
            raise CommandError(f"办件 {options['case_no']} 没有编号为 {options['open']} 的答复原文。")
        try:
            body = raw.body()
        except ConfigurationError as error:
            raise CommandError(f"答复原文不能解密：{error}") from None
        if body is None:
            raise CommandError("这份答复原文已经删除，只有摘要。")
        try:
            file = os.open(options["to"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"不能写入 {options['to']}：{error.strerror}；请另选一个不存在的文件。") from None
        get_logger().warning(
            "raw reply opened",
            row=raw.pk,
            case=raw.reply.inquiry.host_key,
            by=by.get_username(),
            system_user=system_user(),
            reason=reason,
        )
        with os.fdopen(file, "wb") as out:
            out.write(body)
        self.stdout.write(f"已写入 {options['to']}（{len(body)} 字节）；用毕请删除。")
