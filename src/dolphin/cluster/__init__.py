"""Talking to the Hazelcast cluster: the items on the wire, the client, calls, signals, topics, jobs."""
