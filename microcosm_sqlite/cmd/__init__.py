"""Entry points for an application's own commands, as in 2.0.0."""
