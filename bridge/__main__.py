"""``python -m bridge`` is ``retailops-bridge``."""

from bridge.cli import main

main()
