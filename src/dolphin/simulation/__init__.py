"""Stand-ins for what is outside: the exchange on loopback, named days."""
