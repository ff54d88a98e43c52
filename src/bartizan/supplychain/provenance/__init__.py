"""Records of training runs: from what, how and where a model was made."""
