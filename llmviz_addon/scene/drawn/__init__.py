"""The objects of a model: blocks as cubes, slabs and shapes; words, arrows and strips."""
