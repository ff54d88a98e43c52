"""The inference process: reads texts with the trained model for all gateway workers, and its clients."""
