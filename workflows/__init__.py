"""The application: administrative licensing on Viewflow, with the officers' pages."""
