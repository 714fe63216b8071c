"""People and whole tenants from files.

`import_users` takes a roster or an export into the directory, `import_tenant` a folder of
exports, `remove_users` takes people out.
"""

from confid.roster.importing import import_users, remove_users
from confid.roster.tenants import TenantImport, import_tenant

__all__ = ["TenantImport", "import_tenant", "import_users", "remove_users"]
