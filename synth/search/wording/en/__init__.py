"""English: grammar, phrases, references, sentences, and the words of every relation."""
