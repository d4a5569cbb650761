"""What a primitive is to its user: where it is defined and smooth, its derivative, an example."""
