"""Notices (文书): what an organ gives in writing, numbered, as page and as PDF, and how anybody verifies one.

``catalogue`` reads the dated templates, ``facts`` says what each kind needs, ``wording`` makes the document, ``fonts``
knows what can be printed, ``pdf`` prints, ``issuing`` numbers and keeps, ``verifying`` tells whether a paper is
genuine.
"""
