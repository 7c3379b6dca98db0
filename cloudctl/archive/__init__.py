"""The archiver's own parts: what it takes from the broker and what it says of itself."""
