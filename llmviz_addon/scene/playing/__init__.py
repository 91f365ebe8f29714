"""The film that plays in a scene: its curves, camera, captions and markers."""
