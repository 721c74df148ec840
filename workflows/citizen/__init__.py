"""The applicants' pages: where a case stands, a promise to sign, materials to supply."""
