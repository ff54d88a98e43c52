"""What could stop a finding: one file for each kind of control."""
