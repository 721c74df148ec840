"""Notices that were issued, their prints, and the numbers given out. A notice is never changed and never deleted."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process

from approval_hook.errors import AppendOnlyError
from workflows.fields import EncryptedTextField
from workflows.notices.document import Document, digest_of
from workflows.notices.errors import NoticeTampered


class NoticeNumberSequence(models.Model):
    """The last serial given out to one kind of notice about one matter of one organ in one year."""

    prefix = models.CharField(max_length=32)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prefix", "year"], name="one_sequence_per_prefix_and_year")]

    def __str__(self) -> str:
        return f"{self.prefix}〔{self.year}〕{self.last}号"

    @classmethod
    def next_number(cls, prefix: str, year: int) -> str:
        """Give out the next 文号, e.g. ``穗天市监食许受〔2026〕42号``.

        As with case numbers the row stays locked until the caller's transaction ends: no number twice, and a
        rolled-back notice leaves no gap.
        """
        with transaction.atomic():
            row, _created = cls.objects.get_or_create(prefix=prefix, year=year)
            cls.objects.filter(pk=row.pk).update(last=models.F("last") + 1)
            row.refresh_from_db()
        return str(row)


class _AppendOnly(models.Model):
    """Rows that are written once. The database triggers hold where this code is passed by."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write a new row.

        Raises:
            AppendOnlyError: the row is there already.
        """
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse.

        Raises:
            AppendOnlyError: always.
        """
        raise AppendOnlyError


class Notice(_AppendOnly):
    """One notice as it was issued. Facts and document are sealed; the digest proves that the document is the same."""

    process = models.ForeignKey(Process, on_delete=models.PROTECT, related_name="notices")
    organ = models.CharField(_("出具机关"), max_length=200)
    kind = models.CharField(_("文书种类"), max_length=30)
    number = models.CharField(_("文号"), max_length=64)
    version = models.CharField(_("文本版本"), max_length=40)
    code_digest = models.CharField(max_length=64, help_text="keyed digest of the verification code")
    facts = EncryptedTextField(help_text="JSON of workflows.notices.facts")
    sealed_document = EncryptedTextField(help_text="canonical JSON of workflows.notices.document")
    text_digest = models.CharField(_("文本摘要"), max_length=64, help_text="SHA-256 of the document")
    issued_at = models.DateTimeField(_("出具时间"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", help_text="NULL: by the system"
    )
    supersedes = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by", help_text="the notice it replaces"
    )

    class Meta:
        ordering = ["issued_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="one_notice_per_number"),
            models.UniqueConstraint(fields=["supersedes"], name="one_notice_replaces_another"),
        ]
        verbose_name = verbose_name_plural = _("文书")

    def __str__(self) -> str:
        return self.number

    @property
    def document(self) -> Document:
        """The document as issued.

        Raises:
            NoticeTampered: what is kept is not what was issued.
        """
        document = Document.read(self.sealed_document, self.text_digest)
        if document.number != self.number:
            raise NoticeTampered
        return document

    @property
    def is_superseded(self) -> bool:
        """Whether a later notice replaced it."""
        return Notice.objects.filter(supersedes=self).exists()


class NoticePrint(_AppendOnly):
    """The PDF of a notice: made once, then given out byte by byte the same."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="prints")
    sealed_pdf = EncryptedTextField(help_text="Base64 of the PDF")
    digest = models.CharField(_("PDF 摘要"), max_length=64, help_text="SHA-256 of the PDF")
    printer = models.CharField(max_length=40)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice"], name="one_print_per_notice")]
        verbose_name = verbose_name_plural = _("文书印本")

    def __str__(self) -> str:
        return self.digest

    @property
    def pdf(self) -> bytes:
        """The PDF.

        Raises:
            NoticeTampered: what is kept is not what was made.
        """
        try:
            content = base64.b64decode(self.sealed_pdf, validate=True)
        except binascii.Error:
            raise NoticeTampered from None
        if digest_of(content) != self.digest:
            raise NoticeTampered
        return content
