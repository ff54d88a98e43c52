"""Small weak and hardened models on data that is available offline, to learn on and to check the audits with."""
