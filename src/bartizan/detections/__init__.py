"""Sigma rules over events: streaming correlation, hunting back in time, conversion for SIEMs."""
