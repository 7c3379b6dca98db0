"""The register of devices: who may send, how each writes, what was sent down to it and what became of that.

The database holds it; each record is also published retained on `V2X/CLOUD/REGISTER/{id}`, so that the engine knows it
after a restart without a database.
"""
