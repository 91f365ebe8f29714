"""The models that stand in a scene, the recipe of each, and its place."""
