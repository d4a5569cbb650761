"""The tour: lessons of autograd as rows, of which the terminal and the page are made."""
