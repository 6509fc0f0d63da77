"""The real program with real databases: crashes, faults of the network, replicas, start and stop."""
