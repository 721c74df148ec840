"""Signals of the credit gate."""

from __future__ import annotations

from django.dispatch import Signal

#: A deadline came to a grade. Arguments: ``reminder``, a ``models.Reminder`` that was just written. Sent inside the
#: transaction of the sweep, so that what a receiver writes stands or falls with the reminder; a receiver that raises
#: takes back that one reminder, which is tried again.
deadline_reached = Signal()

#: A promise came to a grade. Arguments: ``reminder``, a ``models.PromiseReminder`` that was just written. As above.
promise_reached = Signal()
