"""A formula as the text that is printed, read back by the language and held to the gradient."""
