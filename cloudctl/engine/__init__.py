"""The engine: what devices say comes in, one traffic picture ten times a second and advice go out."""
