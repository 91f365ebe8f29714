"""The style of a scene: parts that its models share, node groups, materials, looks and light."""
