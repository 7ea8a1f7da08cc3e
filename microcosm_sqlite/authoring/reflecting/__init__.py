"""What an existing database declares, and what its rows make of that."""
