"""The porous bureau: a travel bureau's assistant with weaknesses at every entry point, and its fixed twin."""
