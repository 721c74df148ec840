"""What follows a decision of the gate: promises that are kept or broken."""
