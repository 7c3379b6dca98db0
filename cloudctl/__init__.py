"""The platform: decides, publishes, stores and serves."""
