"""What the platform tells others in formats that are not its own."""
