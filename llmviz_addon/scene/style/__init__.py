"""What it is made of and how it looks: shared parts, node groups, materials, looks, light."""
