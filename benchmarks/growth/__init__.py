"""How time and memory of each step grow with the number of rows."""
