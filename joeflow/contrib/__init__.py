"""Bridges to packages that a project may use beside joeflow."""
