"""One file for each format: each has a class with the decorator ``scanner``, which the registry finds by itself."""
