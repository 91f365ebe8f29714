"""What stands in a scene: models, what each was made from, and where it is."""
