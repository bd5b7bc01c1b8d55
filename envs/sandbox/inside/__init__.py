"""What runs inside a sandbox: the supervisor, and the nursery that forks it.

Standard library only, and imports are relative: inside, this folder is a package of its own.
"""
