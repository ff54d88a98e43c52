"""A ferry line whose build machine installs what lock files say, out of indexes that are only simulated."""
