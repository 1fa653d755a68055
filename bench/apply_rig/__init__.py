"""What `bench apply` runs inside a member."""
