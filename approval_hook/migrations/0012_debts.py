from datetime import timedelta

from django.db import migrations, models

#: Calendar days that a debt of an older version gets; about as many as the five working days of a new one.
DAYS = timedelta(days=7)


def set_deadlines(apps, schema_editor):
    debts = apps.get_model("approval_hook", "Recheck")
    for row in debts.objects.using(schema_editor.connection.alias).only("pk", "owed_since").iterator():
        debts.objects.using(schema_editor.connection.alias).filter(pk=row.pk).update(
            due_on=(row.owed_since + DAYS).date()
        )


class Migration(migrations.Migration):
    # On PostgreSQL no column changes in the transaction that filled it.
    atomic = False

    dependencies = [
        ("approval_hook", "0011_reused_answers"),
    ]

    operations = [
        migrations.AddField("recheck", "due_on", models.DateField("补查期限", null=True)),
        migrations.AddField(
            "recheck", "waits_for", models.CharField("未答复的来源", max_length=1000, default=",")
        ),
        migrations.AddField(
            "recheck", "silent", models.CharField("没有答复的来源", max_length=1000, default=",")
        ),
        migrations.AddField("recheck", "forwarded_at", models.DateTimeField("最近提前补查", null=True)),
        migrations.AddField("recheck", "escalated_at", models.DateTimeField("督办时间", null=True)),
        migrations.AddField("recheck", "after_decision", models.BooleanField("决定之后查到", default=False)),
        migrations.AddField("recheck", "handled_by", models.CharField("处理人", max_length=254, blank=True, default="")),
        migrations.AddField("recheck", "handled_at", models.DateTimeField("处理时间", null=True)),
        migrations.AddField("recheck", "handling", models.TextField("处理情况", blank=True, default="")),
        migrations.RunPython(set_deadlines, migrations.RunPython.noop),
        migrations.AlterField("recheck", "due_on", models.DateField("补查期限")),
        migrations.AlterField("recheck", "handled_by", models.CharField("处理人", max_length=254, blank=True)),
        migrations.AlterField("recheck", "handling", models.TextField("处理情况", blank=True)),
        migrations.AddIndex(
            "recheck", models.Index(fields=["due_on", "id"], condition=models.Q(paid_at=None), name="debt_open")
        ),
        migrations.AddIndex(
            "recheck",
            models.Index(
                fields=["id"], condition=models.Q(after_decision=True, handled_at=None), name="debt_found_something"
            ),
        ),
    ]
