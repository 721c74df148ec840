"""The policy desk: pages on which policy staff read, compare, draft and publish rule sets."""
