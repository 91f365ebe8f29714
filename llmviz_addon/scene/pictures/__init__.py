"""The rendering of stills and films, with settings that are borrowed and given back."""
