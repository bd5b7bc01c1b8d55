"""What is loaded inside, once, before sandboxes are forked; never imported by us.

Sandboxes are sent the source and load each module under its own name, in the order of
`envs.interpreter.service`.
"""
