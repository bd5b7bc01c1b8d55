"""What runs in the sandbox of a run, in the process of the tests; it imports nothing of ours."""
