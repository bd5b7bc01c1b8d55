"""Plug-ins of the test framework, which run in a sandbox's test process and import nothing of ours."""
