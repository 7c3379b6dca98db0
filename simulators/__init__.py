"""The outside world: city, devices, faults and scenarios, speaking to the platform over MQTT alone."""
