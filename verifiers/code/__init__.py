"""The verdict on a code attempt: hidden tests, run on the agent's source files in a fresh sandbox."""
