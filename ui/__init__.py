"""How KnowDo looks: the page and the command line."""
