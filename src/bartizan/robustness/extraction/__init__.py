"""Model extraction: copies of a model from its answers, the queries that thieves send, and marks of ownership."""
