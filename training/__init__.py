"""What trains the learned tier: data, generators, encoder, calibration. Not part of the wheel."""
