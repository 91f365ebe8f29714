"""What plays: the film as curves, camera, captions and markers."""
