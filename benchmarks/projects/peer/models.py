"""viewflow brings its own tables."""
