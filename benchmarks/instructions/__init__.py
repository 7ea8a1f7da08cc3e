"""What hot paths cost in instructions, which repeat to a percent where times do not."""
