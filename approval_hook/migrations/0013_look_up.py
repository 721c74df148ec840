from django.db import migrations

NAME = "approval_hook_listed"
#: One look-up in the mirror. The server plans it once for each session, whoever pools the sessions: planning it for
#: the values each time would take longer than reading the rows. A plan for any value fears that a name is common and
#: would rather read all of them, or the whole list; it must not, because at most ``_most`` are wanted.
FUNCTION = f"""
CREATE FUNCTION {NAME}(_editions bigint[], _numbers bigint[], _names bigint[], _most integer)
RETURNS TABLE (edition bigint, record varchar, number bigint, name bigint, content text)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    RETURN QUERY SELECT edition_id, record_id, number_key, name_key, body FROM approval_hook_mirroredrow
        WHERE edition_id = ANY (_editions) AND number_key = ANY (_numbers) LIMIT _most + cardinality(_editions);
    RETURN QUERY SELECT edition_id, record_id, number_key, name_key, body FROM approval_hook_mirroredrow
        WHERE edition_id = ANY (_editions) AND name_key = ANY (_names) LIMIT _most;
    RETURN QUERY SELECT id, NULL::varchar, NULL::bigint, NULL::bigint, NULL::text FROM approval_hook_mirrorededition
        WHERE active;
END $$
"""


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FUNCTION, params=None)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP FUNCTION {NAME}(bigint[], bigint[], bigint[], integer)")


class Migration(migrations.Migration):

    dependencies = [("approval_hook", "0012_debts")]

    operations = [migrations.RunPython(create, drop)]
