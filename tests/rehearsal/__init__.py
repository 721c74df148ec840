"""One hour in which the credit platform fails: nothing is lost, nothing passes silently, everything is made up for."""
