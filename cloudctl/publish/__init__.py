"""What leaves the platform: live frames and advisories on the wire."""
