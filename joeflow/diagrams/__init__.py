"""Diagrams of workflows: one description of what is drawn, and its writers."""
