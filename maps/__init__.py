"""The road: everything the platform knows that does not move."""
