"""Node groups, one in each file, built in code."""
