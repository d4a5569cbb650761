"""A calculation step by step: what is worked out on the way there, and what comes back."""
