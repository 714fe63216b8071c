"""The house: imports point down its floors, to a plainer room, never up and never in a circle.

Every import counts: at the top of a file, inside a function, by name, and for types alone.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib import import_module, metadata
from pathlib import Path

import pytest

import confid
from tests.tables import each_row

ROOT = Path(confid.__file__).parent

FLOORS = (
    {"errors", "lazy"},
    {"powershell", "store"},
    {"host", "ids"},
    {"tenant"},
    {"engine"},
    {"attendant", "mail", "meetings", "roster"},
    {"cmdlets", "ledger"},
    {"command", "rehearsal", "start"},
    {"testing"},
    {""},
)
"""The rooms from the ground up; `""` is the package itself, the names that users import."""

FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

WINGS = {
    "powershell": ("language", "formats", "lines"),
    "store": ("base", "seal", "entries"),
}
"""Inside these rooms the later ones use the earlier ones, never the other way round."""


def name_of(path: Path) -> str:
    """The dotted name of a file, without `confid.`; the package itself is ''."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix("__init__").removesuffix(".")


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


class Imports(ast.NodeVisitor):
    """What a module imports of confid, in whatever way."""

    def __init__(self) -> None:
        self.found: set[str] = set()

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
            self._note(inner if inner.removeprefix("confid.") in MODULES else node.module)

    def visit_Call(self, node: ast.Call) -> None:
        """`import_module("confid.x")`, the import that hides from the others."""
        if ast.unparse(node.func).endswith(("import_module", "__import__")):
            (argument, *_) = node.args
            if isinstance(argument, ast.Constant):
                self._note(str(argument.value))
        self.generic_visit(node)

    def _note(self, module: str) -> None:
        top, _, rest = module.partition(".")
        if top == "confid":
            self.found.add(rest)


@cache
def imports_of(module: str) -> frozenset[str]:
    """The modules of confid that a module imports, without `confid.`."""
    imports = Imports()
    imports.visit(ast.parse(MODULES[module].read_text(encoding="utf-8")))
    return frozenset(imports.found - {module})


def room_of(module: str) -> str:
    """The room in which a module stands."""
    return module.partition(".")[0]


def circle(graph: dict[str, set[str]]) -> set[str]:
    """The members of one circle; none where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return set(error.args[1])
    return set()


def test_the_folders_are_the_house() -> None:
    """A room for each folder and for each file at the root; not one more."""
    found = {path.stem if path.suffix else path.name for path in ROOT.iterdir()}
    assert found - {"__init__", "__pycache__", "py"} == set(FLOOR) - {""}
    assert len(list(ROOT.glob("*.py"))) <= 5
    assert len(FLOORS) <= 10


def test_the_picture_of_the_readme_is_the_house() -> None:
    """One line for each room, the highest floor first, and each says what the room is for."""
    readme = (ROOT.parent / "README.md").read_text(encoding="utf-8")
    picture = readme.partition("```\nconfid/\n")[2].partition("```")[0]
    drawn = re.findall(r"^  (\S+) {2,}(\S.*)$", picture, flags=re.MULTILINE)
    rooms = [name.rstrip("/").removesuffix(".py") for name, _ in drawn if name != "__init__.py"]
    assert set(rooms) == set(FLOOR) - {""}
    assert len(rooms) == len(set(rooms))
    assert [FLOOR[room] for room in rooms] == sorted((FLOOR[r] for r in rooms), reverse=True)
    for name, _ in drawn:
        assert (ROOT / name).is_dir() == name.endswith("/")


@each_row("module", [module for module in MODULES if module])
def test_imports_point_down(module: str) -> None:
    """To a lower floor, or inside the room."""
    room = room_of(module)
    for imported in imports_of(module):
        its_room = room_of(imported)
        assert its_room == room or FLOOR[its_room] < FLOOR[room], (
            f"confid.{module} imports confid.{imported}, which is not below it"
        )


@each_row("module", MODULES)
def test_no_module_is_too_long_to_know(module: str) -> None:
    """450 lines at most."""
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= 450


def test_there_is_no_circle_between_files() -> None:
    """Whatever the kind of import."""
    graph = {module: set(imports_of(module)) for module in MODULES if module}
    assert not circle(graph)


@pytest.mark.parametrize("room", WINGS)
def test_inside_a_room_imports_point_down_too(room: str) -> None:
    """From the later wing to the earlier ones."""
    order = WINGS[room]
    for module in MODULES:
        parts = module.split(".")
        if parts[0] != room or len(parts) < 2 or parts[1] not in order:
            continue
        for imported in imports_of(module):
            wing = imported.split(".")[1] if room_of(imported) == room else parts[1]
            assert order.index(wing) <= order.index(parts[1]), (module, imported)


@pytest.mark.parametrize("family", ["sqlite", "postgres"])
def test_a_family_of_stores_has_the_same_files(family: str) -> None:
    """store, transaction, schema and errors; what else it needs is its own, no other family's."""
    files = {path.stem for path in (ROOT / "store" / family).glob("*.py")}
    assert files >= {"store", "transaction", "schema", "errors"}
    for module in MODULES:
        if module.startswith(f"store.{family}."):
            families = {m.split(".")[1] for m in imports_of(module) if m.count(".") > 1}
            assert families <= {family}


def inside(package: str) -> list[str]:
    """A package and its modules."""
    return [module for module in MODULES if module.split(".")[0] == package]


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("store", {"errors", "lazy", "store"}),
        ("powershell", {"errors", "lazy", "powershell"}),
    ],
)
def test_the_ground_floors_know_nothing_of_conferencing(package: str, allowed: set[str]) -> None:
    """`store/` never imports records, `powershell/` nothing but errors and itself."""
    for module in inside(package):
        for imported in imports_of(module):
            assert imported.split(".")[0] in allowed, (module, imported)


def test_nothing_waits_on_a_simple_queue() -> None:
    """Its `get` with a timeout waits for ever if another takes what woke it, and time is over."""
    assert not [name for name, path in MODULES.items() if "SimpleQueue" in path.read_text("utf-8")]


def test_cmdlets_never_touch_a_store() -> None:
    """No import of a store, and no word to a transaction, in `cmdlets/`."""
    for module in inside("cmdlets"):
        assert not {m for m in imports_of(module) if m.split(".")[0] == "store"}
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


@each_row("package", PACKAGES)
def test_no_module_is_named_like_a_function_that_its_package_exports(package: str) -> None:
    """Importing a `confid/demo.py` would put the module where `confid.demo` has to be."""
    whole = f"confid.{package}".rstrip(".")
    exported = set(getattr(import_module(whole), "__all__", ()))
    inside_it = {m.rpartition(".")[2] for m in MODULES if m and m.rpartition(".")[0] == package}
    public_modules = set(FLOOR) if package == "" else set()
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


def test_the_version_is_that_of_the_distribution() -> None:
    """`confid.__version__`, which the build reads."""
    assert metadata.version("confid") == confid.__version__


def test_every_public_name_is_there() -> None:
    """What `dir(confid)` shows can be had, and a name that is not raises AttributeError."""
    for name in dir(confid):
        assert getattr(confid, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = confid.nothing_of_the_kind  # type: ignore[attr-defined]  # the point
