"""`gradcalc repl`: a prompt that remembers inputs, and answers each line by the same commands."""
