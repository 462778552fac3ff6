"""The ladder: every way to tell a movement, from one colour to a fine-tuned network, on the same pictures."""
