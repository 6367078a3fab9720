"""`python -m ostinato`: the command line, for where its script is not on PATH."""

from __future__ import annotations

from ostinato.cli.main import main

if __name__ == "__main__":
    main()
