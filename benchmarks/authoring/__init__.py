"""What building a table costs, against those who do less."""
