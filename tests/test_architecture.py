"""The house keeps its floors: imports go downward, and the front door stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "extractor"
FLOORS = [
    {"types", "errors", "problems", "settings", "geometry"},
    {"files", "client", "values", "schemas"},
    {"layout", "tables", "ocr", "decoding"},
    {"readers", "models", "candidates", "grounding", "validation"},
    {"confidence", "classification", "lessons"},
    {"extraction", "splitting", "store", "schema_design"},
    {"jobs", "evaluation", "learning"},
    {"review", "exports"},
    {"ui"},
    {"cli"},
]
FLOOR = {room: n for n, rooms in enumerate(FLOORS) for room in rooms}
OWNERS = {
    "babel": {"values"},
    "cleanco": {"values"},
    "torch": {"models", "decoding"},
    "transformers": {"models", "decoding"},
    "peft": {"models"},
    "llguidance": {"models", "decoding"},
    "gguf": {"models"},
    "pdfplumber": {"readers"},
    "pypdfium2": {"readers"},
    "selectolax": {"readers"},
    "lxml": {"readers"},
    "openpyxl": {"readers"},
    "xlrd": {"readers"},
    "markdown_it": {"readers"},
    "jsonschema": {"schemas"},
    "jsonschema_rs": {"validation"},
    "cel": {"validation"},
    "rich": {"cli"},
    "rapidocr": {"ocr"},
    "onnxruntime": {"ocr"},
    "cv2": {"ocr"},
    "PIL": {"ocr", "readers", "evaluation", "review"},
    "sklearn": {"evaluation"},
    "scipy": {"evaluation"},
    "anls_star": {"evaluation"},
    "jinja2": {"evaluation"},
    "sqlalchemy": {"store"},
    "psycopg": {"store"},
    "rfc8785": {"store"},
    "psutil": {"jobs"},
    "watchfiles": {"jobs"},
    "ray": {"jobs"},
    "xlsxwriter": {"exports"},
    "pyarrow": {"exports"},
    "gradio": {"ui/gradio_app"},
    "fastapi": {"ui"},
    "starlette": {"ui"},
    "uvicorn": {"ui"},
    "argon2": {"ui"},
    "orjson": {"ui"},
    "prometheus_client": {"ui"},
    "mcp": {"cli"},
}
FILES = sorted(ROOT.rglob("*.py"))


def room_of(file: Path) -> str:
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


def is_in(file: Path, rooms: set[str]) -> bool:
    """Decide whether a file belongs to one of the rooms, or to one of the folders inside a room (`ui/gradio_app`)."""
    place = file.relative_to(ROOT).as_posix()
    return any(place == f"{room}.py" or place.startswith(f"{room}/") for room in rooms)


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_imports_go_downward_and_libraries_stay_in_their_room(file):
    room = room_of(file)
    if room == "__init__":
        return
    assert room in FLOOR, f"{room} has no floor: give it one here and in the README"
    for name in imported(file):
        top, *rest = name.split(".")
        if top == "extractor" and rest and rest[0] in FLOOR and rest[0] != room:
            assert FLOOR[rest[0]] < FLOOR[room], f"{room} imports {rest[0]}"
        assert top not in OWNERS or is_in(file, OWNERS[top]), f"{top} belongs in {OWNERS[top]}, not in {room}"


def test_import_extractor_loads_nothing_heavy():
    heavy = ("torch", "transformers", "pdfplumber", "gradio")
    code = f"import sys, extractor, extractor.cli; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("Report\n\nTotal due: 3\n", set()),
        ("name,count,price\npen,3,1.20\npaper,12,4.50\n", set()),
        ("<!doctype html><p>Total due: 3</p>", {"selectolax", "extractor.readers.html_writer"}),
    ],
    ids=["plain text", "delimited text", "HTML"],
)
def test_reading_a_text_loads_nothing_of_other_formats(text, needed, tmp_path):
    """Every format is asked whether a file is in it, and none of them loads what it reads with before it is."""
    (tmp_path / "report").write_text(text)
    others = {"extractor.layout", "extractor.ocr", "extractor.candidates", "extractor.schemas", "extractor.validation"}
    others |= {f"extractor.readers.{name}" for name in ("docx_story", "pdf_page", "page_writer", "html_writer")}
    others |= {"lxml", "numpy", "PIL", "pypdfium2", "openpyxl", "xlrd", "selectolax", "markdown_it", "rich"}
    code = "import sys; from extractor.cli import main; main(['read', sys.argv[1]]); print(*sys.modules)"
    process = [sys.executable, "-c", code, str(tmp_path / "report")]
    out = subprocess.run(process, capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert others & set(out.stdout.split()) == needed


def test_every_name_of_the_front_door_is_there():
    import extractor

    for name in extractor.__all__:
        assert getattr(extractor, name) is not None
