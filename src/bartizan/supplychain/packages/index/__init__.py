"""What indexes say of their packages, from a folder on disk. Nothing is fetched."""
