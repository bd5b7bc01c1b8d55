"""Search questions: typed queries over a knowledge base, proved unique, then put into words."""
