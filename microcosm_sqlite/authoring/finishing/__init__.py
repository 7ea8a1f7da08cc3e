"""From a loaded database to the file and the manifest that are published."""
