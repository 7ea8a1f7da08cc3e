"""New dataset projects: from the template, from files, from existing databases."""
