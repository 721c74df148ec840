"""The licensing application, driven through its pages."""
