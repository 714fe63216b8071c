"""People from files: `import_users` takes a roster into the directory, `remove_users` takes out."""

from confid.roster.importing import import_users, remove_users

__all__ = ["import_users", "remove_users"]
