"""Files that are copied into exports and run in a trainer's process.

They import the standard library and the trainer, never this project: what they need of it they ask
of a checkout, over pipes.
"""
