"""Trains what understands a message; nothing here is used at run time."""
