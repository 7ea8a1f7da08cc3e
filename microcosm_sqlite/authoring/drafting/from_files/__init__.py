"""Models from files of unknown origin."""
