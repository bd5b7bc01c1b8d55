"""Tasks from the history of a repository: its fixes, their tests, and the issues that they close."""
