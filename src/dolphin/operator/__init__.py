"""What an operator may do: the state of the gates, operations on them, their log, the outlook."""
