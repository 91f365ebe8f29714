"""What is rendered: stills and films, with settings that are borrowed."""
