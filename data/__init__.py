"""Records, storage, sources and exports; imports nothing else of this project."""
