"""The verdict on attempts at general tasks."""
