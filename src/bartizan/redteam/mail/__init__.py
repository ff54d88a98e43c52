"""A mailbox that means harm: the campaign's own mail server, read by an agent over IMAP or POP3."""
