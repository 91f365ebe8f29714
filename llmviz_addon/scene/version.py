"""The version that node groups and files are stamped with."""

VERSION = "0.1.0"
