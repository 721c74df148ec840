"""Template filters of the policy desk."""
