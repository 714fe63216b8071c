"""The house: imports point down its floors, sideways only to a plainer thing, never up."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import confid

ROOT = Path(confid.__file__).parent

# From the ground up; on a floor the plainer ones first. `x.*` is a package with its modules.
FLOORS = [
    ["errors"],
    ["powershell.*"],
    ["store.*"],
    ["conference_id", "phone_number", "languages", "mail_address", "host", "records", "results"],
    [
        "parameters",
        "preferences",
        "migration",
        "directory",
        "notices",
        "ldap_filter",
        "seal",
        "policies",
        "setup",
        "witness",
        "issuing",
        "numbering",
        "person",
        "network",
        "granting",
        "pin_pads",
        "migration_queue",
        "tenant",
    ],
    ["session"],
    [
        "job",
        "progress",
        "binding",
        "manners",
        "settings_rules",
        "running",
        "calling",
        "command",
        "text_binding",
        "line",
    ],
    [
        "help.*",
        "bridges",
        "invitations",
        "migrating",
        "meetings",
        "ledger.*",
        "audit",
        "attendant.*",
        "mail.*",
        "roster.*",
        "moving",
        "restoring",
    ],
    ["cmdlets.*"],
    ["start"],
    [""],
    ["testing.*"],
]
BY_NAME = {("session", "cmdlets"), ("command", "cmdlets")}
"""Looked up by name when they are asked for, since they stand above: each says so where it is."""


def place(module: str) -> tuple[int, int, str]:
    """Floor, place on it, and package of a module, named without `confid.`."""
    for floor, modules in enumerate(FLOORS):
        for at, pattern in enumerate(modules):
            stem = pattern.removesuffix("*").removesuffix(".")
            whole = pattern.endswith("*") and module.startswith(stem)
            if module == stem or whole:
                return floor, at, stem if whole or pattern.endswith(".*") else module
    raise LookupError(f"confid/{module} stands on no floor; say in FLOORS on which.")


def name_of(path: Path) -> str:
    """The dotted name of a file, without `confid.`; the package itself is ''."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix("__init__").removesuffix(".")


def is_module(name: str) -> bool:
    """Whether there is such a module of confid."""
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


class Imports(ast.NodeVisitor):
    """What a module imports of confid at run time, at its top or in a function."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.by_name: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        """What only the type checker sees is no import."""
        if "TYPE_CHECKING" in ast.dump(node.test):
            for other in node.orelse:
                self.visit(other)
        else:
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        """`import confid.x`."""
        for alias in node.names:
            self._note(alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from confid.x import y`, where y may be a module too."""
        assert node.level == 0
        assert node.module is not None
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            inside = node.module.split(".")[0] == "confid" and is_module(inner[len("confid.") :])
            self._note(inner if inside else node.module)

    def visit_Call(self, node: ast.Call) -> None:
        """`import_module("confid.x")`, the import that hides from the others."""
        if ast.unparse(node.func).endswith(("import_module", "__import__")):
            (argument, *_) = node.args
            if isinstance(argument, ast.Constant):
                self.by_name.add(str(argument.value).removeprefix("confid."))
        self.generic_visit(node)

    def _note(self, module: str) -> None:
        top, _, rest = module.partition(".")
        if top == "confid":
            self.found.add(rest)


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def imports_of(module: str) -> Imports:
    """The imports of a module."""
    imports = Imports()
    imports.visit(ast.parse(MODULES[module].read_text(encoding="utf-8")))
    return imports


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    """Down the floors, or sideways to a plainer thing; a package's modules may use each other."""
    floor, at, package = place(module)
    for imported in imports_of(module).found:
        its_floor, its_place, its_package = place(imported)
        same = its_package == package and its_package != imported
        assert (its_floor, its_place) < (floor, at) or same or module == "", (
            f"{module or 'confid'} imports {imported}, which is no plainer thing"
        )
    hidden = {(module, name) for name in imports_of(module).by_name}
    assert hidden <= BY_NAME


def test_every_floor_is_lived_on() -> None:
    """FLOORS names nothing that is gone."""
    for modules in FLOORS:
        for pattern in modules:
            stem = pattern.removesuffix("*").removesuffix(".")
            assert any(m == stem or m.startswith(stem) for m in MODULES), pattern


def inside(package: str) -> list[str]:
    """A package and its modules."""
    return [module for module in MODULES if module.split(".")[0] == package]


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("store", {"errors", "store"}),
        ("powershell", {"errors", "powershell"}),
    ],
)
def test_the_ground_floors_know_nothing_of_conferencing(package: str, allowed: set[str]) -> None:
    """`store/` never imports records, `powershell/` nothing but errors and itself."""
    for module in inside(package):
        for imported in imports_of(module).found:
            assert imported.split(".")[0] in allowed, (module, imported)


def test_cmdlets_never_touch_a_store() -> None:
    """No import of a store, and no word to a transaction, in `cmdlets/`."""
    for module in inside("cmdlets"):
        assert not {m for m in imports_of(module).found if m.split(".")[0] == "store"}
        tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
        words = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not words & {"transaction", "store", "_store", "_transaction"}, module


def test_a_star_import_gives_just_the_cmdlets() -> None:
    """`from confid.cmdlets import *` is the cmdlets, all of them and nothing else."""
    names: dict[str, object] = {}
    exec("from confid.cmdlets import *", names)  # noqa: S102 - the point
    del names["__builtins__"]
    assert set(names.values()) == {info.function for info in confid.get_command()}


PACKAGES = [module for module, path in MODULES.items() if path.name == "__init__.py"]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_named_like_a_function_that_its_package_exports(package: str) -> None:
    """Importing a `confid/demo.py` would put the module where `confid.demo` has to be."""
    exported = set(getattr(import_module(f"confid.{package}".rstrip(".")), "__all__", ()))
    inside_it = {m.rpartition(".")[2] for m in MODULES if m and m.rpartition(".")[0] == package}
    public_modules = set(confid._MODULES) if package == "" else set()
    assert exported & inside_it <= public_modules


@pytest.mark.parametrize(
    "heavy",
    [
        "attr",
        "cattrs",
        "phonenumbers",
        "email_validator",
        "sqlite3",
        "psycopg",
        "pandas",
        "asyncio",
    ],
)
def test_import_confid_is_light(heavy: str) -> None:
    """`import confid` alone imports none of what costs time."""
    code = f"import sys, confid; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_name_is_there() -> None:
    """What `dir(confid)` shows can be had, and a name that is not raises AttributeError."""
    for name in dir(confid):
        assert getattr(confid, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = confid.nothing_of_the_kind
