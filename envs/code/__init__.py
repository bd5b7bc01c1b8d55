"""Code: a repository in a sandbox, with a shell and an editor; its hidden tests stay outside."""
