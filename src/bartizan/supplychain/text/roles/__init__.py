"""What an order does, by the roles of its parts: who acts on what, where it goes, and who is not to know."""
