"""This machine: child processes, the member, what is built once, the home, tasks."""
