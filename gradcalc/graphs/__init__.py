"""The graph of a calculation: what is made of what, with what comes back along its edges."""
