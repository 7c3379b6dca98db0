"""What bus dispatch is advised to do, who said what to it, and what came of it."""
