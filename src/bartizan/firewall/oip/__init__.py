"""The Open Inference Protocol v2: tensors in, tensors out, as JSON or with the binary tensor extension."""
