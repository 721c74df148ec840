"""The groups of officers and of policy staff, and what each may do.

The split follows the separation of duties of a licensing organ: who accepts
does not decide, and who drafts a rule does not publish it. Permissions of officers are named ``<step>_<model>``, one
per flow node; those of policy staff belong to the credit check.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

#: Window officers: file, accept, review, deliver, take a withdrawal.
CLERKS = "窗口经办"
#: Heads who decide.
DECIDERS = "审批负责人"
#: Managers who undo, cancel and revive tasks; they neither accept nor decide.
MANAGERS = "管理"
#: Policy staff who draft rule sets.
RULE_AUTHORS = "规则起草"
#: Policy staff who publish what somebody else drafted.
RULE_PUBLISHERS = "规则发布"

CASE_MODELS = ("foodbusinesscase", "ridehailingdrivercase")

STEPS_BY_GROUP = {
    CLERKS: ("view", "file", "accept", "review", "deliver", "withdraw"),
    DECIDERS: ("view", "decide"),
    MANAGERS: ("view", "manage"),
    RULE_AUTHORS: (),
    RULE_PUBLISHERS: (),
}

#: Permissions of other applications, given once that application is installed.
GUEST_PERMISSIONS = {
    DECIDERS: (
        ("approval_hook", "settle_decision"),
        ("approval_hook", "ask_emergency_release"),
        ("approval_hook", "confirm_emergency_release"),
        ("approval_hook", "review_emergency_release"),
    ),
    MANAGERS: (("approval_hook", "review_emergency_release"),),
    RULE_AUTHORS: (("approval_hook", "author_rules"),),
    RULE_PUBLISHERS: (("approval_hook", "publish_rules"),),
}


def ensure_groups(**_signal: Any) -> None:
    """Create the groups and set exactly the permissions named above on them.

    Runs after the migration of every application, because the permissions of a guest
    application exist only after its own.
    """
    from django.contrib.auth.models import Group, Permission

    for group_name, steps in STEPS_BY_GROUP.items():
        group, _ = Group.objects.get_or_create(name=group_name)
        codenames = [f"{step}_{model}" for step in steps for model in CASE_MODELS]
        wanted = Q(content_type__app_label="workflows", codename__in=codenames)
        for app_label, codename in GUEST_PERMISSIONS.get(group_name, ()):
            wanted |= Q(content_type__app_label=app_label, codename=codename)
        group.permissions.set(Permission.objects.filter(wanted))
