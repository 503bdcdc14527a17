"""`python -m shipbell` is `shipbell`."""

from shipbell.cli import main

main()
