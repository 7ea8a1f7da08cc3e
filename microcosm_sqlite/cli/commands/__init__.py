"""The commands: each parses its arguments, calls the library, and outputs the result."""
