"""``manage.py credit_uninstall FLOW``: ends the running gate tasks of a flow before its gate is taken out."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string
from tqdm import tqdm
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook.hosts.viewflow.attending import attend, log_failure
from approval_hook.hosts.viewflow.injection import find_binding
from approval_hook.models import Hold


class Command(BaseCommand):
    """With the flow still in the settings; afterwards it can be taken out without a case waiting at its gate."""

    help = "撤除闸口之前：把停在某流程闸口的办件逐件核查办完，列出仍待核的；全部办完时以 0 退出，可以从 FLOWS 中删除。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The flow, by dotted path as in FLOWS."""
        parser.add_argument("flow", help="流程类的点分路径，与 FLOWS 中的相同")

    def handle(self, *args: Any, **options: Any) -> None:
        """Attend to every gate task, and say what is left."""
        try:
            binding = find_binding(import_string(options["flow"]))
        except ImportError:
            binding = None
        if binding is None:
            raise CommandError(f"{options['flow']} 没有信用核查闸口。")
        tasks = binding.flow_class.task_class._default_manager.filter(
            flow_task__in=binding.gate_refs(), status=STATUS.STARTED, process__status=PROCESS.NEW
        )
        waiting = list(tasks.order_by("pk").values_list("pk", flat=True))
        for task_pk in tqdm(waiting, desc="核查", unit="件", file=self.stderr, disable=None):
            try:
                attend(binding.flow_class, task_pk, force=True)
            except Exception as error:  # noqa: BLE001 - one broken case must not stop the others
                log_failure(binding.flow_class, task_pk, error)
        left = tasks.count()
        self.stdout.write(
            f"{options['flow']}：停在闸口 {len(waiting)} 件，办完 {len(waiting) - left} 件，仍待核 {left} 件"
        )
        if not left:
            self.stdout.write('可以从 APPROVAL_HOOK["FLOWS"] 中删除该流程，然后执行 migrate。')
            return
        held = Hold.objects.filter(flow=binding.flow_ref, node__in=list(binding.gate_nodes), released_at=None)
        for text, number in sorted(Counter(held.values_list("text", flat=True)).items()):
            self.stdout.write(f"  {number} 件：{text}")
        raise CommandError(
            "请先办完待核办件；现在就删除的，migrate 之后由后台不经核查放行，逐件登记并报警。", returncode=1
        )
