from django.db import migrations, models


def doubt_empty_lists(apps, schema_editor):
    """A list without rows that nobody confirmed is no clean answer: its edition is as one that was refused."""
    apps.get_model("approval_hook", "MirroredEdition").objects.filter(active=True, rows=0).update(
        active=False, state="refused", reason="shrunken", rows_in=0
    )


class Migration(migrations.Migration):

    dependencies = [
        ('approval_hook', '0014_raw_replies'),
    ]

    operations = [
        migrations.AddField(
            model_name='mirrorededition',
            name='announced',
            field=models.CharField(blank=True, max_length=64, verbose_name='公布的摘要'),
        ),
        migrations.AddField(
            model_name='mirrorededition',
            name='accepted_as',
            field=models.CharField(blank=True, max_length=200, verbose_name='系统用户'),
        ),
        migrations.AddField(
            model_name='mirrorededition',
            name='accepted_because',
            field=models.CharField(blank=True, max_length=500, verbose_name='确认理由'),
        ),
        migrations.AddField(
            model_name='mirrorededition',
            name='accepted_by',
            field=models.CharField(blank=True, max_length=150, verbose_name='确认账号'),
        ),
        migrations.RunPython(doubt_empty_lists, migrations.RunPython.noop),
    ]
