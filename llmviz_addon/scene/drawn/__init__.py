"""What is drawn: blocks as cubes, slabs and shapes, words, arrows and strips."""
