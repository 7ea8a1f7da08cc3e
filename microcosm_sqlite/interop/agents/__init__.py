"""Datasets for agents: bounded answers, and a server of the Model Context Protocol."""
