"""The folder of text that describes a deployment: strict loading, validation, reload."""
