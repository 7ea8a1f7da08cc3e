"""The commands: each parses its words, asks the library, and hands the answer to the output."""
