"""Personal data: who may be known, why and until when; what is hidden, what is forgotten, and who looked."""
