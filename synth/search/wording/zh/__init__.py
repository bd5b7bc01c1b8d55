"""Chinese: numbers, phrases, references, sentences, and the words of every relation."""
