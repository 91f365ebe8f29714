"""Words as meshes: outlines of Blender's fonts, the order in which they stand, and their places."""
