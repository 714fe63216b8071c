"""People and whole tenants from files.

`import_users` takes a roster or an export into the directory, `import_tenant` a folder of
exports, `remove_users` takes people out.
"""

from confid.roster.removal import remove_users
from confid.roster.tenant_exports import TenantImport, import_tenant
from confid.roster.users import import_users

__all__ = ["TenantImport", "import_tenant", "import_users", "remove_users"]
