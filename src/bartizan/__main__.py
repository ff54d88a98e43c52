"""``python -m bartizan``."""

from bartizan.cli.main import run

if __name__ == "__main__":
    run()
