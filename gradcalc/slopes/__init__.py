"""What is too large for every element: slopes in a few directions, each enclosed."""
