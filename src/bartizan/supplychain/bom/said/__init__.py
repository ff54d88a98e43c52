"""What people say in the workspace: the system's description, policy, the register of artefacts, lock files."""
