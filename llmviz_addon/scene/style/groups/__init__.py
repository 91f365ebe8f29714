"""Node groups, one a file, built in code."""
