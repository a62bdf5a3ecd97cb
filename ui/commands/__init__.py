"""The commands of `knowdo`, one module a verb; heavy libraries wait until a command runs."""
