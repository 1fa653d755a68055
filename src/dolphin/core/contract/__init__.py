"""What the parts say to each other: each name, key and column once."""
