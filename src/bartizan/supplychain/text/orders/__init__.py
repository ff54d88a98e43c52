"""Orders that no instruction file has an honest reason to give, by what they are after."""
