"""The vault: texts of events, encrypted one by one, so that each can be erased while the journal stays verifiable."""
