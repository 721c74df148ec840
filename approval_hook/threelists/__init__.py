"""The three lists as policy staff keep them: one workbook out, one workbook in, the difference, and the draft.

``workbook`` and ``difference`` are pure: no Django, no database. ``drafting`` holds the use cases over drafts.

Source: R-27, R-28 (备忘录措施清单、措施类别清单、应用事项清单); R-04 (every version is kept).
"""
