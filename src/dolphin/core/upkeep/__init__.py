"""What keeps a home small, whole and private, as rules: when a file is closed, which run goes, how much room is enough, what is a password.

Reading order: `segments`, `runs`, `room`, `passwords`.
"""
