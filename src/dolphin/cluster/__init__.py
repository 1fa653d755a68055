"""Talking to the Hazelcast cluster: the items on the wire, the client, the jobs, and a member as a child process."""
