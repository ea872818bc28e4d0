"""What a paper calls a method, as functions on tables and arrays."""
