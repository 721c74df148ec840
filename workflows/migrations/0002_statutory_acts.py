"""Cases of before get their acts from their own timestamps; the runner counts their deadlines on its first pass.

``due_on`` was a field that no page and no command ever wrote; an extension is an act now.
"""

from zoneinfo import ZoneInfo

from django.db import migrations

CHINA = ZoneInfo("Asia/Shanghai")
STAMPS = (
    ("received", "filed_at", None),
    ("accepted", "accepted_at", "accepted_by"),
    ("decided", "decided_at", "decided_by"),
    ("delivered", "delivered_at", None),
    ("withdrawn", "withdrawn_at", None),
)
MODELS = (("foodbusinesscase", "food-business"), ("ridehailingdrivercase", "ride-hailing-driver"))


def write_acts(apps, schema_editor):
    case_model = apps.get_model("approval_hook", "ClockedCase")
    act_model = apps.get_model("approval_hook", "StatutoryAct")
    for name, matter in MODELS:
        rows = apps.get_model("workflows", name).objects.select_related("accepted_by", "decided_by").order_by("pk")
        for row in rows.iterator(chunk_size=500):
            if case_model.objects.filter(case_no=row.case_no).exists():
                continue
            case_model.objects.create(case_no=row.case_no, matter=matter, organ=row.organ)
            acts = []
            for kind, stamp, hand in STAMPS:
                at = getattr(row, stamp)
                if at is None:
                    continue
                user = getattr(row, hand) if hand else None
                by = user.username if user is not None else ""
                acts.append(
                    act_model(
                        case_no=row.case_no,
                        number=len(acts) + 1,
                        matter=matter,
                        organ=row.organ,
                        kind=kind,
                        at=at,
                        on=at.astimezone(CHINA).date(),
                        granted=kind == "decided" and row.decision == "granted",
                        by=by,
                        person=by.casefold(),
                        made_at=at,
                    )
                )
            act_model.objects.bulk_create(acts)


class Migration(migrations.Migration):

    dependencies = [
        ('workflows', '0001_initial'),
        ('approval_hook', '0017_statutory_acts'),
    ]

    operations = [
        migrations.RunPython(write_acts, migrations.RunPython.noop),
        migrations.RemoveField(model_name='foodbusinesscase', name='due_on'),
        migrations.RemoveField(model_name='ridehailingdrivercase', name='due_on'),
    ]
