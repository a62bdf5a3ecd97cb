"""The panels beside the chat."""
