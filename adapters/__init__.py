"""Ask one credit platform each and answer in the terms of ``approval_hook``. No Django."""
