"""Triggers are made after every migration; on the way back they must go before the tables do."""

from django.db import migrations


def _nothing(apps, schema_editor):
    """Forward: ``approval_hook.triggers`` installs them after migrating."""


def _lift(apps, schema_editor):
    from approval_hook import triggers

    triggers.remove(schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("approval_hook", "0001_initial")]
    operations = [migrations.RunPython(_nothing, _lift)]
