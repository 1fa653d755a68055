"""What people see: the story of a run, the screen, the report, an account in words. One fold, `story`, feeds screen, status and report."""
