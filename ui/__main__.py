"""`python -m knowdo.ui` is `knowdo`."""

from knowdo.ui.cli import main

main()
