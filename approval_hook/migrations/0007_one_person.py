"""People of an emergency release are compared in one form of their names, by the database too."""

from django.db import migrations, models
from django.db.models import F, Q


def _lift(apps, schema_editor):
    """They refuse any change of the rows, and are made again after every migration."""
    from approval_hook import triggers

    triggers.remove(schema_editor.connection.alias)


def _fill(apps, schema_editor):
    from approval_hook.people import person_of

    alias = schema_editor.connection.alias
    acts = apps.get_model("approval_hook", "EmergencyAct")._default_manager.using(alias)
    for pk, by in list(acts.values_list("pk", "by")):
        acts.filter(pk=pk).update(person=person_of(by))


class Migration(migrations.Migration):
    dependencies = [("approval_hook", "0006_no_opinion_twice")]
    operations = [
        migrations.RunPython(_lift, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="emergencyact", name="emergency_release_takes_two"),
        migrations.AddField(
            model_name="emergencyact",
            name="person",
            field=models.CharField(default="", max_length=254, verbose_name="本人"),
            preserve_default=False,
        ),
        migrations.RunPython(_fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="emergencyact",
            constraint=models.CheckConstraint(
                name="emergency_release_takes_two",
                condition=Q(kind="asked", request=None, confirmed_by="")
                | Q(kind="confirmed", request__isnull=False) & ~Q(person=F("asked_by"))
                | Q(kind="reviewed", request__isnull=False)
                & ~Q(asked_by=F("confirmed_by"))
                & ~Q(person=F("asked_by"))
                & ~Q(person=F("confirmed_by"))
                & ~Q(confirmed_by=""),
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, _lift),
    ]
