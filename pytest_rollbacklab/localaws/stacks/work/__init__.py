"""What an operation does to a stack, in which order, and how it goes back."""
