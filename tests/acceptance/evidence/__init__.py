"""Parts of the acceptance tests that run as programs of their own, and what they share with the tests."""
