"""The public pages: one a project, and the front door."""
