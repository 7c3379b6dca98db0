"""Signal control on the live picture: layouts of the network, recommendations, learned times, estimated states."""
